package harnesstest

import (
	"context"
	"testing"

	"go.uber.org/goleak"

	"sunder/harness"
	"sunder/harness/history"
	"sunder/harness/plan"
	"sunder/nodes"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestMemory(t *testing.T) {
	Run(t, func(t *testing.T, ctx context.Context, p plan.Plan,
		client func(history.Process) nodes.Client) harness.Environment {
		m := NewMemory(ctx, p, client)
		t.Cleanup(m.Close)
		return m
	})
}
