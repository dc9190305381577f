package main

import (
	"context"
	"slices"

	"sunder/checker"
	"sunder/harness"
	"sunder/harness/history"
	"sunder/harness/plan"
	"sunder/nodes"
	"sunder/nodes/kv"
	"sunder/sim"
)

// simulate runs a plan in the simulation and judges it, and stores nothing: for those who run
// thousands.
func simulate(ctx context.Context, p plan.Plan) (checker.Result, error) {
	found, err := partsOf(p)
	if err != nil {
		return checker.Result{}, err
	}
	test := harness.NewTest(p, found.workload, slices.Contains(found.protocol.Ops, kv.OpenSession))
	observed := map[nodes.ID][]nodes.Observed{}
	w, err := sim.New(sim.Options{Plan: p, Protocol: found.protocol, Client: test.Client,
		Observe: func(o nodes.Observed) { observed[o.Node] = append(observed[o.Node], o) }})
	if err != nil {
		return checker.Result{}, err
	}
	defer w.Close()
	j := &events{note: test.Note}
	if err := harness.Conduct(ctx, ctx, w, test.Scheduler(), j, func(string) {}); err != nil {
		return checker.Result{}, err
	}
	return harness.Judge(ctx, harness.Evidence{Plan: p, Events: j.all, Observed: observed,
		Checkers:   found.workload.Checkers(test.Options),
		Assumption: found.protocol.Clock(found.protocol.Pick(p.Options))}), nil
}

// events is a journal in memory.
type events struct {
	all  []history.Event
	note func(history.Event)
}

// Append keeps e.
func (j *events) Append(e history.Event) (history.Event, error) {
	e.Index = len(j.all)
	j.all = append(j.all, e)
	j.note(e)
	return e, nil
}

// Flush has nothing to do.
func (j *events) Flush() error { return nil }
