package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"sunder/harness"
	"sunder/harness/plan"
	"sunder/harness/report/lines"
	"sunder/harness/report/store"
	"sunder/search"
)

// shrunkFile is where a failing run keeps the smallest plan that fails in the same way.
const shrunkFile = "shrunk.json"

// What a shrink may take: the one that follows a failing test, unasked, has a limit in time, too.
const (
	shrinkLimit = 5 * time.Second
	shrinkRuns  = 10_000
)

func shrinkCommand(stdout, stderr io.Writer) *cobra.Command {
	var f testFlags
	c := &cobra.Command{
		Use:   "shrink DIR",
		Short: "Find the smallest plan that fails as a stored run did, and run it",
		Long: "Takes faults, time, operations and nodes out of the plan of a failing run, as long as\n" +
			"the simulation still shows an anomaly of the same class. What clients did becomes a script,\n" +
			"and in the end every message takes the same time but for those that matter. The plan is\n" +
			"kept as " + shrunkFile + " in the run's folder, and then run.",
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
			s := &session{flags: f, plan: p, log: log, stdout: stdout, stderr: stderr}
			r, err := runOne(c.Context(), s)
			if err != nil {
				return err
			}
			if class := classOf(r); class != "" {
				err = s.explain(c.Context(), p, class, stdout)
			}
			if err != nil {
				return broken(err)
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
	first, err := search.Run(ctx, before)
	if err != nil {
		return plan.Plan{}, usage("shrink %s: %w", dir, err)
	}
	if !first.Has(class) {
		return plan.Plan{}, usage("shrink %s: run again in sim it shows no %s: it was made by "+
			"another program, or what fails is not simulated", dir, class)
	}
	ops := len(harness.ScriptOf(before, first.Events)) // now: the events do not last
	found := search.Shrink(ctx, before, class, runs)
	if err := run.Write(shrunkFile, found.Plan.Write); err != nil {
		return plan.Plan{}, broken(err)
	}
	say := func(label, format string, args ...any) {
		fmt.Fprint(out, lines.Field(columnsOf(out), label, fmt.Sprintf(format, args...)))
	}
	say("shrunk", "%s: %d → %d faults, %s, %d → %d nodes, %v → %v; %d runs, %v",
		class, len(before.Faults), len(found.Plan.Faults), operations(ops, found.Plan), before.Nodes,
		found.Plan.Nodes, before.TimeLimit, found.Plan.TimeLimit, found.Runs,
		time.Since(began).Round(time.Millisecond))
	if n := found.Plan.Network; n.Fixed.Duration > 0 {
		say("", "every message takes %v%s", n.Fixed, exceptions(n.Except))
	}
	fmt.Fprintf(out, "%-12ssunder test --plan %s\n", "", filepath.Join(run.Dir, shrunkFile))
	return found.Plan, nil
}

// operations says how many there were and are. Where no script is left, none reproduced it.
func operations(before int, p plan.Plan) string {
	if len(p.Script) == 0 {
		return fmt.Sprintf("%d operations, generated anew", before)
	}
	return fmt.Sprintf("%d → %d operations", before, len(p.Script))
}

// exceptionsShown is how many odd messages are told apart.
const exceptionsShown = 5

// exceptions says which messages are odd, in words.
func exceptions(odd []plan.Except) string {
	if len(odd) == 0 {
		return ""
	}
	var words []string
	for _, e := range odd[:min(len(odd), exceptionsShown)] {
		what := fmt.Sprintf("takes %v", e.Takes)
		if e.Lost {
			what = "is lost"
		}
		if e.Again.Duration > 0 {
			what += fmt.Sprintf(" and comes again after %v", e.Again)
		}
		words = append(words, fmt.Sprintf("%s %d from %s to %s %s", e.Kind, e.Nth, e.From, e.To, what))
	}
	if more := len(odd) - len(words); more > 0 {
		words = append(words, fmt.Sprintf("and %d more", more))
	}
	return ", but " + strings.Join(words, ", ")
}
