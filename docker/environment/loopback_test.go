package environment

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"go.uber.org/goleak"

	"sunder/docker"
	"sunder/harness"
	"sunder/harness/harnesstest"
	"sunder/harness/history"
	"sunder/harness/plan"
	"sunder/nemesis"
	"sunder/nemesis/agent"
	"sunder/nodes"
	"sunder/nodes/host"
	"sunder/nodes/raft"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// loopback is a cluster of Raft nodes in this process: what of an environment needs no container.
// Its nodes can be killed, and nothing else.
type loopback struct {
	t       *testing.T
	configs []host.Config
	mu      sync.Mutex // guards what follows
	lives   []*life
	fail    error // of the next Apply
	applied int
}

type life struct {
	end   context.CancelFunc
	ended chan error // nil after a kill
	boots int
}

// port is an address that was free a moment ago and still is: on an address of this machine that
// nobody else dials from or listens on. On 127.0.0.1 another test's connection might have taken the
// port in the meantime.
func port(t *testing.T) string {
	host := fmt.Sprintf("127.%d.%d.%d:0", 1+rand.IntN(254), rand.IntN(256), 1+rand.IntN(254))
	l, err := net.Listen("tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func newLoopback(t *testing.T, n int) *loopback {
	c := &loopback{t: t}
	var members []nodes.ID
	peers := map[nodes.ID]string{}
	for i := range n {
		members = append(members, nodes.ID(i+1))
		peers[nodes.ID(i+1)] = port(t)
	}
	dir := t.TempDir()
	for _, id := range members {
		c.configs = append(c.configs, host.Config{Protocol: raft.Protocol(), Cluster: t.Name(), Peers: peers,
			Node: nodes.Config{Self: id, Members: members}, Listen: peers[id], Client: port(t),
			Data: filepath.Join(dir, id.String()), Log: hclog.NewNullLogger(),
			Observations: filepath.Join(dir, id.String()+".jsonl")})
		l := &life{}
		c.lives = append(c.lives, l)
		c.start(id)
	}
	return c
}

func (c *loopback) start(id nodes.ID) {
	ctx, end := context.WithCancel(context.Background())
	l := c.lives[id-1]
	config, ended := c.configs[id-1], make(chan error, 1)
	l.end, l.ended = end, ended
	l.boots++
	go func() {
		err := host.Run(ctx, config)
		if err != nil && ctx.Err() == nil {
			c.t.Errorf("%s ended by itself: %v", id, err)
		}
		ended <- err
	}()
}

func (c *loopback) kill(id nodes.ID) {
	l := c.lives[id-1]
	if l.ended != nil {
		l.end()
		<-l.ended
		l.ended = nil
	}
}

func (c *loopback) Address(id nodes.ID) (string, error) { return c.configs[id-1].Client, nil }

func (c *loopback) Apply(ctx context.Context, id nodes.ID, s nemesis.State) (agent.Evidence, error) {
	c.mu.Lock()
	c.applied++
	err := c.fail
	c.fail = nil
	switch {
	case err != nil:
	case s.Killed:
		c.kill(id)
	case c.lives[id-1].ended == nil:
		c.start(id)
	}
	c.mu.Unlock()
	if err != nil {
		return agent.Evidence{}, err
	}
	return c.Read(ctx, id)
}

func (c *loopback) Read(_ context.Context, id nodes.ID) (agent.Evidence, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.lives[id-1]
	e := agent.Evidence{Process: agent.Process{State: agent.Running, PID: int(id), Start: uint64(l.boots)}}
	if l.ended == nil {
		e.Process = agent.Process{State: agent.Dead}
	}
	return e, nil
}

func (c *loopback) Probe(ctx context.Context, id nodes.ID) (agent.Evidence, error) {
	return c.Read(ctx, id)
}

var errNoMachine = errors.New("there is no machine")

func (c *loopback) Kill(context.Context, nodes.ID) (docker.Machine, error) {
	return docker.Machine{}, errNoMachine
}

func (c *loopback) Start(ctx context.Context, id nodes.ID) (docker.Machine, agent.Evidence, error) {
	e, err := c.Read(ctx, id) // what runs is not started
	return docker.Machine{}, e, err
}

func (c *loopback) Close(context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, f := range c.configs {
		c.kill(f.Node.Self)
	}
	return nil
}

// environment is one over a cluster, up and waiting for clients.
func environment(t *testing.T, ctx context.Context, c cluster, p plan.Plan,
	client func(history.Process) nodes.Client) *Environment {
	t.Helper()
	e := over(ctx, context.Background(), c, Options{Plan: p, Client: client, Log: hclog.NewNullLogger()})
	t.Cleanup(func() {
		if err := e.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	e.Recover(history.Event{Kind: history.Invoke, Process: history.Nemesis, F: "recover"})
	if r, ok := e.Await(e.Now() + time.Minute); !ok || r.Kind != history.OK {
		t.Fatalf("the cluster is not up: %+v", r)
	}
	return e
}

func TestContractOnLoopback(t *testing.T) {
	harnesstest.Run(t, func(t *testing.T, ctx context.Context, p plan.Plan,
		client func(history.Process) nodes.Client) harness.Environment {
		return environment(t, ctx, newLoopback(t, p.Nodes), p, client)
	})
}
