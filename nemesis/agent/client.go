package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"sync"
	"time"

	"sunder/nemesis"
)

// ErrStopped says that the agent hung up: its container stopped, or was killed.
var ErrStopped = errors.New("the agent hung up: its container has stopped")

// Client asks one agent, over a stream to `ctl` in its container. Its methods may be called from
// several goroutines; requests go out one at a time. One that is given up (its context ended)
// may still take effect, and leaves the client usable.
type Client struct {
	conn io.ReadWriteCloser
	turn chan struct{} // holds one token: who has it may write and await
	id   uint64        // of the last request; belongs to whoever has the turn

	lines   chan []byte
	replies chan reply
	done    chan struct{} // the stream ended, for the reason err
	err     error
	closing chan struct{}
	once    sync.Once
}

// NewClient begins to read conn. Close ends it and conn.
func NewClient(conn io.ReadWriteCloser) *Client {
	c := &Client{
		conn: conn, turn: make(chan struct{}, 1), lines: make(chan []byte),
		replies: make(chan reply), done: make(chan struct{}), closing: make(chan struct{}),
	}
	c.turn <- struct{}{}
	go c.read()
	go c.write()
	return c
}

// Close hangs up. The agent and its node live on, until the lease ends.
func (c *Client) Close() error {
	var err error
	c.once.Do(func() {
		close(c.closing)
		err = c.conn.Close()
	})
	<-c.done
	return err
}

// Hello names the node's peers and how long the harness may be silent before everything heals.
// It must be the first request, and may come again: after a reconnect, or when peers change.
func (c *Client) Hello(
	ctx context.Context, peers map[string]netip.Addr, lease time.Duration,
) (Evidence, error) {
	return c.ask(ctx, request{Op: opHello, Version: version, Peers: peers, Lease: lease})
}

// Apply puts the node into state s and shows what became of it. An error may come with evidence:
// part of it was done.
func (c *Client) Apply(ctx context.Context, s nemesis.State) (Evidence, error) {
	return c.ask(ctx, request{Op: opApply, State: &s})
}

// Read shows the node as it is.
func (c *Client) Read(ctx context.Context) (Evidence, error) {
	return c.ask(ctx, request{Op: opRead})
}

// Ping keeps the lease.
func (c *Client) Ping(ctx context.Context) error {
	_, err := c.ask(ctx, request{Op: opPing})
	return err
}

// Probe makes the node's container send every peer a packet, so that those who drop what it sends
// have something to count.
func (c *Client) Probe(ctx context.Context) (Evidence, error) {
	return c.ask(ctx, request{Op: opProbe})
}

// Keepalive pings every third of the lease, until ctx ends (it returns nil) or the agent is gone.
func (c *Client) Keepalive(ctx context.Context, lease time.Duration) error {
	tick := time.NewTicker(max(lease/3, time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-c.done:
			return c.err
		case <-tick.C:
		}
		if err := c.Ping(ctx); err != nil && ctx.Err() == nil {
			return fmt.Errorf("ping agent: %w", err)
		}
	}
}

func (c *Client) ask(ctx context.Context, r request) (Evidence, error) {
	select {
	case <-ctx.Done():
		return Evidence{}, ctx.Err()
	case <-c.done:
		return Evidence{}, c.err
	case <-c.turn:
	}
	defer func() { c.turn <- struct{}{} }()
	c.id++
	r.ID = c.id
	line, err := json.Marshal(r)
	if err != nil {
		return Evidence{}, fmt.Errorf("encode %s: %w", r.Op, err)
	}
	if len(line) >= lineMax {
		return Evidence{}, fmt.Errorf("encode %s: %w", r.Op, errLineTooLong)
	}
	select {
	case <-ctx.Done():
		return Evidence{}, fmt.Errorf("send %s: %w", r.Op, ctx.Err())
	case <-c.done:
		return Evidence{}, c.err
	case c.lines <- append(line, '\n'):
	}
	return c.await(ctx, r)
}

// await is the reply to r; those to requests that were given up pass by.
func (c *Client) await(ctx context.Context, r request) (Evidence, error) {
	for {
		select {
		case <-ctx.Done():
			return Evidence{}, fmt.Errorf("await %s: %w", r.Op, ctx.Err())
		case <-c.done:
			return Evidence{}, c.err
		case got := <-c.replies:
			if got.ID != 0 && got.ID != r.ID {
				continue
			}
			var e Evidence
			if got.Evidence != nil {
				e = *got.Evidence
			}
			if got.Error != "" {
				return e, fmt.Errorf("agent: %s", got.Error)
			}
			return e, nil
		}
	}
}

// write sends lines apart from whoever asks, because a stream that does not move must not outlast
// a context. A stream that cannot be written to is closed, which ends read too.
func (c *Client) write() {
	for {
		select {
		case <-c.done:
			return
		case line := <-c.lines:
			if _, err := c.conn.Write(line); err != nil {
				c.conn.Close()
				return
			}
		}
	}
}

// read hands replies to whoever awaits one. Nobody may: then they are dropped with the client.
func (c *Client) read() {
	defer close(c.done)
	in := newLines(c.conn)
	for {
		line, err := in.next()
		if err != nil {
			c.err = fmt.Errorf("%w (%v)", ErrStopped, err)
			return
		}
		var r reply
		if err := json.Unmarshal(line, &r); err != nil {
			c.err = fmt.Errorf("decode reply %.80q: %w", line, err)
			return
		}
		select {
		case c.replies <- r:
		case <-c.closing:
			c.err = ErrStopped
			return
		}
	}
}
