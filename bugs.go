package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

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
	fl.StringVar(&f.workload, "workload", "register", "what clients do (see sunder list)")
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
	return writeMatrix(ctx, f, all, time.Since(began), stdout)
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
}

// String is a line of the matrix.
func (q *quarry) String() string {
	c := q.catch
	found := fmt.Sprintf("not found in %d seeds", c.Seeds)
	switch {
	case q.err != nil:
		found = q.err.Error()
	case c.Found:
		found = fmt.Sprintf("%d seeds: %s (%s), seed %d", c.Seeds, c.Outcome.Class(),
			strings.Join(c.Outcome.By(), ", "), c.Plan.Seed)
	}
	return fmt.Sprintf("%-28s %8v  %s", q.bug.Name, c.Took.Round(10*time.Millisecond), found)
}

// writeMatrix writes all that was found. A false alarm of the control is an error.
func writeMatrix(ctx context.Context, f huntFlags, all []quarry, took time.Duration,
	stdout io.Writer) error {
	var b strings.Builder
	found := 0
	fmt.Fprintf(&b, "# Planted bugs of %s, and what finds them\n\n", f.system)
	fmt.Fprintf(&b, "Made by `sunder bugs --system %s --budget %v`, revision %.12s, "+
		"in %v.\nSeeds count from %d; time is that of one worker. The first row is without a bug.\n"+
		"What is not found is a hole in the search until it is shown to be masked.\n\n",
		f.system, f.budget, cmp.Or(origin().Revision, "unknown"), took.Round(time.Second), f.first)
	fmt.Fprint(&b, "| bug | seeds | anomaly | found by | time |\n|---|---:|---|---|---:|\n")
	for _, q := range all {
		class, by := "not found", ""
		if q.catch.Found {
			class, by = q.catch.Outcome.Class(), strings.Join(q.catch.Outcome.By(), ", ")
			if q.bug.Name != control {
				found++
			}
		}
		fmt.Fprintf(&b, "| %s | %d | %s | %s | %v |\n", q.bug.Name, q.catch.Seeds, class, by,
			q.catch.Took.Round(10*time.Millisecond))
	}
	if err := os.MkdirAll(filepath.Dir(f.out), 0o755); err != nil {
		return usage("%w", err)
	}
	if err := os.WriteFile(f.out, []byte(b.String()), 0o644); err != nil {
		return usage("%w", err)
	}
	fmt.Fprintf(stdout, "\n%d of %d planted bugs were found in %v; %s\n", found, len(all)-1,
		took.Round(time.Second), f.out)
	for _, q := range all {
		if q.err != nil {
			return broken(fmt.Errorf("hunt %s: %w", q.bug.Name, q.err))
		}
	}
	if c := all[0].catch; c.Found {
		return broken(fmt.Errorf("false alarm: %s without a bug shows %s at seed %d", f.system,
			c.Outcome.Class(), c.Plan.Seed))
	}
	return ctx.Err()
}
