// Package environment runs tests in containers: it is the harness's Environment over a cluster of
// package docker. Each client process is a goroutine with connections of its own; the nemesis is
// one more. What they finish comes together in one channel, which the conductor drains.
package environment

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	"golang.org/x/sys/unix"

	"sunder/docker"
	"sunder/harness"
	"sunder/harness/history"
	"sunder/harness/plan"
	"sunder/nemesis"
	"sunder/nemesis/agent"
	"sunder/nodes"
)

// Options is what an Environment needs beside the cluster.
type Options struct {
	Plan       plan.Plan
	Assumption nodes.ClockAssumption
	Client     func(history.Process) nodes.Client
	Log        hclog.Logger
}

// cluster is what an environment asks of a docker.Cluster.
type cluster interface {
	Address(nodes.ID) (string, error)
	Apply(context.Context, nodes.ID, nemesis.State) (agent.Evidence, error)
	Read(context.Context, nodes.ID) (agent.Evidence, error)
	Probe(context.Context, nodes.ID) (agent.Evidence, error)
	Kill(context.Context, nodes.ID) (docker.Machine, error)
	Start(context.Context, nodes.ID) (docker.Machine, agent.Evidence, error)
	Close(context.Context) error
}

// Environment is a cluster with its clients. It is a harness.Environment.
type Environment struct {
	Options
	cluster cluster
	ids     []nodes.ID
	names   []string

	origin    time.Time
	originRaw time.Duration // the same instant on CLOCK_MONOTONIC_RAW, by which nodes observe

	interrupt <-chan struct{} // what makes Await return early: stop's end, and then abort's
	abort     <-chan struct{}
	life      context.Context // of clients, probes and the nemesis
	end       context.CancelFunc
	running   sync.WaitGroup

	completions chan history.Event
	processes   map[history.Process]chan history.Event
	timer       *time.Timer
	driver      *driver
	injector    harness.Injector
	jobs        chan func()
	watch       watch
}

// New is the environment of a cluster that is up, led by whom the plan wants. History time begins
// when it returns. When stop ends, Await returns early once; when abort ends, always.
func New(stop, abort context.Context, c *docker.Cluster, o Options) *Environment {
	return over(stop, abort, c, o)
}

func over(stop, abort context.Context, c cluster, o Options) *Environment {
	e := &Environment{Options: o, cluster: c, interrupt: stop.Done(), abort: abort.Done(),
		completions: make(chan history.Event, 2*o.Plan.Concurrency+16),
		processes:   map[history.Process]chan history.Event{}, timer: time.NewTimer(0),
		jobs: make(chan func(), 1)}
	for i := range o.Plan.Nodes {
		id := nodes.ID(i + 1)
		e.ids, e.names = append(e.ids, id), append(e.names, id.String())
	}
	e.life, e.end = context.WithCancel(context.WithoutCancel(stop))
	e.driver = &driver{e: e, now: map[string]nemesis.State{}, unsure: map[string]bool{},
		dead: map[string]bool{}}
	e.injector = harness.Injector{Driver: e.driver,
		Faults: o.Plan.Faults, Ledger: &nemesis.Ledger{Nodes: e.names, Assumption: o.Assumption}}
	e.elect(o.Plan.Leader)
	e.origin, e.originRaw = time.Now(), rawClock()
	e.running.Go(func() {
		for {
			select {
			case job := <-e.jobs:
				job()
			case <-e.life.Done():
				return
			}
		}
	})
	e.running.Go(e.observe)
	return e
}

// Close ends clients, probes and the nemesis, and then takes the cluster down: never the other
// way round, for a packet to a network that is gone would leave the machine.
func (e *Environment) Close(ctx context.Context) error {
	e.end()
	e.running.Wait()
	return e.cluster.Close(ctx)
}

// Now is the time since the cluster was up.
func (e *Environment) Now() time.Duration { return time.Since(e.origin) }

// Invoke hands an operation to the goroutine of its process.
func (e *Environment) Invoke(inv history.Event) {
	in := e.processes[inv.Process]
	if in == nil {
		in = make(chan history.Event, 1)
		e.processes[inv.Process] = in
		p := &process{e: e, client: e.Client(inv.Process), endpoints: map[nodes.ID]nodes.Endpoint{}}
		e.running.Go(func() { p.run(in) })
	}
	in <- inv
}

// Await returns the next completion.
func (e *Environment) Await(until time.Duration) (history.Event, bool) {
	select {
	case c := <-e.completions:
		return e.completed(c), true
	default:
	}
	left := until - e.Now()
	if left <= 0 {
		return history.Event{}, false
	}
	e.timer.Reset(left)
	select {
	case c := <-e.completions:
		return e.completed(c), true
	case <-e.timer.C:
	case <-e.interrupt:
		e.interrupt = e.abort
	}
	return history.Event{}, false
}

// completed forgets a process that was retired.
func (e *Environment) completed(c history.Event) history.Event {
	if c.Kind == history.Info && c.Process != history.Nemesis {
		delete(e.processes, c.Process)
	}
	return c
}

// report hands a completion to the conductor.
func (e *Environment) report(c history.Event) {
	select {
	case e.completions <- c:
	case <-e.life.Done():
	}
}

// Inject starts or ends a fault on the nemesis's goroutine.
func (e *Environment) Inject(inv history.Event, fault int, end bool) {
	e.do(inv, func() (history.Value, error) { return e.injector.Do(fault, end) })
}

// Recover heals once more, makes sure that nothing is left of any fault that does not stay, and
// waits until all nodes that are not away agree on who leads.
func (e *Environment) Recover(inv history.Event) { e.do(inv, e.recovered) }

// do runs one operation of the nemesis. The scheduler starts one at a time, but it may give one
// up; then this waits for its end.
func (e *Environment) do(inv history.Event, f func() (history.Value, error)) {
	job := func() {
		value, err := f()
		c := inv
		c.Kind, c.Time = history.OK, e.Now()
		if value != "" {
			c.Value = value
		}
		if err != nil {
			c.Kind, c.Error = history.Info, err.Error()
		}
		e.report(c)
	}
	e.running.Go(func() {
		select {
		case e.jobs <- job:
		case <-e.life.Done():
		}
	})
}

// How long a healed cluster may take until it serves again.
const recoverLimit = 30 * time.Second

func (e *Environment) recovered() (history.Value, error) {
	limit := e.Now() + recoverLimit
	away := e.injector.Ledger.Away()
	rest := slices.DeleteFunc(slices.Clone(e.ids), func(id nodes.ID) bool {
		return slices.Contains(away, id.String())
	})
	if err := e.driver.heal(e.injector.Ledger.Desired(), rest); err != nil {
		return "", fmt.Errorf("heal: %w", err)
	}
	for {
		leader, agree := e.watch.look(e.life, e, rest)
		value := history.Marshal(harness.Recovered{Leader: leader, Without: away})
		switch {
		case agree:
			return value, nil
		case e.Now() > limit:
			return value, fmt.Errorf("not recovered after %v: %s", recoverLimit, e.watch.words(rest))
		}
		if !sleep(e.life, 20*time.Millisecond) {
			return "", errors.New("the test was ended")
		}
	}
}

// sleep waits; false says that ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// rawClock is CLOCK_MONOTONIC_RAW, by which nodes note what they observe.
func rawClock() time.Duration { return clock(unix.CLOCK_MONOTONIC_RAW) }

// monotonic is CLOCK_MONOTONIC, by which agents note what they did.
func monotonic() time.Duration { return clock(unix.CLOCK_MONOTONIC) }

func clock(id int32) time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(id, &t); err != nil {
		panic(fmt.Sprintf("environment: this machine has no clock %d: %v", id, err))
	}
	return time.Duration(t.Nano())
}

// Since is an instant on CLOCK_MONOTONIC_RAW as a time of the history.
func (e *Environment) Since(raw time.Duration) time.Duration { return raw - e.originRaw }
