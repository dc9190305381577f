// Package docker runs a cluster in containers: each node in one of its own, with the agent in
// front of it, on a network where it has an address that survives restarts.
//
// Start brings a cluster up and Close takes all of it away. In between, Apply says what state a
// node shall be in and shows what became of it, Kill and Start take a node's whole container
// down and up, Address says where clients reach it, and Collect saves what the nodes wrote. Every
// image, container, network and volume carries labels that name the process it belongs to, so
// that Clean can remove what a dead one left.
package docker

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/testcontainers/testcontainers-go"

	"sunder/nemesis"
	"sunder/nodes"
)

// Limits on how many and how long.
const (
	nodesMax   = 64
	connectMax = 15 * time.Second // from a container's start to its agent's answer
	closeMax   = 60 * time.Second
	startMax   = 5 * time.Minute // our source is compiled in it, perhaps
)

// ErrClosed says that the cluster is being taken down. No packet may be sent to one of its
// addresses any more: outside of its network they may be somebody else's.
var ErrClosed = errors.New("the cluster is closed")

// Config is what a cluster is made of.
type Config struct {
	Nodes  int // they are called n1, n2, ...
	Deploy func(self nodes.ID, members []nodes.Member) nodes.Deployment
	// Ready is asked again and again until a node answers at an address, host:port. It returns
	// soon. Where it is nil nobody waits.
	Ready func(ctx context.Context, address string) error

	ReadyMax time.Duration // how long a node may take to become ready; 0: 30 s
	Lease    time.Duration // how long we may be silent before faults heal; 0: 10 s

	Program string // a static executable for the image; empty: Own, else built from our source
	Own     bool   // our own executable has the commands agent, ctl and node

	Log hclog.Logger // nil: none
}

func (c Config) withDefaults() Config {
	if c.ReadyMax == 0 {
		c.ReadyMax = 30 * time.Second
	}
	if c.Lease == 0 {
		c.Lease = 10 * time.Second
	}
	if c.Log == nil {
		c.Log = hclog.NewNullLogger()
	}
	return c
}

// Cluster is a running cluster. Its methods may be called from several goroutines.
type Cluster struct {
	config  Config
	daemon  *daemon
	run     string
	owner   owner
	first   nemesis.State // of every node
	network *testcontainers.DockerNetwork
	nodes   []*node // n1 first
	phases  phases

	life    context.Context // ends when Close begins
	end     context.CancelFunc
	keepers sync.WaitGroup
	once    sync.Once
	err     error
}

// Start brings a cluster up: its nodes run, are healthy and ready. If it fails, it leaves nothing
// behind, and a node that did not become ready has its last words in the error.
func Start(ctx context.Context, config Config) (*Cluster, error) {
	if config.Nodes < 1 || config.Nodes > nodesMax {
		return nil, fmt.Errorf("start cluster: %d nodes, want 1 to %d", config.Nodes, nodesMax)
	}
	c := &Cluster{config: config.withDefaults(), owner: self(), run: newRun()}
	c.life, c.end = context.WithCancel(context.WithoutCancel(ctx))
	var err error
	if err = c.up(ctx); err != nil {
		// Ctrl-C ended ctx, perhaps: that is no reason to leave things behind.
		return nil, errors.Join(fmt.Errorf("start cluster: %w", err),
			c.Close(context.WithoutCancel(ctx)))
	}
	return c, nil
}

// up does it in the order in which one thing needs the other, and as much at once as it can.
func (c *Cluster) up(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, startMax,
		fmt.Errorf("not done within %v", startMax))
	defer cancel()
	return c.phases.run(ctx, append([]phase{c.reachPhase()}, c.upPhases()...))
}

func (c *Cluster) reachPhase() phase {
	return phase{"daemon", func(ctx context.Context) (err error) {
		c.daemon, err = reach(ctx, c.config.Log)
		return err
	}}
}

func (c *Cluster) upPhases() []phase {
	var image string
	var subnet netip.Prefix
	return []phase{
		{"image and network", func(ctx context.Context) error {
			return each([]func() error{
				func() (err error) { image, err = c.image(ctx); return err },
				func() (err error) { subnet, err = c.connectNetwork(ctx); return err },
				func() error { c.cleanOthers(ctx); return nil },
			}, func(do func() error) error { return do() })
		}},
		{"create", func(ctx context.Context) error {
			c.plan(subnet)
			return each(c.nodes, func(n *node) error { return n.create(ctx, image) })
		}},
		{"start and control", func(ctx context.Context) error {
			return each(c.nodes, func(n *node) error { return n.boot(ctx) })
		}},
		{"ready", func(ctx context.Context) error {
			return each(c.nodes, func(n *node) error { return n.await(ctx) })
		}},
	}
}

func (c *Cluster) connectNetwork(ctx context.Context) (subnet netip.Prefix, err error) {
	c.network, subnet, err = c.daemon.createNetwork(ctx, c.labels())
	if err == nil {
		c.daemon.join(ctx, c.network.ID, subnet)
	}
	return subnet, err
}

func (c *Cluster) image(ctx context.Context) (string, error) {
	p, err := program(ctx, c.config, c.daemon.arch())
	if err != nil {
		return "", err
	}
	return c.daemon.image(ctx, p)
}

// cleanOthers removes what dead harnesses left. It is no reason not to start if that fails.
func (c *Cluster) cleanOthers(ctx context.Context) {
	if _, err := c.daemon.clean(ctx); err != nil {
		c.daemon.log.Warn("what a dead harness left is still here", "error", err)
	}
}

// plan gives every node its address and learns how it is deployed.
func (c *Cluster) plan(subnet netip.Prefix) {
	var members []nodes.Member
	for i := range c.config.Nodes {
		id := nodes.ID(i + 1)
		n := &node{cluster: c, id: id, host: hostOf(subnet, int(id)), want: c.first}
		c.nodes = append(c.nodes, n)
		members = append(members, nodes.Member{ID: id, Host: n.host.String()})
	}
	for _, n := range c.nodes {
		n.deploy = c.config.Deploy(n.id, members)
	}
}

// Close takes everything away, whatever became of it: containers, volumes, network. Clients must
// have been stopped before. Only the first call does anything; ctx cannot cut it short by much,
// because what is left behind would be the next run's trouble.
func (c *Cluster) Close(ctx context.Context) error {
	c.once.Do(func() {
		c.end()
		for _, n := range c.nodes {
			n.hangUp() // after this nobody connects any more
		}
		c.keepers.Wait()
		if c.daemon == nil {
			return
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeMax)
		defer cancel()
		c.err = c.down(ctx)
		c.daemon.close()
	})
	return c.err
}

func (c *Cluster) down(ctx context.Context) error {
	terminated := each(c.nodes, func(n *node) error {
		if n.container == nil {
			return nil
		}
		return n.container.Terminate(ctx, testcontainers.StopTimeout(0))
	})
	if terminated != nil {
		c.daemon.log.Debug("terminating containers", "error", terminated) // sweep tries again
	}
	if c.network != nil {
		if err := c.network.Remove(ctx); err != nil {
			c.daemon.log.Debug("removing network", "error", err)
		}
	}
	if err := c.daemon.sweep(ctx, c.run); err != nil {
		return fmt.Errorf("close cluster: %w", err)
	}
	return nil
}

func (c *Cluster) labels() map[string]string { return c.owner.labels(c.run) }

// peersOf are the addresses that a node may be cut off from.
func (c *Cluster) peersOf(n *node) map[string]netip.Addr {
	all := make(map[string]netip.Addr, len(c.nodes)-1)
	for _, other := range c.nodes {
		if other != n {
			all[other.id.String()] = other.host
		}
	}
	return all
}

// node is the one with that ID.
func (c *Cluster) node(id nodes.ID) (*node, error) {
	if id < 1 || int(id) > len(c.nodes) {
		return nil, fmt.Errorf("no node %s in a cluster of %d", id, len(c.nodes))
	}
	if c.life.Err() != nil {
		return nil, ErrClosed
	}
	return c.nodes[id-1], nil
}

// within is ctx until the cluster is closed.
func (c *Cluster) within(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(c.life, func() { cancel(ErrClosed) })
	return ctx, func() { stop(); cancel(nil) }
}

// newRun is a name that no other cluster has.
func newRun() string {
	var b [6]byte
	rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}
