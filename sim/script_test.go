package sim_test

import (
	"slices"
	"testing"
	"time"

	"sunder/checker"
	"sunder/harness"
	"sunder/harness/history"
	"sunder/harness/plan"
	"sunder/nemesis"
	"sunder/nodes/raft"
	"sunder/sim"
)

// TestTheScriptOfARunIsThatRun: what the workload generated, said as a script, is the same run.
func TestTheScriptOfARunIsThatRun(t *testing.T) {
	for seed := range uint64(3) {
		p := planOf(t, seed, "stale-read", "partition", "clock", "kill", "pause", "power")
		p.TimeLimit, p.Network = plan.Of(3*time.Second), nemesis.Network(seed)
		first := run(t, p, true)
		p.Script = harness.ScriptOf(p, first.events)
		again := run(t, p, true)
		if again.trace != first.trace || len(again.events) != len(first.events) {
			t.Fatalf("seed %d: %d events became %d, trace %x became %x", seed, len(first.events),
				len(again.events), first.trace, again.trace)
		}
		for i := range first.events {
			if first.events[i] != again.events[i] {
				t.Fatalf("seed %d: event %d was %+v and is %+v", seed, i, first.events[i], again.events[i])
			}
		}
	}
}

// TestAnExplicitNetworkIsThatRun: all that chance decided about a run's network, said as exceptions
// to one of fixed delays, is the same run; of those, only what was odd has to be said.
func TestAnExplicitNetworkIsThatRun(t *testing.T) {
	for seed := range uint64(3) {
		p := planOf(t, seed, "", "partition", "clock", "kill", "pause", "power", "disk")
		p.TimeLimit, p.Network = plan.Of(3*time.Second), nemesis.Network(seed)
		first := run(t, p, true)
		p.Script = harness.ScriptOf(p, first.events)
		p.Network = plan.Network{Links: p.Network.Links, Fixed: plan.Of(time.Millisecond / 2),
			Except: sim.ExceptionsOf(raft.Protocol(), first.moments)}
		p.Network.Except = slices.DeleteFunc(p.Network.Except, func(e plan.Except) bool {
			return e.Takes == p.Network.Fixed && !e.Lost && e.Again.Duration == 0
		})
		again := run(t, p, false)
		if again.trace != first.trace || len(again.events) != len(first.events) {
			t.Errorf("seed %d: %d events became %d, trace %x became %x", seed, len(first.events),
				len(again.events), first.trace, again.trace)
		}
	}
}

// TestAScriptWithoutItsFirstOperation: nothing else moves, faults neither, and what is missing for
// a verdict makes none.
func TestAScriptWithoutItsFirstOperation(t *testing.T) {
	p := planOf(t, 1, "")
	p.TimeLimit = plan.Of(2 * time.Second)
	p.Faults = []plan.Fault{{Kind: "kill", Target: "n1", At: plan.Of(time.Second / 2),
		Duration: plan.Of(time.Second / 2)}}
	p.Script = []plan.ScriptedOp{
		{At: plan.Of(1200 * time.Millisecond), Thread: 3, F: "write", Key: "k7", Value: "1"},
		{At: plan.Of(2100 * time.Millisecond), Thread: 4, F: "write", Key: "k7", Value: "2"}, // too late
		{At: plan.Of(100 * time.Millisecond), Thread: 0, F: "read", Key: "k7", Node: "n2", Final: true},
	}
	out := run(t, p, true)
	var recovered time.Duration
	var got []history.Event
	for _, e := range out.events {
		switch {
		case e.F == "recover" && e.Kind != history.Invoke:
			recovered = e.Time
		case e.Kind == history.Invoke:
			got = append(got, e)
		}
	}
	for i, want := range []struct {
		f  string
		at time.Duration
	}{
		{"start", time.Second / 2},
		{"end", time.Second},
		{"write", 1200 * time.Millisecond},
		{"recover", 2 * time.Second},
		{"read", recovered + 100*time.Millisecond},
	} {
		if i >= len(got) || got[i].F != want.f && want.f != "recover" || got[i].Time != want.at {
			t.Fatalf("invocation %d of %+v, want %s at %v", i, got, want.f, want.at)
		}
	}
	if len(got) != 5 || out.verdict.Verdict != checker.Unknown {
		t.Errorf("%d invocations, verdict %s (%s), want 5 and unknown", len(got), out.verdict.Verdict,
			out.verdict.Reason)
	}
}
