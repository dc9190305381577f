package environment

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"sunder/docker"
	"sunder/docker/node/program"
	"sunder/harness"
	"sunder/harness/harnesstest"
	"sunder/harness/history"
	"sunder/harness/plan"
	"sunder/nemesis"
	"sunder/nodes"
	"sunder/nodes/raft"
)

// containers starts a cluster of Raft nodes in containers. Without a daemon the test is skipped,
// unless Docker is required.
func containers(t *testing.T, n int) *docker.Cluster {
	t.Helper()
	required := os.Getenv("SUNDER_REQUIRE_DOCKER") == "1"
	if testing.Short() && !required {
		t.Skip("containers are not for -short")
	}
	system := program.System(raft.Protocol(), nil, "")
	c, err := docker.Start(t.Context(), docker.Config{Nodes: n, Deploy: system.Deploy,
		Log: hclog.NewNullLogger(), Ready: func(ctx context.Context, address string) error {
			e, err := system.Open(ctx, address)
			if err != nil {
				return err
			}
			return e.Close()
		}})
	if errors.Is(err, docker.ErrNoDaemon) && !required {
		t.Skipf("no container test: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestContractInContainers(t *testing.T) {
	harnesstest.Run(t, func(t *testing.T, ctx context.Context, p plan.Plan,
		client func(history.Process) nodes.Client) harness.Environment {
		return environment(t, ctx, containers(t, p.Nodes), p, client)
	})
}

// TestFaultsInContainers does every kind of fault once, led at first by whom the plan wants. Each
// must be proven, and gone afterwards.
func TestFaultsInContainers(t *testing.T) {
	second := plan.Of(time.Second)
	p := plan.Plan{Nodes: 3, Concurrency: 1, Leader: "n3", Faults: []plan.Fault{
		{Kind: "kill", Variant: "process", Target: "n1", Duration: second},
		{Kind: "kill", Variant: "container", Target: "n2", Duration: second},
		{Kind: "pause", Target: "leader", Duration: second},
		{Kind: "partition", Shape: "one", Target: "n3", Duration: second},
		{Kind: "clock", Target: "n1", Duration: second, Clock: &plan.Clock{Which: "both", Rate: 1.5}},
	}}
	c := containers(t, p.Nodes)
	e := over(t.Context(), t.Context(), c, Options{Plan: p, Log: hclog.NewNullLogger(),
		Assumption: raft.Protocol().Clock(nil)})
	if leader := e.Leader(); leader != p.Leader {
		t.Errorf("%s leads when the test begins", leader)
	}
	await := func(what string) history.Event {
		t.Helper()
		done, ok := e.Await(e.Now() + time.Minute)
		if !ok || done.Kind != history.OK {
			t.Errorf("%s: %+v", what, done)
		}
		return done
	}
	nobody := history.Event{Kind: history.Invoke, Process: history.Nemesis}
	for i, f := range p.Faults {
		e.Recover(nobody)
		await("recovery before " + f.Kind)
		e.Inject(nobody, i, false)
		await("start of " + f.Kind)
		sleep(t.Context(), 300*time.Millisecond) // so that a clock's rate shows
		e.Inject(nobody, i, true)
		var r nemesis.Record
		if err := await("end of " + f.Kind).Value.Decode(&r); err != nil || r.Effect != nemesis.Proven ||
			len(r.Healed) > 0 {
			t.Errorf("%s: %s %v, %v", r, r.Effect, r.Evidence, err)
		}
		t.Logf("%s: %v, took %v and %v", r, r.Evidence, r.StartTook, r.EndTook)
	}
	e.Recover(nobody)
	await("recovery at the end")
	if err := e.Close(context.Background()); err != nil {
		t.Errorf("close: %v", err)
	}
	// That nothing is left over is for package docker to test. To dial would be wrong: a packet to a
	// network that is gone leaves the machine.
	if _, err := c.Read(context.Background(), 1); !errors.Is(err, docker.ErrClosed) {
		t.Errorf("an agent was asked after Close: %v", err)
	}
}
