package search_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"sunder/checker"
	"sunder/harness"
	"sunder/harness/plan"
	"sunder/nodes/raft"
	"sunder/search"
)

// What is found is shrunk to little, which shows the same anomaly by a script and in a network of
// which nothing is left to chance.
func TestShrinkingLeavesLittle(t *testing.T) {
	for _, bug := range []string{"lost-ack", "several-votes", "crc-unchecked"} {
		found, err := search.Hunt(t.Context(), search.Prey{Protocol: raft.Protocol(), Bug: bug}.Plan, 1,
			search.Budget{Seeds: 300})
		if err != nil || !found.Found {
			t.Fatalf("%s was not found: %v", bug, err)
		}
		class := found.Outcome.Class()
		got := search.Shrink(t.Context(), found.Plan, class, 5000)
		p := got.Plan
		o, err := search.Run(t.Context(), p)
		if err != nil || !o.Has(class) {
			t.Errorf("%s: what is left shows %q instead of %s: %v", bug, o.Class(), class, err)
		}
		if len(p.Faults) > 3 || len(p.Script) > 8 || len(p.Script) == 0 ||
			p.Network.Fixed.Duration == 0 || p.Nodes > found.Plan.Nodes || len(p.Network.Except) > 20 {
			t.Errorf("%s: after %d runs there is left %+v", bug, got.Runs, p)
		}
		p.Bug = "" // it is the bug's anomaly, not one of the script or the network
		if o, err := search.Run(t.Context(), p); err != nil || len(o.Result.Anomalies) > 0 {
			t.Errorf("%s: without the bug it shows %q, %v", bug, o.Class(), err)
		}
	}
}

func TestShrinkingEndsWithItsContext(t *testing.T) {
	q := search.Prey{Protocol: raft.Protocol(), Bug: "stale-read"}
	p, err := q.Plan(7)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	began := time.Now()
	got := search.Shrink(ctx, p, "stale-read", 1_000_000)
	if took := time.Since(began); took > 5*time.Second || got.Plan.Seed != p.Seed ||
		len(got.Plan.Faults) != len(p.Faults) || got.Plan.TimeLimit != p.TimeLimit {
		t.Errorf("after %v: %+v", took, got.Plan)
	}
}

// A plan that cannot be run has no recording, and stays as it is.
func TestWhatCannotBeRunIsNotShrunk(t *testing.T) {
	p := plan.Plan{Version: plan.Version, System: "none", Nodes: 3, Concurrency: 1,
		TimeLimit: plan.Of(time.Second)}
	if got := search.Shrink(t.Context(), p, "stale-read", 100); got.Plan.Nodes != 3 || got.Plan.Script != nil {
		t.Errorf("%+v", got)
	}
}

// A correct system is never blamed, whatever a script leaves out and however the network is: a
// node has to answer a patient read.
func TestScriptsBlameNobody(t *testing.T) {
	q := search.Prey{Protocol: raft.Protocol(), Workload: "register"}
	for seed := uint64(1); seed <= 40; seed++ {
		p, err := q.Plan(seed)
		if err != nil {
			t.Fatal(err)
		}
		first, err := search.Run(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		rng := rand.New(rand.NewPCG(seed, 0))
		p.Script = slices.DeleteFunc(harness.ScriptOf(p, first.Events), func(plan.ScriptedOp) bool {
			return rng.IntN(3) == 0
		})
		for i := range p.Nodes {
			p.Script = append(p.Script, plan.ScriptedOp{At: plan.Of(5 * time.Second), Thread: i % p.Concurrency,
				F: "read", Key: "k0", Node: fmt.Sprintf("n%d", i+1), Final: true})
		}
		if seed%2 == 0 {
			p.Network = plan.Network{Fixed: plan.Of(500 * time.Microsecond)}
		}
		o, err := search.Run(t.Context(), p)
		if err != nil || o.Result.Verdict == checker.Invalid {
			t.Errorf("seed %d: %s, %v", seed, o.Result.Reason, err)
		}
	}
}
