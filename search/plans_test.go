package search_test

import (
	"strings"
	"testing"

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
