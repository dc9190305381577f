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

// stormy are the planted bugs that random faults expose soon, and how to read then.
var stormy = map[string]string{"holes-without-phase1": "confirm"}

func TestStormsExposeBugs(t *testing.T) {
	for _, b := range fixedBugs {
		bug, reads := b.Name, stormy[b.Name]
		if reads == "" {
			reads = "confirm"
		}
		found := 0
		const most = 200
		var first []string
		seed := uint64(0)
		for ; seed < seeds(most) && (found == 0 || os.Getenv("SUNDER_SEEDS") != ""); seed++ {
			if _, wrong := storm(seed, reads, bug, 3, 5); len(wrong) > 0 {
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

var _ = slices.Contains[[]string]
var _ = strings.Contains
