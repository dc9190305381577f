package docker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/client"

	"sunder/nemesis/agent"
)

// stream is the standard input and output of a process in a container.
type stream struct {
	conn net.Conn
	out  *io.PipeReader
}

// openStream runs a command in a container and holds on to it. Whatever it says on standard error
// goes to complain, a line or more at a time.
func (d *daemon) openStream(
	ctx context.Context, container string, command []string, complain func(string),
) (*stream, error) {
	made, err := d.api.ExecCreate(ctx, container, client.ExecCreateOptions{
		AttachStdin: true, AttachStdout: true, AttachStderr: true, Cmd: command,
	})
	if err != nil {
		return nil, fmt.Errorf("exec in container: %w", err)
	}
	attached, err := d.api.ExecAttach(ctx, made.ID, client.ExecAttachOptions{})
	if err != nil {
		return nil, fmt.Errorf("attach to exec: %w", err)
	}
	out, in := io.Pipe()
	go func() {
		_, err := stdcopy.StdCopy(in, complaints(complain), attached.Reader)
		in.CloseWithError(err) // nil is EOF
	}()
	return &stream{attached.Conn, out}, nil
}

// Read reads the command's standard output.
func (s *stream) Read(p []byte) (int, error) { return s.out.Read(p) }

// Write writes to its standard input.
func (s *stream) Write(p []byte) (int, error) { return s.conn.Write(p) }

// Close lets go of the command, which sees the end of its input.
func (s *stream) Close() error { return errors.Join(s.conn.Close(), s.out.Close()) }

type complaints func(string)

// Write passes text on, fit to be shown.
func (c complaints) Write(p []byte) (int, error) {
	c(tail(p, 5))
	return len(p), nil
}

// connect opens the way to a node's agent, says hello and puts the node into the state that it
// shall be in, all before anything else can be asked. The agent may need a moment to listen.
// Whoever calls holds n.mu.
func (n *node) connect(ctx context.Context) (agent.Evidence, error) {
	ctx, cancel := context.WithTimeout(ctx, connectMax)
	defer cancel()
	for {
		e, err := n.connectOnce(ctx)
		if err == nil {
			return e, nil
		}
		n.cluster.daemon.log.Trace("the agent is not there yet", "node", n.id, "error", err)
		if problem := n.gone(ctx); problem != nil {
			return agent.Evidence{}, problem
		}
		select {
		case <-ctx.Done():
			return agent.Evidence{}, fmt.Errorf("connect to the agent of %s: %w", n.id, err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (n *node) connectOnce(ctx context.Context) (agent.Evidence, error) {
	c := n.cluster
	s, err := c.daemon.openStream(ctx, n.container.GetContainerID(),
		[]string{Program, "ctl"}, func(text string) {
			c.daemon.log.Debug("control", "node", n.id, "says", text)
		})
	if err != nil {
		return agent.Evidence{}, err
	}
	link := agent.NewClient(s)
	e, err := link.Hello(ctx, c.peersOf(n), c.config.Lease)
	if err == nil {
		if e.Support != nil {
			n.support = *e.Support
		}
		e, err = link.Apply(ctx, n.want)
	}
	if err == nil && c.life.Err() != nil {
		err = ErrClosed
	}
	if err != nil {
		link.Close()
		return e, err
	}
	n.link = link
	c.keepers.Go(func() { n.keep(link) })
	return e, nil
}

// keep renews the lease. Where the way to the agent broke while the container runs, it is opened
// again: faults shall not heal because a stream did.
func (n *node) keep(link *agent.Client) {
	c := n.cluster
	err := link.Keepalive(c.life, c.config.Lease)
	link.Close()
	if err == nil || c.life.Err() != nil {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.down || n.link != link {
		return
	}
	c.daemon.log.Warn("the way to an agent broke, opening it again", "node", n.id, "error", err)
	if _, err := n.connect(c.life); err != nil && c.life.Err() == nil {
		n.link = nil
		c.daemon.log.Error("an agent is lost: its lease heals its node", "node", n.id, "error", err)
	}
}

// hangUp ends the talk with the agent.
func (n *node) hangUp() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.link != nil {
		n.link.Close()
		n.link = nil
	}
}

// gone says that the container does not run, with the last words from it, if that is so.
func (n *node) gone(ctx context.Context) error {
	m, err := n.machine(ctx)
	if err != nil || m.Running {
		return nil // a daemon that does not answer is somebody else's error
	}
	return fmt.Errorf("the container of %s has stopped with status %d%s",
		n.id, m.Exit, n.lastWords(ctx))
}
