package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"sunder/checker"
	"sunder/harness/plan"
	"sunder/harness/report/store"
	"sunder/harness/shrink"
)

// shrunkFile is where a failing run keeps the smallest plan that fails in the same way.
const shrunkFile = "shrunk.json"

// How many runs a shrink may take: the quick one follows a failing test, unasked, and is bounded
// in time, too.
const (
	shrinkQuick = 300
	shrinkLimit = 5 * time.Second
	shrinkRuns  = 2000
)

func shrinkCommand(stdout, stderr io.Writer) *cobra.Command {
	var f testFlags
	c := &cobra.Command{
		Use:   "shrink DIR",
		Short: "Find the smallest plan that fails as a stored run did, and run it",
		Long: "Takes faults, time, operations and nodes out of the plan of a failing run, as long as\n" +
			"the simulation still shows an anomaly of the same class. The plan is kept as\n" +
			shrunkFile + " in the run's folder, and then run.",
		Example: "  sunder shrink store/latest",
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage("shrink wants the folder of one run, as in sunder shrink store/latest")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			log, err := newLogger(f, stderr)
			if err != nil {
				return err
			}
			if f.count < 1 {
				return usage("--runs is %d, want at least 1", f.count)
			}
			p, err := shrinkRun(c.Context(), args[0], f.count, stdout)
			if err != nil {
				return err
			}
			r, err := runOne(c.Context(),
				session{flags: f, plan: p, log: log, stdout: stdout, stderr: stderr})
			if err != nil {
				return err
			}
			if status := statusOf(r); status != exitValid {
				return exit{status: status}
			}
			return nil
		},
	}
	fl := c.Flags()
	fl.IntVar(&f.count, "runs", shrinkRuns, "most runs that it may take")
	f.addCommon(c)
	return c
}

// errNoFailure is returned for a run that has nothing to be shrunk.
var errNoFailure = errors.New("the run shows no anomaly")

// shrinkRun shrinks the plan of the run stored in dir and keeps the smallest one beside it.
func shrinkRun(ctx context.Context, dir string, runs int, out io.Writer) (plan.Plan, error) {
	run, err := store.Open(dir)
	if err != nil {
		return plan.Plan{}, usage("%w", err)
	}
	defer run.Close()
	results, err := run.Results()
	if err != nil {
		return plan.Plan{}, usage("%w", err)
	}
	class := classOf(results)
	if class == "" {
		return plan.Plan{}, usage("shrink %s: %w", dir, errNoFailure)
	}
	began, before := time.Now(), run.Plan
	before.Environment = "sim"
	fails := func(p plan.Plan) bool { return shows(ctx, p, class) }
	if !fails(before) {
		return plan.Plan{}, usage("shrink %s: run again in sim it shows no %s: it was made by "+
			"another program, or what fails is not simulated", dir, class)
	}
	found := shrink.Plan(before, runs, shrink.Runs{Fails: fails,
		Record: func(p plan.Plan) shrink.Recording {
			return shrink.Recording{Script: p.Script, Faults: p.Faults}
		}})
	if err := run.Write(shrunkFile, found.Plan.Write); err != nil {
		return plan.Plan{}, broken(err)
	}
	fmt.Fprintf(out, "shrunk      %s: %d → %d faults, %d → %d nodes, %d → %d threads, %v → %v; "+
		"%d runs, %v\n",
		class, len(before.Faults), len(found.Plan.Faults), before.Nodes, found.Plan.Nodes,
		before.Concurrency, found.Plan.Concurrency, before.TimeLimit, found.Plan.TimeLimit,
		found.Runs, time.Since(began).Round(time.Millisecond))
	fmt.Fprintf(out, "            sunder test --plan %s\n", filepath.Join(run.Dir, shrunkFile))
	return found.Plan, nil
}

// shows says whether a simulation of p ends with an anomaly of the class.
func shows(ctx context.Context, p plan.Plan, class string) bool {
	if ctx.Err() != nil {
		return false
	}
	r, err := simulate(ctx, p)
	return err == nil && slices.ContainsFunc(r.Anomalies, func(a checker.Anomaly) bool {
		return a.Class == class
	})
}
