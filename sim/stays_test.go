package sim_test

import (
	"strings"
	"testing"
	"time"

	"sunder/checker"
	"sunder/harness/history"
	"sunder/harness/plan"
	"sunder/nemesis"
)

// stayingIn is a short plan in which one fault, of a minority, stays to the end.
func stayingIn(t *testing.T, seed uint64, f plan.Fault) plan.Plan {
	p := short(t, seed)
	p.Rate = 100
	f.At, f.Duration, f.Stays = plan.Of(time.Second), plan.Of(time.Second), true
	p.Faults = []plan.Fault{f}
	return p
}

var minorities = []plan.Fault{
	{Kind: "kill", Target: "leader"},
	{Kind: "power", Target: "minority"},
	{Kind: "pause", Target: "n2,n3"},
	{Kind: "partition", Shape: "primaries-with-minority"},
}

// A cluster serves without a minority: nobody waits for it, nobody reads from it, and it is back
// only when all is over.
func TestAMinorityMayStayAway(t *testing.T) {
	for seed, f := range minorities {
		out := run(t, stayingIn(t, uint64(seed), f), true)
		if out.verdict.Verdict != checker.Valid {
			t.Errorf("%s: %s: %s", f.Kind, out.verdict.Verdict, out.verdict.Reason)
		}
		r := last(t, out)[0]
		if r.Effect != nemesis.Proven {
			t.Errorf("%s is %s: %v", r, r.Effect, r.Evidence)
		}
		read, ended, recovered := map[string]int{}, 0, 0
		for _, e := range out.events {
			switch {
			case e.Kind == history.Invoke && e.Process != history.Nemesis && e.Node != "":
				read[e.Node]++
				ended = e.Index
			case e.Process == history.Nemesis && e.F == "recover":
				recovered = e.Index
			case e.Process == history.Nemesis && e.F == "end" && e.Index < max(ended, recovered):
				t.Errorf("%s: it ends before event %d", f.Kind, max(ended, recovered))
			}
		}
		for _, n := range r.Targets {
			if read[n] > 0 {
				t.Errorf("%s: %s was asked for %d final reads", f.Kind, n, read[n])
			}
			delete(read, n)
		}
		if len(read) != 5-len(r.Targets) || recovered == 0 || ended < recovered {
			t.Errorf("%s: final reads %v without %v", f.Kind, read, r.Targets)
		}
	}
}

// What needs all nodes is found out only when some stay away.
func TestWhatNeedsAllNodesIsFound(t *testing.T) {
	for seed, f := range minorities {
		p := stayingIn(t, uint64(seed), f)
		p.Bug = "quorum-all"
		if r := run(t, p, true).verdict; r.Verdict != checker.Invalid ||
			!strings.Contains(r.Reason, "liveness: with all faults healed but those of a minority") {
			t.Errorf("%s stays: %s: %s", f.Kind, r.Verdict, r.Reason)
		}
		p.Faults[0].Stays = false
		if r := run(t, p, true).verdict; r.Verdict == checker.Invalid {
			t.Errorf("%s ends: %s", f.Kind, r.Reason)
		}
	}
}
