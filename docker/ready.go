package docker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"time"

	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/client"

	"sunder/nemesis/agent"
	"sunder/nodes"
)

// Address is where clients reach a node, host:port. It may be another one after its container
// started again. It never waits for what is being done to the node.
func (c *Cluster) Address(id nodes.ID) (string, error) {
	n, err := c.node(id)
	if err != nil {
		return "", err
	}
	return *n.address.Load(), nil
}

// locate finds the ways to a node's client port: its own address, if this machine stands in the
// cluster's network, then its published port, which is another one after every start. The first
// tells the truth about a dead process; behind a published port Docker's proxy accepts for it.
func (n *node) locate(ctx context.Context) error {
	port := strconv.Itoa(n.deploy.ClientPort)
	n.ways = nil
	if local, err := interfaces(); err != nil {
		return err
	} else if contains(local, n.host) {
		n.ways = append(n.ways, net.JoinHostPort(n.host.String(), port))
	}
	if !n.cluster.daemon.inside { // else the loopback that ports are published to is not ours
		mapped, err := n.container.MappedPort(ctx, port+"/tcp")
		if err != nil {
			return fmt.Errorf("find the published port of %s: %w", n.id, err)
		}
		n.ways = append(n.ways, net.JoinHostPort(n.cluster.daemon.published(), mapped.Port()))
	}
	if len(n.ways) == 0 {
		return fmt.Errorf("no way leads to %s: we run in a container outside of its network", n.id)
	}
	n.take(n.way)
	return nil
}

// take settles which of the ways clients go.
func (n *node) take(way int) {
	n.way = min(way, len(n.ways)-1)
	n.address.Store(&n.ways[n.way])
}

func contains(all []netip.Prefix, a netip.Addr) bool {
	for _, p := range all {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// await waits until the node is ready, and settles which way clients go.
func (n *node) await(ctx context.Context) error {
	ready := n.cluster.config.Ready
	if ready == nil {
		return nil
	}
	limit := n.cluster.config.ReadyMax
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("not within %v", limit))
	defer cancel()
	pause := 5 * time.Millisecond
	for {
		way, err := n.answers(ctx)
		if err == nil {
			n.take(way)
			return nil
		}
		if died := n.died(ctx); died != nil {
			return fmt.Errorf("%s never became ready: %w%s", n.id, died, n.lastWords(ctx))
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s never became ready: %w (%w)%s",
				n.id, context.Cause(ctx), err, n.lastWords(ctx))
		case <-time.After(pause):
			pause = min(2*pause, 200*time.Millisecond)
		}
	}
}

// answers is the first way that the node answers. Between two tries it may have begun to listen,
// so the best way gets a second chance.
func (n *node) answers(ctx context.Context) (int, error) {
	var err error
	for i, address := range n.ways {
		if err = n.tryReady(ctx, address); err != nil {
			continue
		}
		if i > 0 && n.tryReady(ctx, n.ways[0]) == nil {
			return 0, nil
		}
		return i, nil
	}
	return 0, err
}

func (n *node) tryReady(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	return n.cluster.config.Ready(ctx, address)
}

// died says that the node's process or container has ended, if it has: waiting is no use then.
func (n *node) died(ctx context.Context) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	e, err := n.link.Read(ctx)
	if errors.Is(err, agent.ErrStopped) {
		return n.gone(ctx)
	}
	if err != nil || e.Process.State != agent.Dead {
		return nil
	}
	how := "its process has ended"
	if x := e.Process.Exit; x != nil && x.Signal != "" {
		how += " by " + x.Signal
	} else if x != nil {
		how += fmt.Sprintf(" with status %d", x.Code)
	}
	return errors.New(how)
}

// lastWords are the last lines that came from the node, for the end of an error.
func (n *node) lastWords(ctx context.Context) string {
	const lines = 20
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	logs, err := n.cluster.daemon.api.ContainerLogs(ctx, n.container.GetContainerID(),
		client.ContainerLogsOptions{
			ShowStdout: true, ShowStderr: true, Tail: strconv.Itoa(lines),
		})
	if err != nil {
		return fmt.Sprintf("; its log cannot be read: %v", err)
	}
	defer logs.Close()
	var text bytes.Buffer
	stdcopy.StdCopy(&text, &text, logs) // what there is will do
	if text.Len() == 0 {
		return "; it said nothing"
	}
	return "; it said last:\n" + tail(text.Bytes(), lines)
}
