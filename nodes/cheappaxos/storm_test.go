package cheappaxos

import (
	"os"
	"slices"
	"strconv"
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

// storm blows for so long, and with so few faults, that mains are removed and come back.
func storm(seed uint64, reads, bug string, sizes ...int) (nodestest.Setup, []string, int) {
	setup := nodestest.Setup{Nodes: sizes[seed%uint64(len(sizes))], Seed: seed, Bug: bug,
		Options: map[string]string{"reads": reads, "snapshot": []string{"64", "off"}[seed%2],
			"window": []string{"8", "128"}[seed/2%2]},
		Loss: []float64{0.05, 0}[seed/4%2], Twice: []float64{0.05, 0}[seed/8%2], Codec: seed%16 == 0}
	c := nodestest.NewCluster(Protocol(), setup)
	s := nodestest.AllFaults()
	s.Every = 300 * time.Millisecond
	c.Blow(s, 6*time.Second)
	return setup, c.Judge(), len(configurations(c))
}

func TestTheCorrectProtocolIsNeverBlamed(t *testing.T) {
	changes := 0
	for _, reads := range []string{"confirm", "quorum", "log", "lease"} {
		for seed := range seeds(12) {
			setup, wrong, n := storm(seed, reads, "", 3, 5, 4, 1)
			if len(wrong) > 0 {
				t.Fatalf("%+v: %.500s", setup, wrong)
			}
			changes += n
		}
	}
	if changes < int(seeds(12)) {
		t.Errorf("the configuration changed only %d times", changes)
	}
}

// stormy are the planted bugs that random faults expose soon.
var stormy = []string{"mains-only", "auxiliary-forgets", "removed-main-serves"}

func TestStormsExposeBugs(t *testing.T) {
	for _, bug := range stormy {
		found := 0
		const most = 100
		seed := uint64(0)
		for ; seed < seeds(most) && (found == 0 || os.Getenv("SUNDER_SEEDS") != ""); seed++ {
			if _, wrong, _ := storm(seed, "confirm", bug, 3, 5); len(wrong) > 0 {
				found++
				t.Logf("%s: seed %d: %.120s", bug, seed, wrong[0])
			}
		}
		if found == 0 {
			t.Errorf("%s was not found in %d runs", bug, seed)
		}
	}
}

// TestEveryBugIsExposedSomewhere keeps the list of planted bugs honest: each is found by a storm, or
// by a test that names it.
func TestEveryBugIsExposedSomewhere(t *testing.T) {
	exposed := append([]string{
		"auxiliaries-never-idle", "no-hysteresis", // cost_test.go
		"window-ignored", "forgets-early", // churn_test.go
		"new-unprepared", "surveys-old-mains", // multipaxos/reconfigure_test.go
	}, stormy...)
	for _, b := range Protocol().Bugs {
		if !slices.Contains(exposed, b.Name) {
			t.Errorf("nothing exposes the planted bug %s", b.Name)
		}
	}
}
