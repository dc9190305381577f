package harnesstest

import (
	"context"
	"fmt"
	"sync"
	"time"

	"sunder/harness"
	"sunder/harness/history"
	"sunder/harness/plan"
	"sunder/nemesis"
	"sunder/nodes"
	"sunder/nodes/kv"
)

// Memory is the smallest environment there is: the nodes of a plan share one state machine under
// a lock, clients are goroutines, and the one thing that can be done to a node is to kill it.
type Memory struct {
	client    func(history.Process) nodes.Client
	began     time.Time
	interrupt <-chan struct{} // nil once it was heard
	over      chan struct{}
	running   sync.WaitGroup

	completions chan history.Event
	processes   map[history.Process]chan history.Event
	injector    harness.Injector

	mu      sync.Mutex // guards what follows
	machine kv.Machine
	applied uint64
	down    map[nodes.ID]bool
	names   []string
}

// NewMemory is an environment for p with these clients. When ctx ends, Await returns early once.
func NewMemory(ctx context.Context, p plan.Plan,
	client func(history.Process) nodes.Client) *Memory {
	m := &Memory{client: client, began: time.Now(), interrupt: ctx.Done(), over: make(chan struct{}),
		completions: make(chan history.Event, 2*p.Concurrency+16),
		processes:   map[history.Process]chan history.Event{}, down: map[nodes.ID]bool{}}
	for i := range p.Nodes {
		m.names = append(m.names, nodes.ID(i+1).String())
	}
	m.injector = harness.Injector{Driver: killer{m}, Faults: p.Faults,
		Ledger: &nemesis.Ledger{Nodes: m.names}}
	return m
}

// Close ends the clients.
func (m *Memory) Close() {
	close(m.over)
	m.running.Wait()
}

// Now is the time since NewMemory.
func (m *Memory) Now() time.Duration { return time.Since(m.began) }

// Invoke hands an operation to the goroutine of its process.
func (m *Memory) Invoke(inv history.Event) {
	in := m.processes[inv.Process]
	if in == nil {
		in = make(chan history.Event, 1)
		m.processes[inv.Process] = in
		c := m.client(inv.Process)
		m.running.Go(func() { m.run(c, in) })
	}
	in <- inv
}

func (m *Memory) run(c nodes.Client, in <-chan history.Event) {
	for {
		select {
		case inv := <-in:
			conn := conn{m: m}
			value, err := invoke(c, &conn, inv)
			done := history.Complete(inv, m.Now(), value, err)
			done.Node = conn.asked
			m.report(done)
			if done.Kind == history.Info {
				return
			}
		case <-m.over:
			return
		}
	}
}

func invoke(c nodes.Client, to nodes.Conn, inv history.Event) (v history.Value, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	return c.Invoke(to, inv)
}

func (m *Memory) report(e history.Event) {
	select {
	case m.completions <- e:
	case <-m.over:
	}
}

// Await returns the next completion.
func (m *Memory) Await(until time.Duration) (history.Event, bool) {
	select {
	case e := <-m.completions:
		return e, true
	default:
	}
	left := until - m.Now()
	if left <= 0 {
		return history.Event{}, false
	}
	t := time.NewTimer(left)
	defer t.Stop()
	select {
	case e := <-m.completions:
		return e, true
	case <-t.C:
	case <-m.interrupt:
		m.interrupt = nil
	}
	return history.Event{}, false
}

// Inject starts or ends a fault, at once.
func (m *Memory) Inject(inv history.Event, fault int, end bool) {
	value, err := m.injector.Do(fault, end)
	done := history.Complete(inv, m.Now(), value, err)
	done.Value = value
	m.report(done)
}

// Recover has nothing to wait for: who is not away serves.
func (m *Memory) Recover(inv history.Event) {
	m.report(history.Complete(inv, m.Now(), history.Marshal(harness.Recovered{Leader: "n1",
		Without: m.injector.Ledger.Away()}), nil))
}

// conn is the nodes.Conn of one operation.
type conn struct {
	m     *Memory
	asked string
}

func (c *conn) Now() time.Duration { return c.m.Now() }

func (c *conn) Sleep(d time.Duration) {
	select {
	case <-time.After(d):
	case <-c.m.over:
	}
}

func (c *conn) Do(to nodes.ID, cmd kv.Command, _ time.Duration) (kv.Result, error) {
	c.asked = to.String()
	c.m.mu.Lock()
	defer c.m.mu.Unlock()
	if c.m.down[to] {
		return kv.Result{}, history.Definite(nodes.ErrUnreachable)
	}
	c.m.applied++
	return c.m.machine.Apply(c.m.applied, cmd), nil
}

// killer is the driver: a node is up or down, and who is up again has a new process.
type killer struct{ m *Memory }

func (k killer) View() nemesis.View { return nemesis.View{Now: k.m.Now(), Leader: "n1"} }

func (k killer) Apply(states map[string]nemesis.State) (time.Duration, error) {
	k.m.mu.Lock()
	defer k.m.mu.Unlock()
	for i, name := range k.m.names {
		k.m.down[nodes.ID(i+1)] = states[name].Killed
	}
	return 0, nil
}

func (k killer) Read(into map[string]nemesis.Evidence) {
	k.m.mu.Lock()
	defer k.m.mu.Unlock()
	for i, name := range k.m.names {
		into[name] = nemesis.Evidence{State: "running", PID: i + 1, Born: uint64(k.m.Now())}
		if k.m.down[nodes.ID(i+1)] {
			into[name] = nemesis.Evidence{State: "dead"}
		}
	}
}
