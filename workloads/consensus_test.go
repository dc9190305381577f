package workloads_test

import (
	"fmt"
	"testing"
	"time"

	"sunder/harness/history"
	"sunder/harness/scheduler"
	"sunder/harness/scheduler/schedulertest"
	"sunder/nodes"
	"sunder/workloads"
)

// TestDuels: the first operations on each decree begin at one instant, by clients at different
// nodes, and no value is proposed twice.
func TestDuels(t *testing.T) {
	for _, sessions := range []bool{false, true} {
		o := options(9)
		o.Sessions, o.Rate = sessions, 300
		w := workloads.Consensus()
		proposed := map[history.Value]bool{}
		first := map[string]time.Duration{}
		at := map[string]map[nodes.ID]bool{} // nodes that are asked at that instant
		for _, e := range schedulertest.Simulate(scheduler.Options{Threads: 9, Seed: 1, Main: w.Main(o)},
			schedulertest.AllOK(5*time.Millisecond)) {
			if e.Kind != history.Invoke || e.Process == history.Nemesis {
				continue
			}
			if e.F == "propose" {
				if proposed[e.Value] {
					t.Fatalf("event %d proposes %s again", e.Index, e.Value)
				}
				proposed[e.Value] = true
			}
			begun, known := first[e.Key]
			if !known {
				first[e.Key], begun = e.Time, e.Time
				at[e.Key] = map[nodes.ID]bool{}
			}
			if e.Time == begun {
				c, asked := w.Client(o, e.Process), &where{}
				_, _ = c.Invoke(asked, e)
				at[e.Key][asked.asked] = true
			}
		}
		if len(first) < 10 || len(proposed) < 100 {
			t.Errorf("%d decrees and %d proposals in a second", len(first), len(proposed))
		}
		for key, nodes := range at {
			if len(nodes) != 3 {
				t.Errorf("the duel for %s begins at %d nodes", key, len(nodes))
			}
		}
	}
}

// TestAnswersOfDecrees: an operation answers what is decided, and says so when it cannot know.
func TestAnswersOfDecrees(t *testing.T) {
	for _, c := range []struct{ f, value, answer, want string }{
		{"propose", "5", "ok 7", "ok 7"},
		{"propose", "5", "indefinite leadership-lost", "info 5"},
		{"propose", "5", "timeout", "info 5"},
		{"propose", "5", "definite not-leader", "fail 5"},
		{"propose", "x", "", "fail x"},
		{"read", "", "ok 7", "ok 7"},
		{"read", "", "none", "ok null"},
		{"read", "", "timeout", "fail "},
		{"write", "5", "", "fail 5"},
	} {
		s := &scripted{t: t, answers: []string{c.answer}}
		inv := history.Event{Kind: history.Invoke, F: c.f, Key: "k0", Value: history.Value(c.value)}
		v, err := workloads.Consensus().Client(options(3), 0).Invoke(s, inv)
		e := history.Complete(inv, 0, v, err)
		if got := fmt.Sprintf("%s %s", e.Kind, e.Value); got != c.want {
			t.Errorf("%s %s, answered %q: %s, want %s", c.f, c.value, c.answer, got, c.want)
		}
	}
}
