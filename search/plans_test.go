package search_test

import (
	"strings"
	"testing"

	"sunder/harness/plan"
	"sunder/nodes/multipaxos"
	"sunder/nodes/raft"
	"sunder/search"
)

// TestSituations: what plans have to bring about for these bugs to show, they bring about soon: a
// request that is never answered, a leader that goes on where it was stopped, a snapshot in several
// messages.
func TestSituations(t *testing.T) {
	if testing.Short() {
		t.Skip("it searches some thousand seeds")
	}
	for _, c := range []struct {
		bug, class, words string
		seeds             int
	}{
		{"", "", "", 300},
		{"inquiry-waits-for-ever", "liveness", "has not answered the read", 20},
		{"read-counts-earlier-round", "stale-read", "", 1500},
		{"chunk-appended-twice", "liveness", "", 600},
	} {
		plans := search.Prey{Protocol: raft.Protocol(), Bug: c.bug}.Plan
		found, err := search.Hunt(t.Context(), plans, 1, search.Budget{Seeds: c.seeds, Class: c.class,
			Workers: 2})
		if err != nil {
			t.Fatal(err)
		}
		if found.Found != (c.bug != "") || !strings.Contains(found.Outcome.Result.Reason, c.words) {
			t.Errorf("bug %q: found %v after %d seeds: %s", c.bug, found.Found, found.Seeds,
				found.Outcome.Result.Reason)
		}
		t.Logf("bug %q: %d seeds", c.bug, found.Seeds)
	}
}

// What one reign leaves to another finds two mistakes that nothing else found in 40 s each, and
// blames nobody without them.
func TestReigns(t *testing.T) {
	for _, bug := range []string{"", "stale-accepted", "leads-overtaken"} {
		q := search.Prey{Protocol: multipaxos.Protocol(), Bug: bug}
		reigns := func(seed uint64) (plan.Plan, error) { return q.Plan(8*seed + 3) }
		got, err := search.Hunt(t.Context(), reigns, 1, search.Budget{Seeds: 60})
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("bug %q: %d seeds", bug, got.Seeds)
		if got.Found != (bug != "") {
			t.Errorf("bug %q: found %v in %d seeds: %s", bug, got.Found, got.Seeds,
				got.Outcome.Result.Reason)
		}
	}
}
