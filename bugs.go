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
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"sunder/checker"
	"sunder/nodes"
	"sunder/nodes/catalog"
)

// huntFlags are the flags of sunder bugs.
type huntFlags struct {
	system, out string
	bugs        []string
	seeds       int
	budget      time.Duration
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
	fl.StringSliceVar(&f.bugs, "bug", nil, "only these bugs")
	fl.IntVar(&f.seeds, "seeds", 20_000, "most seeds for each bug")
	fl.DurationVar(&f.budget, "budget", time.Minute, "most time for each bug, on one core")
	fl.StringVar(&f.out, "out", "docs/bugs.md", "file that the matrix is written to")
	return c
}

// quarry is a planted bug and what came of the hunt for it.
type quarry struct {
	bug   nodes.Bug
	seeds int    // that were run
	class string // of the anomaly in the last one; empty: it was not found
	by    []string
	took  time.Duration
	err   error
}

// control is the name of the system without any bug.
const control = "(none)"

func hunt(ctx context.Context, f huntFlags, stdout io.Writer) error {
	protocol, err := catalog.Find(f.system)
	if err != nil {
		return usage("%w", err)
	}
	if f.seeds < 1 || f.budget <= 0 {
		return usage("--seeds is %d and --budget %v, want more than 0", f.seeds, f.budget)
	}
	all := []quarry{{bug: nodes.Bug{Name: control}}}
	for _, b := range protocol.Bugs {
		if len(f.bugs) == 0 {
			all = append(all, quarry{bug: b})
		}
	}
	for _, name := range f.bugs {
		cfg := nodes.Config{Self: 1, Members: []nodes.ID{1}, Bug: name}
		if err := protocol.Check(cfg); err != nil || name == "" {
			return usage("--bug %q: %w", name, err)
		}
		all = append(all, quarry{bug: nodes.Bug{Name: name}})
	}
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // a run leaves little that lives on
	began := time.Now()
	var group sync.WaitGroup
	var printing sync.Mutex
	next := make(chan *quarry)
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() {
			for q := range next {
				q.search(ctx, f, protocol)
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

// search runs seeds from 1 on until one shows an anomaly.
func (q *quarry) search(ctx context.Context, f huntFlags, protocol nodes.Protocol) {
	began := time.Now()
	for q.took < f.budget && q.seeds < f.seeds && ctx.Err() == nil && q.class == "" && q.err == nil {
		q.seeds++
		name := q.bug.Name
		if name == control {
			name = ""
		}
		p, err := huntPlan(uint64(q.seeds), protocol, name)
		if err != nil {
			q.err = err
			break
		}
		r, err := simulate(ctx, p)
		if err != nil && ctx.Err() == nil {
			q.err = err
		}
		if r.Verdict == checker.Invalid {
			q.convict(r)
		}
		q.took = time.Since(began)
	}
}

func (q *quarry) convict(r checker.Result) {
	q.class = r.Reason
	if len(r.Anomalies) > 0 {
		q.class = r.Anomalies[0].Class
	}
	for _, part := range r.Parts {
		if part.Verdict == checker.Invalid {
			q.by = append(q.by, part.Name)
		}
	}
}

// String is a line of the matrix.
func (q *quarry) String() string {
	found := fmt.Sprintf("not found in %d seeds", q.seeds)
	switch {
	case q.err != nil:
		found = q.err.Error()
	case q.class != "":
		found = fmt.Sprintf("seed %d: %s (%s)", q.seeds, q.class, strings.Join(q.by, ", "))
	}
	return fmt.Sprintf("%-28s %8v  %s", q.bug.Name, q.took.Round(10*time.Millisecond), found)
}

// writeMatrix writes all that was found. A false alarm of the control is an error.
func writeMatrix(ctx context.Context, f huntFlags, all []quarry, took time.Duration,
	stdout io.Writer) error {
	var b strings.Builder
	found := 0
	fmt.Fprintf(&b, "# Planted bugs of %s, and what finds them\n\n", f.system)
	fmt.Fprintf(&b, "Made by `sunder bugs --system %s --seeds %d --budget %v`, revision %.12s, "+
		"in %v.\nSeeds count from 1; time is that of one worker. The first row is without a bug.\n"+
		"What is not found is a hole in the search until it is shown to be masked.\n\n",
		f.system, f.seeds, f.budget, cmp.Or(origin().Revision, "unknown"), took.Round(time.Second))
	fmt.Fprint(&b, "| bug | seeds | anomaly | found by | time |\n|---|---:|---|---|---:|\n")
	for _, q := range all {
		class, by := q.class, strings.Join(q.by, ", ")
		if class == "" {
			class, by = "not found", ""
		} else if q.bug.Name != control {
			found++
		}
		fmt.Fprintf(&b, "| %s | %d | %s | %s | %v |\n", q.bug.Name, q.seeds, class, by,
			q.took.Round(10*time.Millisecond))
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
	if all[0].class != "" {
		return broken(fmt.Errorf("false alarm: %s without a bug shows %s at seed %d", f.system,
			all[0].class, all[0].seeds))
	}
	return ctx.Err()
}
