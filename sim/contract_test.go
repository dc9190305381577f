package sim_test

import (
	"context"
	"testing"

	"sunder/harness"
	"sunder/harness/harnesstest"
	"sunder/harness/history"
	"sunder/harness/plan"
	"sunder/nodes"
	"sunder/nodes/raft"
	"sunder/sim"
)

func TestContract(t *testing.T) {
	harnesstest.Run(t, func(t *testing.T, _ context.Context, p plan.Plan,
		client func(history.Process) nodes.Client) harness.Environment {
		w, err := sim.New(sim.Options{Plan: p, Protocol: raft.Protocol(), Client: client})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(w.Close)
		return w
	})
}
