package docker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"sunder/nemesis"
	"sunder/nemesis/agent"
	"sunder/nodes"
)

// ErrDown says that a node's container was killed: what it shall be like is kept for its start.
var ErrDown = errors.New("its container was killed")

// Machine is the container of a node, as the daemon sees it: proof of a kill and of a start.
type Machine struct {
	Running bool      `json:"running"`
	PID     int       `json:"pid,omitempty"`  // of the agent, as its host counts
	Exit    int       `json:"exit,omitempty"` // status with which it stopped; 137 after a kill
	Began   time.Time `json:"began,omitzero"`
	Ended   time.Time `json:"ended,omitzero"`
}

// Apply puts a node into a state and shows what it is then like, read back. States are whole: the
// last one counts, and a container that starts gets it first. While the container is down the
// error is ErrDown.
func (c *Cluster) Apply(
	ctx context.Context, id nodes.ID, s nemesis.State,
) (agent.Evidence, error) {
	return c.ask(ctx, id, func(n *node) { n.want = s }, func(n *node) (agent.Evidence, error) {
		return n.link.Apply(ctx, s)
	})
}

// Read shows what a node is like.
func (c *Cluster) Read(ctx context.Context, id nodes.ID) (agent.Evidence, error) {
	return c.ask(ctx, id, func(*node) {}, func(n *node) (agent.Evidence, error) {
		return n.link.Read(ctx)
	})
}

// Support is what can be done to every node, and why the rest cannot: as the agents found out in
// their containers.
func (c *Cluster) Support() agent.Support {
	can := agent.Support{Clock: agent.Ability{Works: true}, Network: agent.Ability{Works: true}}
	for _, n := range c.nodes {
		n.mu.Lock()
		its := n.support
		n.mu.Unlock()
		can.Kernel = its.Kernel
		if !its.Clock.Works {
			can.Clock = its.Clock
		}
		if !its.Network.Works {
			can.Network = its.Network
		}
	}
	return can
}

// Probe makes a node's container send every other one a packet, and shows what the node is like.
func (c *Cluster) Probe(ctx context.Context, id nodes.ID) (agent.Evidence, error) {
	return c.ask(ctx, id, func(*node) {}, func(n *node) (agent.Evidence, error) {
		return n.link.Probe(ctx)
	})
}

// ask first notes what the node shall be like, then asks its agent. If the way to it broke, it is
// opened anew, which applies what was noted, and the question put again.
func (c *Cluster) ask(
	ctx context.Context, id nodes.ID, note func(*node),
	question func(*node) (agent.Evidence, error),
) (agent.Evidence, error) {
	n, err := c.node(id)
	if err != nil {
		return agent.Evidence{}, err
	}
	ctx, cancel := c.within(ctx)
	defer cancel()
	n.mu.Lock()
	defer n.mu.Unlock()
	note(n)
	if n.down {
		return agent.Evidence{}, fmt.Errorf("ask %s: %w", id, ErrDown)
	}
	if n.link != nil {
		e, err := question(n)
		if !errors.Is(err, agent.ErrStopped) {
			return e, err
		}
	}
	if _, err := n.connect(ctx); err != nil {
		return agent.Evidence{}, err
	}
	return question(n)
}

// Kill kills a node's container, the agent in it included: the loss of a machine. Its volume and
// its address stay. Killing a dead one does nothing.
func (c *Cluster) Kill(ctx context.Context, id nodes.ID) (Machine, error) {
	n, err := c.node(id)
	if err != nil {
		return Machine{}, err
	}
	ctx, cancel := c.within(ctx)
	defer cancel()
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.down {
		_, err = c.daemon.api.ContainerKill(ctx, n.container.GetContainerID(),
			client.ContainerKillOptions{Signal: "KILL"})
	}
	m, err2 := n.machine(ctx)
	if err2 != nil || m.Running {
		return m, fmt.Errorf("kill container of %s: %w", id, errors.Join(err, err2))
	}
	n.down = true // even if it was not we who did it
	if n.link != nil {
		n.link.Close()
		n.link = nil
	}
	return m, nil
}

// Start starts a node's container after Kill, at its old address and with its old volume. What
// the node shall be like is applied before its process begins. Starting a live one does nothing.
func (c *Cluster) Start(ctx context.Context, id nodes.ID) (Machine, agent.Evidence, error) {
	n, err := c.node(id)
	if err != nil {
		return Machine{}, agent.Evidence{}, err
	}
	ctx, cancel := c.within(ctx)
	defer cancel()
	n.mu.Lock()
	defer n.mu.Unlock()
	var e agent.Evidence
	switch {
	case n.down:
		e, err = n.start(ctx)
	case n.link == nil:
		e, err = n.connect(ctx)
	default:
		e, err = n.link.Read(ctx)
	}
	if err != nil {
		return Machine{}, e, fmt.Errorf("start container of %s: %w", id, err)
	}
	m, err := n.machine(ctx)
	return m, e, err
}

// boot starts the container for the first time.
func (n *node) boot(ctx context.Context) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if _, err := n.start(ctx); err != nil {
		return fmt.Errorf("start container of %s: %w", n.id, err)
	}
	return nil
}

// start starts the container and its process. Whoever calls holds n.mu.
func (n *node) start(ctx context.Context) (agent.Evidence, error) {
	if err := n.container.Start(ctx); err != nil {
		return agent.Evidence{}, fmt.Errorf("%w%s", err, n.lastWords(ctx))
	}
	n.down = false
	e, err := n.connect(ctx)
	if err != nil {
		return e, err
	}
	return e, n.locate(ctx)
}

// machine asks the daemon about the container.
func (n *node) machine(ctx context.Context) (Machine, error) {
	found, err := n.container.Inspect(ctx)
	if err != nil {
		return Machine{}, fmt.Errorf("inspect container of %s: %w", n.id, err)
	}
	s := found.State
	if s == nil {
		s = &container.State{}
	}
	m := Machine{Running: s.Running, PID: s.Pid, Exit: s.ExitCode}
	m.Began, _ = time.Parse(time.RFC3339Nano, s.StartedAt)
	m.Ended, _ = time.Parse(time.RFC3339Nano, s.FinishedAt)
	return m, nil
}
