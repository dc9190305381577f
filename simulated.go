package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"sunder/harness"
	"sunder/harness/history"
	"sunder/harness/report/store"
	"sunder/nodes"
	"sunder/sim"
)

// simulated is a simulation with what its nodes leave behind.
type simulated struct {
	*sim.World
	beats atomic.Int64 // signs of life, for the watchdog
	spent string       // why the world stands still
	debts []string     // that the nodes have when the test is over
	abort func()

	mu       sync.Mutex // for what follows, as a stuck node is not alone with it
	stuck    bool
	observed map[nodes.ID][]nodes.Observed
	logs     map[nodes.ID]*bytes.Buffer
}

func (s *session) simulation() (stage, error) {
	e := &simulated{observed: map[nodes.ID][]nodes.Observed{}, logs: map[nodes.ID]*bytes.Buffer{}}
	o := sim.Options{Plan: s.plan, Protocol: s.parts.protocol, Client: s.test.Client,
		Observe: e.observe, Log: e.log,
		Exhausted: func(why string) { e.spent = why; e.abort() }}
	err := guard(e.beats.Load, cmp.Or(s.patience, patience), func() (err error) {
		e.World, err = sim.New(o)
		return err
	})
	if errors.Is(err, errStuck) {
		return nil, exit{exitUnknown, fmt.Errorf("boot the nodes: %w\n%s", err, simulationStack())}
	}
	if err != nil {
		return nil, broken(err)
	}
	return e, nil
}

func (e *simulated) observe(o nodes.Observed) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.stuck {
		e.observed[o.Node] = append(e.observed[o.Node], o)
	}
}

func (e *simulated) log(id nodes.ID, line string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.stuck {
		return
	}
	if e.logs[id] == nil {
		e.logs[id] = &bytes.Buffer{}
	}
	fmt.Fprintf(e.logs[id], "%v %s\n", e.now(), line)
}

// now is 0 while the nodes are being booted.
func (e *simulated) now() time.Duration {
	if e.World == nil {
		return 0
	}
	return e.Now()
}

// beatEvery is how much virtual time passes, at most, without a sign of life.
const beatEvery = 10 * time.Millisecond

// Await is the world's, in small steps: that makes no difference to it.
func (e *simulated) Await(until time.Duration) (history.Event, bool) {
	for {
		e.beats.Add(1)
		soon := min(until, e.Now()+beatEvery)
		if done, ok := e.World.Await(soon); ok || soon >= until || e.spent != "" {
			return done, ok
		}
	}
}

// conduct conducts the test. Where the simulation can go on no more, it says why: the nodes flood,
// or one of them is stuck. What they did until then is in the journal.
func (e *simulated) conduct(ctx context.Context, s *session, j *progress) (why string, err error) {
	abort, cancel := context.WithCancel(abortOf(ctx))
	defer cancel()
	e.abort = cancel
	err = guard(e.beats.Load, cmp.Or(s.patience, patience), func() error {
		err := harness.Conduct(ctx, abort, e, s.test.Scheduler(), j,
			func(line string) { s.log.Info(line) })
		if err == nil {
			e.debts = e.World.Debts()
		}
		return err
	})
	switch {
	case errors.Is(err, errStuck):
		e.mu.Lock()
		e.stuck = true
		e.mu.Unlock()
		stack := simulationStack()
		fmt.Fprintf(s.stderr, "sunder: %v; it is here:\n%s\n", err, stack)
		keep := s.run.Write(stackFile, func(w io.Writer) error {
			_, err := io.WriteString(w, stack)
			return err
		})
		return fmt.Sprintf("%v for %v; %s says where it is", err, cmp.Or(s.patience, patience),
			stackFile), errors.Join(j.leave(), keep)
	case errors.Is(err, harness.ErrAborted) && e.spent != "":
		return e.spent, nil
	}
	return "", err
}

// Collect stores observations and logs, which are in memory.
func (e *simulated) Collect(_ context.Context, r *store.Run) (remains, error) {
	out := remains{observed: e.observed, debts: e.debts}
	var errs []error
	for id, observed := range e.observed {
		var lines []byte
		for _, o := range observed {
			lines = append(o.AppendJSON(lines), '\n')
		}
		errs = append(errs, save(r, id.String(), observationsFile, lines))
	}
	for id, log := range e.logs {
		out.logs = append(out.logs, nodeLog{id.String(), "stderr.log", log.Bytes()})
		errs = append(errs, save(r, id.String(), "stderr.log", log.Bytes()))
	}
	return out, errors.Join(errs...)
}

// Close ends the clients, unless a node is stuck: they wait for the world, which never comes back.
func (e *simulated) Close(context.Context) error {
	if !e.stuck {
		e.World.Close()
	}
	return nil
}
