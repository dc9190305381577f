package main

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"sunder/harness/plan"
	"sunder/nodes"
	"sunder/nodes/catalog"
	"sunder/search"
)

// huntFlags are the flags of sunder bugs.
type huntFlags struct {
	system, workload, out string
	bugs                  []string
	seeds                 int
	first                 uint64
	budget                time.Duration
}

func bugsCommand(stdout, _ io.Writer) *cobra.Command {
	var f huntFlags
	c := &cobra.Command{
		Use:   "bugs",
		Short: "Hunt every planted bug in the simulation and write the kill matrix",
		Long: "Runs seeds in the simulation against each planted bug until one shows an anomaly or\n" +
			"the budget is spent, on all cores, and writes down what found it after how many seeds.\n" +
			"The system without a bug is run as a control: any anomaly there is a false alarm.",
		Example: "  sunder bugs --system raft --budget 1m",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return hunt(c.Context(), f, stdout)
		},
	}
	fl := c.Flags()
	fl.StringVar(&f.system, "system", "raft", "the system under test (see sunder list)")
	fl.StringVar(&f.workload, "workload", "", "what clients do (default: each seed decides)")
	fl.Uint64Var(&f.first, "seed", 1, "the first seed")
	fl.StringSliceVar(&f.bugs, "bug", nil, "only these bugs")
	fl.IntVar(&f.seeds, "seeds", 0, "most seeds for each bug; 0: as many as the budget allows")
	fl.DurationVar(&f.budget, "budget", time.Minute, "most time for each bug, on one core")
	fl.StringVar(&f.out, "out", "docs/bugs.md", "file that the matrix is written to")
	return c
}

// quarry is a planted bug and what came of the hunt for it.
type quarry struct {
	bug   nodes.Bug
	catch search.Catch
	small plan.Plan // the smallest plan that fails in the same way
	err   error
}

// control is the name of the system without any bug.
const control = "(none)"

func hunt(ctx context.Context, f huntFlags, stdout io.Writer) error {
	protocol, err := catalog.Find(f.system)
	if err != nil {
		return usage("%w", err)
	}
	if f.seeds < 0 || f.budget <= 0 {
		return usage("--seeds is %d and --budget %v, want 0 or more, and more than 0", f.seeds, f.budget)
	}
	all, err := quarries(f, protocol)
	if err != nil {
		return err
	}
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // a run leaves little that lives on
	began := time.Now()
	var group sync.WaitGroup
	var printing sync.Mutex
	next := make(chan *quarry)
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() {
			for q := range next {
				q.hunt(ctx, f, protocol)
				printing.Lock()
				fmt.Fprintln(stdout, q)
				printing.Unlock()
			}
		})
	}
	for i := range all {
		next <- &all[i]
	}
	close(next)
	group.Wait()
	m := matrix{f, all, time.Since(began), protocol.Local && len(f.bugs) == 0}
	if err := m.write(); err != nil {
		return err
	}
	return m.tell(ctx, stdout)
}

// quarries is the bugs that were asked for, after the system without any.
func quarries(f huntFlags, protocol nodes.Protocol) ([]quarry, error) {
	all := []quarry{{bug: nodes.Bug{Name: control}}}
	if len(f.bugs) == 0 {
		for _, b := range protocol.Bugs {
			all = append(all, quarry{bug: b})
		}
		return all, nil
	}
	for _, name := range f.bugs {
		cfg := nodes.Config{Self: 1, Members: []nodes.ID{1}, Bug: name}
		if err := protocol.Check(cfg); err != nil || name == "" {
			return nil, usage("--bug %q: %w", name, err)
		}
		at := slices.IndexFunc(protocol.Bugs, func(b nodes.Bug) bool { return b.Name == name })
		all = append(all, quarry{bug: protocol.Bugs[at]})
	}
	return all, nil
}

// hunt runs plans until one shows an anomaly.
func (q *quarry) hunt(ctx context.Context, f huntFlags, protocol nodes.Protocol) {
	prey := search.Prey{Protocol: protocol, Bug: q.bug.Name, Workload: f.workload}
	if prey.Bug == control {
		prey.Bug = ""
	}
	q.catch, q.err = search.Hunt(ctx, prey.Plan, f.first,
		search.Budget{Seeds: f.seeds, Time: f.budget, Vary: true})
	if q.catch.Found {
		quick, cancel := context.WithTimeout(ctx, shrinkLimit)
		defer cancel()
		q.small = search.Shrink(quick, q.catch.Plan, q.catch.Outcome.Class(), shrinkRuns).Plan
	}
}

// size is how small the plan got.
func (q *quarry) size() string {
	ops := fmt.Sprint(len(q.small.Script))
	if len(q.small.Script) == 0 {
		ops = "?" // none of its scripts failed: the operations are generated
	}
	return fmt.Sprintf("%d faults, %s ops, %d odd", len(q.small.Faults), ops,
		len(q.small.Network.Except))
}

// String is a line for people who wait.
func (q *quarry) String() string {
	c := q.catch
	found := fmt.Sprintf("not found in %d seeds", c.Seeds)
	if q.bug.Masked != "" {
		found += ", as expected"
	}
	switch {
	case q.err != nil:
		found = q.err.Error()
	case c.Found:
		found = fmt.Sprintf("%d seeds: %s (%s); %s", c.Seeds, c.Outcome.Class(),
			strings.Join(c.Outcome.By(), ", "), q.size())
	}
	return fmt.Sprintf("%-28s %8v  %s", q.bug.Name, c.Took.Round(10*time.Millisecond), found)
}
