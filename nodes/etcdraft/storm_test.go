package etcdraft

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"sunder/nodes/nodestest"
)

// seeds is how many runs a storm test makes; SUNDER_SEEDS asks for another number.
func seeds(usual int) uint64 {
	if n, err := strconv.Atoi(os.Getenv("SUNDER_SEEDS")); err == nil {
		return uint64(n)
	}
	return uint64(usual)
}

func storm(seed uint64, reads, storage, bug string, sizes ...int) (nodestest.Setup, []string) {
	setup := nodestest.Setup{Nodes: sizes[seed%uint64(len(sizes))], Seed: seed, Bug: bug,
		Options: map[string]string{"reads": reads, "storage": storage,
			"snapshot": []string{"64", "off"}[seed%2]},
		Loss: []float64{0.05, 0}[seed/4%2], Twice: []float64{0.05, 0}[seed/8%2], Codec: seed%16 == 0}
	c := nodestest.NewCluster(Protocol(), setup)
	c.Blow(nodestest.AllFaults(), 3*time.Second)
	return setup, c.Judge()
}

func TestTheCorrectEmbeddingIsNeverBlamed(t *testing.T) {
	for _, reads := range []string{"readindex", "log"} {
		for _, storage := range []string{"inline", "async"} {
			for seed := range seeds(12) {
				if setup, wrong := storm(seed, reads, storage, "", 3, 5, 1, 4); len(wrong) > 0 {
					t.Fatalf("%+v: %s", setup, wrong)
				}
			}
		}
	}
}

// TestTheLeaseIsNone shows what etcd-io/raft issue 166 asks about: a leader that is cut off goes
// on for up to two election timeouts, and the others wait for one. Its lease reads are stale under
// partitions alone, with perfect clocks. If this test fails, the library has mended it.
func TestTheLeaseIsNone(t *testing.T) {
	for seed := range seeds(60) {
		c := nodestest.NewCluster(Protocol(), nodestest.Setup{Nodes: 3, Seed: seed,
			Options: map[string]string{"reads": "lease"}})
		c.Blow(nodestest.Storm{Alone: 3, Heal: 1, Every: 200 * time.Millisecond}, 4*time.Second)
		for _, wrong := range c.Judge() {
			if !strings.Contains(wrong, "replaced at") {
				t.Fatalf("seed %d: %s", seed, wrong)
			}
			t.Logf("seed %d: %s", seed, wrong)
			return
		}
	}
	t.Error("no stale read: is the lease one after all?")
}

// stormy are the planted bugs that random faults expose soon.
var stormy = []string{"mustsync-ignored", "hardstate-not-restored", "confstate-not-restored",
	"applied-twice-after-restart", "dropped-proposal-acked", "send-before-durable"}

func TestStormsExposeBugs(t *testing.T) {
	for _, bug := range stormy {
		for _, storage := range []string{"inline", "async"} {
			found, seed := 0, uint64(0)
			var first []string
			for ; seed < seeds(200) && (found == 0 || os.Getenv("SUNDER_SEEDS") != ""); seed++ {
				if _, wrong := storm(seed, "readindex", storage, bug, 3, 5); len(wrong) > 0 {
					found++
					if first == nil {
						first = wrong
					}
				}
			}
			if found == 0 {
				t.Errorf("%s was not found in %d runs, storage %s", bug, seed, storage)
				continue
			}
			t.Logf("%s, %s: %d of %d runs: %.160s", bug, storage, found, seed, first[0])
		}
	}
}

// TestEveryBugIsExposedSomewhere keeps the list of planted bugs honest.
func TestEveryBugIsExposedSomewhere(t *testing.T) {
	for _, b := range Protocol().Bugs {
		script, err := os.ReadFile("testdata/bugs/" + b.Name + ".txt")
		shown := err == nil && strings.Contains(string(script), "bug="+b.Name) &&
			strings.Contains(string(script), "WRONG: ") &&
			strings.Contains(string(script), "nothing is wrong")
		if !shown && !slices.Contains(stormy, b.Name) {
			t.Errorf("nothing exposes the planted bug %s", b.Name)
		}
	}
}
