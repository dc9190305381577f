package environment

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"sunder/harness/history"
	"sunder/nodes"
	"sunder/nodes/host"
	"sunder/nodes/kv"
)

// process runs one client, and is its nodes.Conn: it opens connections lazily, one to each node,
// and drops one after any trouble.
type process struct {
	e         *Environment
	client    nodes.Client
	endpoints map[nodes.ID]nodes.Endpoint
	asked     nodes.ID
}

// run does operations until one ends as info, which retires the process, or the test is over.
func (p *process) run(in <-chan history.Event) {
	defer func() {
		for _, open := range p.endpoints {
			_ = open.Close()
		}
	}()
	for {
		select {
		case inv := <-in:
			p.asked = 0
			value, err := p.invoke(inv)
			c := history.Complete(inv, p.e.Now(), value, err)
			if p.asked != 0 {
				c.Node = p.asked.String()
			}
			p.e.report(c)
			if c.Kind == history.Info {
				return
			}
		case <-p.e.life.Done():
			return
		}
	}
}

func (p *process) invoke(inv history.Event) (v history.Value, err error) {
	defer func() {
		if r := recover(); r != nil {
			p.e.Log.Error("a client panicked", "panic", r, "stack", string(debug.Stack()))
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	return p.client.Invoke(p, inv)
}

func (p *process) Now() time.Duration { return p.e.Now() }

func (p *process) Sleep(d time.Duration) { sleep(p.e.life, d) }

// Do sends one command once. A connection counts as open only after the node answered on it, so a
// failure before that proves that nothing was sent.
func (p *process) Do(to nodes.ID, c kv.Command, timeout time.Duration) (kv.Result, error) {
	ctx, cancel := context.WithTimeout(p.e.life, timeout)
	defer cancel()
	p.asked = to
	open := p.endpoints[to]
	if open == nil {
		var err error
		if open, err = p.e.open(ctx, to); err != nil {
			return kv.Result{}, p.stopped(history.Definite(err))
		}
		p.endpoints[to] = open
	}
	res, err := open.Do(ctx, c)
	if err != nil {
		_ = open.Close()
		delete(p.endpoints, to)
		return res, p.stopped(err)
	}
	return res, nil
}

// stopped is err, or ErrStopped where the end of the test is the cause.
func (p *process) stopped(err error) error {
	switch {
	case p.e.life.Err() == nil:
		return err
	case errors.Is(err, history.ErrDefinite):
		return history.Definite(fmt.Errorf("%w: %w", nodes.ErrStopped, err))
	}
	return nodes.ErrStopped
}

// open connects to a node's clients' port, wherever that is now.
func (e *Environment) open(ctx context.Context, id nodes.ID) (nodes.Endpoint, error) {
	address, err := e.cluster.Address(id)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", nodes.ErrUnreachable, err)
	}
	return host.Open(ctx, address)
}
