package lww_test

import (
	"context"
	"testing"
	"time"

	"sunder/checker"
	"sunder/harness/history"
	"sunder/harness/plan"
	"sunder/nemesis"
	"sunder/nodes/kv"
	"sunder/search"
)

// TestTheControlIsFoundWrong: whatever the fault, everything is answered, and the checkers say that
// the answers are wrong. Only sets end right, on every node, since they only grow.
func TestTheControlIsFoundWrong(t *testing.T) {
	for workload, want := range map[string]checker.Verdict{"register": checker.Invalid,
		"consensus": checker.Invalid, "set": checker.Valid} {
		for _, fault := range []string{"partition", "clock"} {
			p := plan.Plan{Version: plan.Version, Seed: 1, Environment: "sim", System: "lww", Workload: workload,
				Options: map[string]string{}, Nodes: 5, Concurrency: 10, Rate: 200, TimeLimit: plan.Of(5 * time.Second)}
			var err error
			p.Faults, err = nemesis.Generate(nemesis.Options{Seed: p.Seed, Nodes: p.Nodes, Kinds: []string{fault},
				TimeLimit: p.TimeLimit.Duration})
			if err != nil {
				t.Fatal(err)
			}
			var r search.Runner
			o, err := r.Run(context.Background(), p)
			if err != nil {
				t.Fatal(err)
			}
			if o.Result.Verdict != want {
				t.Errorf("%s under %s is %s (%s), want %s", workload, fault, o.Result.Verdict, o.Result.Reason, want)
			}
			answered := 0
			for _, e := range o.Events {
				switch {
				case e.Process == history.Nemesis || e.Kind == history.Invoke:
				case e.Kind == history.OK || e.Error == kv.CASMismatch:
					answered++
				default:
					t.Errorf("%s under %s: event %d is %s %s: %s", workload, fault, e.Index, e.F, e.Kind, e.Error)
				}
			}
			if answered < 500 {
				t.Errorf("%s under %s: only %d operations", workload, fault, answered)
			}
		}
	}
}
