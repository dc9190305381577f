// Package search looks for plans that fail: it makes plans from seeds, runs them in the simulation
// by the thousand, and keeps what is worth a closer look. Nothing is stored on the way; a plan is
// all that it takes to see a run again.
package search

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"sunder/checker"
	"sunder/harness"
	"sunder/harness/history"
	"sunder/harness/plan"
	"sunder/nemesis"
	"sunder/nodes"
	"sunder/nodes/catalog"
	"sunder/nodes/kv"
	"sunder/oracle"
	"sunder/sim"
	"sunder/workloads"
)

// Outcome is what came of one simulated run.
type Outcome struct {
	Result checker.Result
	Events []history.Event
	Trace  uint64 // hash of all that happened
	Steps  uint64 // things that happened
	OK     int    // operations that were answered ok
	Proven int    // faults that had an effect
}

// Class is that of the first anomaly; empty: there was none.
func (o Outcome) Class() string {
	if len(o.Result.Anomalies) == 0 {
		return ""
	}
	return o.Result.Anomalies[0].Class
}

// Has says whether there is an anomaly of the class.
func (o Outcome) Has(class string) bool {
	return slices.ContainsFunc(o.Result.Anomalies, func(a checker.Anomaly) bool {
		return a.Class == class
	})
}

// By is the names of the checkers that found fault.
func (o Outcome) By() (names []string) {
	for _, part := range o.Result.Parts {
		if part.Verdict == checker.Invalid {
			names = append(names, part.Name)
		}
	}
	return names
}

// count counts what the run did and what was done to it.
func (o *Outcome) count(records []nemesis.Record) {
	for i := range o.Events {
		if e := &o.Events[i]; e.Kind == history.OK && e.Process != history.Nemesis {
			o.OK++
		}
	}
	for i := range records {
		if records[i].Effect == nemesis.Proven {
			o.Proven++
		}
	}
}

// Run runs a plan in the simulation and judges it.
func Run(ctx context.Context, p plan.Plan) (Outcome, error) {
	var r Runner
	defer r.Close()
	return r.Run(ctx, p)
}

// Runner runs plans one after the other and keeps its memory between them, and the clients'
// coroutines until it is closed. It is for one goroutine.
type Runner struct {
	// Stop, where there is one, ends a run as soon as an oracle finds an anomaly of that class:
	// nobody asks what else there might be.
	Stop string
	// States, where there is one, is told of every state that a run reaches.
	States *States
	// Watch and Observe listen to the simulation; see sim.Options.
	Watch   func(sim.Moment)
	Observe func(nodes.Observed)
	Codec   *bool
	// Blind lets no oracle listen. Where they find nothing, the run and its verdict are the same.
	Blind bool

	world  sim.World
	oracle *oracle.Oracle
	events []history.Event
}

// Run runs a plan in the simulation and judges it. The outcome's events are good until the next
// run.
func (r *Runner) Run(ctx context.Context, p plan.Plan) (Outcome, error) {
	protocol, err := catalog.Find(p.System)
	if err != nil {
		return Outcome{}, err
	}
	workload, err := workloads.Find(p.Workload)
	if err != nil {
		return Outcome{}, err
	}
	if r.oracle == nil {
		r.oracle = oracle.New()
	}
	r.oracle.Reset()
	if r.States != nil {
		r.States.begin()
	}
	test := harness.NewTest(p, workload, slices.Contains(protocol.Ops, kv.OpenSession))
	test.Brief = r.Watch == nil // who listens closely reads the history, too
	ctx, abort := context.WithCancel(ctx)
	defer abort()
	found := &listener{r: r, abort: abort}
	options := sim.Options{Plan: p, Protocol: protocol, Client: test.Client, Brief: test.Brief,
		Codec: r.Codec, Observe: found.observe, Watch: r.Watch, Log: found.log,
		Exhausted: found.exhausted}
	if r.Blind {
		options.Observe = nil
	}
	w := &r.world
	err = w.Reset(options)
	if err != nil {
		return Outcome{}, err
	}
	j := &journal{events: r.events[:0], note: test.Note}
	err = harness.Conduct(ctx, ctx, w, test.Scheduler(), j, func(string) {})
	r.events = j.events
	o := Outcome{Events: j.events, Trace: w.Trace(), Steps: w.Steps()}
	o.count(w.Records())
	switch {
	case err == nil:
		debts := w.Debts() // the oracles listen on meanwhile
		o.Result = harness.Judge(ctx, harness.Evidence{Plan: p, Events: j.events, Many: true,
			Online: true, Violations: found.violations, Logs: found.texts(), Records: w.Records(),
			Debts: debts, Checkers: workload.Checkers(test.Options),
			Assumption: protocol.Clock(protocol.Pick(p.Options))})
	case errors.Is(err, harness.ErrAborted) && len(found.violations) > 0:
		o.Result = harness.JudgeOracles(found.violations, w.Records())
	case errors.Is(err, harness.ErrAborted) && found.spent != "":
		o.Result = checker.Result{Name: "sunder", Verdict: checker.Unknown, Reason: found.spent}
	default:
		return o, err
	}
	return o, nil
}

// Close ends the clients of the last run. More runs may follow.
func (r *Runner) Close() { r.world.Close() }

// listener is what hears a run as it goes.
type listener struct {
	r          *Runner
	abort      func()
	violations []oracle.Violation
	logs       map[nodes.ID]*bytes.Buffer
	spent      string // why the run was given up
}

func (l *listener) exhausted(why string) {
	l.spent = why
	l.abort()
}

// violationsMax bounds what is kept: after the first, most are its consequences.
const violationsMax = 10

func (l *listener) observe(o nodes.Observed) {
	if v := l.r.oracle.Observe(o); v != nil {
		if len(l.violations) < violationsMax {
			l.violations = append(l.violations, *v)
		}
		if v.Oracle == l.r.Stop {
			l.abort()
		}
	}
	if l.r.States != nil {
		l.r.States.observe(o)
	}
	if l.r.Observe != nil {
		l.r.Observe(o)
	}
}

func (l *listener) log(id nodes.ID, line string) {
	if l.logs == nil {
		l.logs = map[nodes.ID]*bytes.Buffer{}
	}
	if l.logs[id] == nil {
		l.logs[id] = &bytes.Buffer{}
	}
	fmt.Fprintln(l.logs[id], line)
}

func (l *listener) texts() (out []checker.Log) {
	for id := nodes.ID(1); len(out) < len(l.logs); id++ {
		if text := l.logs[id]; text != nil {
			out = append(out, checker.Log{Node: id.String(), Text: text})
		}
	}
	return out
}

// journal keeps a history in memory.
type journal struct {
	events []history.Event
	note   func(history.Event)
}

// Append keeps e.
func (j *journal) Append(e history.Event) (history.Event, error) {
	e.Index = len(j.events)
	j.events = append(j.events, e)
	j.note(e)
	return e, nil
}

// Flush has nothing to do.
func (j *journal) Flush() error { return nil }
