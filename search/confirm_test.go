package search_test

import (
	"strings"
	"testing"
	"time"

	"sunder/harness/plan"
	"sunder/harness/report/spacetime"
	"sunder/nodes"
	"sunder/search"
)

func ms(n int) plan.Duration { return plan.Of(time.Duration(n) * time.Millisecond) }

// What a plan for containers keeps: who leads and what that node is asked, the order of what is
// planned, and what lies inside of a fault.
func TestContained(t *testing.T) {
	p := plan.Plan{Version: plan.Version, Environment: "sim", System: "raft", Workload: "register",
		Nodes: 3, Concurrency: 4, TimeLimit: ms(352),
		Network: plan.Network{Fixed: ms(1)},
		Faults: []plan.Fault{{Kind: "partition", Shape: "leader-isolated", At: ms(200),
			Duration: ms(150)}},
		Script: []plan.ScriptedOp{{At: ms(50), Thread: 1, F: "read", Key: "k"},
			{At: ms(341), Thread: 1, F: "write", Key: "k", Value: "9"},
			{At: ms(343), Thread: 2, F: "read", Key: "k"},
			{At: ms(1), Thread: 0, F: "read", Key: "k", Node: "n1", Final: true}}}
	r := spacetime.Run{Nodes: []string{"n1", "n2", "n3"},
		Facts: []spacetime.Fact{{Node: "n2", Fact: nodes.BecameLeader, Term: 1, At: 174e6},
			{Node: "n3", Fact: nodes.BecameLeader, Term: 2, At: 331e6}},
		Operations: []spacetime.Operation{{Process: 1, F: "read", Key: "k", Node: "n2"},
			{Process: 5, F: "write", Key: "k", Value: "9", Node: "n3"},
			{Process: 2, F: "read", Key: "k", Node: "n2"}}}
	got, err := search.Contained(p, r, 10)
	if err != nil {
		t.Fatal(err)
	}
	if got.Environment != "docker" || got.Leader != "n2" || got.Network.Fixed.Duration != 0 {
		t.Errorf("in %s led by %q over %+v", got.Environment, got.Leader, got.Network)
	}
	// 141 ms after the fault began is 1.41 s; 2 ms later is a breath later, and so is the end.
	want := []plan.ScriptedOp{{At: ms(50), Thread: 1, F: "read", Key: "k", Node: "n2"},
		{At: ms(1610), Thread: 1, F: "write", Key: "k", Value: "9", Node: "n3"},
		{At: ms(1625), Thread: 1, F: "write", Key: "k", Value: "9", Node: "n1"},
		{At: ms(1760), Thread: 2, F: "read", Key: "k", Node: "n2"}, p.Script[3]}
	if len(got.Script) != len(want) {
		t.Fatalf("the script is %+v", got.Script)
	}
	for i := range want {
		if got.Script[i] != want[i] {
			t.Errorf("operation %d is %+v, want %+v", i, got.Script[i], want[i])
		}
	}
	if f := got.Faults[0]; f.At != ms(200) || f.Duration != ms(1710) {
		t.Errorf("the fault is at %v for %v", f.At, f.Duration)
	}
	if p.Faults[0].Duration != ms(150) || p.Script[1].At != ms(341) {
		t.Error("the plan itself was changed")
	}
	p.Faults[0].On = &plan.Trigger{Event: "elected"}
	if _, err := search.Contained(p, r, 10); err == nil || !strings.Contains(err.Error(), "faults[0]") {
		t.Errorf("with a trigger: %v", err)
	}
}

// At the pace of the simulation nothing moves.
func TestContainedAtThePaceOfTheSimulation(t *testing.T) {
	p := plan.Plan{Version: plan.Version, Environment: "sim", System: "paxos", Workload: "register",
		Nodes: 3, Concurrency: 4, TimeLimit: ms(352),
		Faults: []plan.Fault{{Kind: "kill", Target: "n1", At: ms(200), Duration: ms(150)}},
		Script: []plan.ScriptedOp{{At: ms(341), Thread: 1, F: "write", Key: "k", Value: "9"}}}
	r := spacetime.Run{Nodes: []string{"n1", "n2", "n3"},
		Operations: []spacetime.Operation{{Process: 5, F: "write", Key: "k", Value: "9", Node: "n3"}}}
	got, err := search.Contained(p, r, 1)
	if err != nil {
		t.Fatal(err)
	}
	if got.Leader != "" || len(got.Script) != 1 || got.Script[0].At != ms(341) ||
		got.Script[0].Node != "n3" || got.Faults[0] != p.Faults[0] {
		t.Errorf("%+v", got)
	}
}
