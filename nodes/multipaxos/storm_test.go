package multipaxos

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

func storm(seed uint64, reads, bug string, sizes ...int) (nodestest.Setup, []string) {
	setup := nodestest.Setup{Nodes: sizes[seed%uint64(len(sizes))], Seed: seed, Bug: bug,
		Options: map[string]string{"reads": reads, "snapshot": []string{"64", "off"}[seed%2],
			"window": []string{"128", "8"}[seed/2%2]},
		Loss: []float64{0.05, 0}[seed/4%2], Twice: []float64{0.05, 0}[seed/8%2], Codec: seed%16 == 0}
	c := nodestest.NewCluster(Protocol(), setup)
	c.Blow(nodestest.AllFaults(), 3*time.Second)
	return setup, c.Judge()
}

func TestTheCorrectProtocolIsNeverBlamed(t *testing.T) {
	for _, reads := range []string{"confirm", "quorum", "log", "lease"} {
		for seed := range seeds(20) {
			if setup, wrong := storm(seed, reads, "", 3, 5, 1, 4); len(wrong) > 0 {
				t.Fatalf("%+v: %s", setup, wrong)
			}
		}
	}
}

// stormy are the planted bugs that random faults expose soon.
var stormy = []string{"holes-without-phase1", "promise-above-commit", "executes-past-hole",
	"keeps-ballot", "stale-read", "lost-ack", "quorum-half", "promise-omits-accepted",
	"commit-any-ballot", "ack-before-fsync", "surveys-itself", "surveys-decided-only",
	"no-session-dedupe", "crc-unchecked", "snapshot-unsynced", "snapshot-forgets-accepted"}

func TestStormsExposeBugs(t *testing.T) {
	for _, bug := range stormy {
		found := 0
		const most = 200
		var first []string
		seed := uint64(0)
		for ; seed < seeds(most) && (found == 0 || os.Getenv("SUNDER_SEEDS") != ""); seed++ {
			if _, wrong := storm(seed, "confirm", bug, 3, 5); len(wrong) > 0 {
				found++
				if first == nil {
					first = wrong
				}
			}
		}
		if found == 0 {
			t.Errorf("%s was not found in %d runs", bug, seed)
			continue
		}
		t.Logf("%s: %d of %d runs: %.120s", bug, found, seed, first[0])
	}
}

// TestEveryBugIsExposedSomewhere keeps the list of planted bugs honest: each is found by a storm, by
// a script of its name, or by a test of its own.
func TestEveryBugIsExposedSomewhere(t *testing.T) {
	exposed := append([]string{"lease-no-margin", "restart-promises-in-lease", "torn-tail-kept"},
		stormy...)
	scripts, err := os.ReadDir("testdata/bugs")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range scripts {
		text, err := os.ReadFile("testdata/bugs/" + s.Name())
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(s.Name(), ".txt")
		if !strings.Contains(string(text), "bug="+name) || !strings.Contains(string(text), "WRONG: ") ||
			!strings.Contains(string(text), "nothing is wrong") {
			t.Errorf("script %s does not show its bug", s.Name())
		}
		exposed = append(exposed, name)
	}
	for _, b := range Protocol().Bugs {
		if !slices.Contains(exposed, b.Name) {
			t.Errorf("nothing exposes the planted bug %s", b.Name)
		}
	}
}

// TestATornTailIsCut lets the power go again and again, for one node and for all.
func TestATornTailIsCut(t *testing.T) {
	for _, bug := range []string{"", "torn-tail-kept"} {
		blamed := 0
		for seed := uint64(0); seed < 40 && (blamed == 0 || bug == ""); seed++ {
			c := nodestest.NewCluster(Protocol(), nodestest.Setup{Nodes: 3, Seed: seed, Bug: bug,
				Options: map[string]string{"snapshot": "off"}})
			c.Blow(nodestest.Storm{Power: 3, Dark: 1}, 2*time.Second)
			if len(c.Judge()) > 0 {
				blamed++
			}
		}
		if blamed > 0 != (bug != "") {
			t.Errorf("bug %q: %d runs were blamed", bug, blamed)
		}
	}
}
