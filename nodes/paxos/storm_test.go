package paxos

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

func storm(seed uint64, bug string, sizes ...int) (nodestest.Setup, []string) {
	setup := nodestest.Setup{Nodes: sizes[seed%uint64(len(sizes))], Seed: seed, Bug: bug,
		Loss: []float64{0.05, 0}[seed/4%2], Twice: []float64{0, 0.5}[seed/2%2], Codec: seed%16 == 0}
	c := nodestest.NewCluster(Protocol(), setup)
	c.Blow(nodestest.AllFaults(), 2*time.Second)
	return setup, c.Judge()
}

func TestTheCorrectProtocolIsNeverBlamed(t *testing.T) {
	for seed := range seeds(40) {
		if setup, wrong := storm(seed, "", 3, 5, 1, 4, 7); len(wrong) > 0 {
			t.Fatalf("%+v: %s", setup, wrong)
		}
	}
}

// stormy are the planted bugs that random faults expose soon.
var stormy = []string{"ignores-accepted", "promise-omits-accepted", "promise-not-persisted",
	"accepted-not-persisted", "ballot-without-node", "learns-from-one", "accept-keeps-promise",
	"quorum-half", "ack-before-fsync", "promises-lower", "accepts-below-promise", "answers-count-twice",
	"no-phase-1", "counts-itself-unsynced", "applies-past-gap", "any-decision-is-mine",
	"stale-read", "no-session-dedupe", "name-unsynced", "crc-unchecked", "torn-tail-kept"}

func TestStormsExposeBugs(t *testing.T) {
	for _, bug := range stormy {
		found := 0
		const most = 100
		var first []string
		seed := uint64(0)
		for ; seed < seeds(most) && (found == 0 || os.Getenv("SUNDER_SEEDS") != ""); seed++ {
			if _, wrong := storm(seed, bug, 3, 5); len(wrong) > 0 {
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

// TestEveryBugIsExposedSomewhere keeps the list of planted bugs honest: each is found by a storm or
// by a script of its name, which is silent without it, or by TestACommandIsDoneOnce.
func TestEveryBugIsExposedSomewhere(t *testing.T) {
	exposed := append([]string{"proposes-twice"}, stormy...)
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
