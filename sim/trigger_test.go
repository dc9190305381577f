package sim_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"sunder/harness/history"
	"sunder/harness/plan"
	"sunder/nemesis"
)

// triggered is a plan of which the only fault waits for an event.
func triggered(t *testing.T, f plan.Fault) plan.Plan {
	p := planOf(t, 1, "")
	p.TimeLimit, p.Faults = plan.Of(3*time.Second), []plan.Fault{f}
	return p
}

// recordOf is what became of the last fault in a history.
func recordOf(t *testing.T, events []history.Event) (r nemesis.Record) {
	t.Helper()
	for _, e := range events {
		if e.Process == history.Nemesis && e.F == "end" && e.Kind == history.OK {
			if err := e.Value.Decode(&r); err != nil {
				t.Fatal(err)
			}
		}
	}
	return r
}

func TestAFaultWaitsForItsTrigger(t *testing.T) {
	for _, c := range []struct {
		name   string
		on     plan.Trigger
		target string
		nodes  int
	}{
		{"the leader, once it commits", plan.Trigger{Event: "committed"}, "self", 1},
		{"all but who syncs", plan.Trigger{Event: "synced", Nth: 3}, "others", 4},
		{"who gets an append", plan.Trigger{Event: "delivered", Kind: "append", Nth: 7}, "receiver", 1},
		{"who sent it", plan.Trigger{Event: "sent", Kind: "append-reply",
			Delay: plan.Of(time.Millisecond)}, "sender", 1},
	} {
		f := plan.Fault{Kind: "kill", At: plan.Of(time.Second), Duration: plan.Of(200 * time.Millisecond),
			Target: c.target, On: &c.on}
		out := run(t, triggered(t, f), true)
		r := recordOf(t, out.events)
		if r.Effect != nemesis.Proven || len(r.Targets) != c.nodes {
			t.Errorf("%s: %+v", c.name, r)
		}
		if took := r.End.Duration - r.Start.Duration; took != 200*time.Millisecond {
			t.Errorf("%s: it lasted %v", c.name, took)
		}
		if r.Start.Duration < time.Second || r.Start.Duration > 1200*time.Millisecond {
			t.Errorf("%s: it started at %v", c.name, r.Start)
		}
		if out.verdict.Verdict.String() != "valid" {
			t.Errorf("%s: %s", c.name, out.verdict.Reason)
		}
	}
}

func TestATriggerThatNeverComesProvesNothing(t *testing.T) {
	out := run(t, triggered(t, plan.Fault{Kind: "pause", Duration: plan.Of(time.Second),
		At: plan.Of(time.Second), Target: "self", On: &plan.Trigger{Event: "sent", Kind: "snapshot"}}), true)
	if r := recordOf(t, out.events); r.Effect != nemesis.Never {
		t.Errorf("it was %q: %+v", r.Effect, r)
	}
	if v := out.verdict; v.Verdict.String() != "unknown" || !strings.Contains(v.Reason, "never began") {
		t.Errorf("%s: %s", v.Verdict, v.Reason)
	}
}

func TestTriggersReplay(t *testing.T) {
	p := planOf(t, 5, "", "partition", "kill")
	for i := range p.Faults {
		p.Faults[i].On = &plan.Trigger{Event: []string{"elected", "committed"}[i%2], Nth: 1 + i}
		p.Faults[i].Target = "self"
	}
	a, b := run(t, p, true), run(t, p, false)
	if a.trace != b.trace || !slices.Equal(a.events, b.events) {
		t.Error("the same plan gave two runs")
	}
}
