package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"slices"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"sunder/harness/plan"
	"sunder/harness/report/lines"
	"sunder/nodes/catalog"
	"sunder/search"
)

// shaping are the flags that say what plans look like. Where none of them is given, the plans of
// a search are those that find most.
var shaping = []string{"nemesis", "network", "nodes", "concurrency", "time-limit", "rate",
	"clock-rates"}

// plans makes the plan of each seed.
func (f testFlags) plans(c *cobra.Command) (plans search.Plans, wild bool, err error) {
	wild = !slices.ContainsFunc(shaping, func(name string) bool { return c.Flags().Changed(name) })
	first, err := f.plan(c) // what is wrong with the flags shows here
	if err != nil || !wild {
		return func(seed uint64) (plan.Plan, error) {
			f := f
			f.seed = seed
			return f.plan(c)
		}, wild, err
	}
	protocol, err := catalog.Find(f.system)
	return search.Prey{Protocol: protocol, Bug: f.bug, Workload: f.workload,
		Options: first.Options}.Plan, wild, err
}

// searched is what came of many seeds.
type searched struct {
	Verdict string  `json:"verdict"`
	Seeds   int     `json:"seeds"` // that were run
	First   uint64  `json:"first_seed"`
	Unknown int     `json:"unknown"` // of them
	Why     string  `json:"why,omitempty"`
	Seed    *uint64 `json:"seed,omitempty"` // that failed
	Store   string  `json:"store,omitempty"`
}

// runSeeds runs many seeds in the simulation, on all cores, and stores nothing but the first that
// fails.
func runSeeds(ctx context.Context, c *cobra.Command, f testFlags, s *session) error {
	plans, wild, err := f.plans(c)
	if err != nil {
		return err
	}
	out := s.words()
	if wild {
		fmt.Fprintf(out, "search      each seed chooses nodes, rate, network and faults; "+
			"--nemesis and the like fix them\n")
	}
	var ran atomic.Int64
	hide := showSeeds(s.stderr, &ran)
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // a run leaves little that lives on
	var found search.Catch
	err = guard(ran.Load, patience, func() (err error) {
		found, err = search.Hunt(ctx, plans, f.seed, search.Budget{Seeds: f.count, Time: f.budget,
			Workers: runtime.GOMAXPROCS(0), Vary: wild, Ran: &ran})
		return err
	})
	hide()
	if errors.Is(err, errStuck) {
		return exit{exitUnknown, fmt.Errorf("search from seed %d: after %d seeds %w; it is here:\n%s",
			f.seed, ran.Load(), err, simulationStack())}
	}
	if err != nil {
		return broken(err)
	}
	sum := searched{Verdict: "valid", Seeds: found.Seeds, First: f.seed, Unknown: found.Unknown}
	switch {
	case found.Found:
		sum.Verdict, sum.Seed = "invalid", &found.Plan.Seed
		sum.Why = found.Outcome.Result.Reason
	case ctx.Err() != nil:
		sum.Verdict, sum.Why = "unknown", "the search was interrupted"
	case found.Seeds == 0:
		sum.Verdict, sum.Why = "unknown", fmt.Sprintf("no test fits into a budget of %v", f.budget)
	case found.Unknown > 0:
		sum.Verdict = "unknown"
		sum.Why = fmt.Sprintf("seed %d: %s", found.Doubt.Seed, found.Doubt.Reason)
	}
	tellSeeds(out, sum, found)
	if found.Found {
		s.plan = found.Plan
		s.plan.Revision = origin().Revision
		r, err := runAndShrink(ctx, s)
		if err != nil {
			return err
		}
		sum.Store = r.Store
	}
	if f.json {
		if err := json.NewEncoder(s.stdout).Encode(sum); err != nil {
			return broken(fmt.Errorf("print results: %w", err))
		}
	}
	switch sum.Verdict {
	case "invalid":
		return exit{status: exitInvalid}
	case "unknown":
		return exit{status: exitUnknown}
	}
	return nil
}

func tellSeeds(out io.Writer, s searched, c search.Catch) {
	rate := float64(c.Seeds) / max(c.Took.Minutes(), 1e-9)
	fmt.Fprintf(out, "searched    %d seeds from %d in %v, %.0f a minute\n", s.Seeds, s.First,
		c.Took.Round(10*time.Millisecond), rate)
	fmt.Fprintf(out, "            %d operations ok, %d faults proven, %d states; "+
		"%d seeds without a verdict\n", c.OK, c.Proven, c.States, s.Unknown)
	switch {
	case s.Seed != nil:
		words := fmt.Sprintf("seed %d: %s", *s.Seed, s.Why)
		fmt.Fprintln(out, lines.Field(columnsOf(out), "found", words))
	case s.Why != "":
		fmt.Fprintf(out, "\nUNKNOWN  %s\n", s.Why)
	default:
		fmt.Fprintf(out, "\nVALID  no anomaly in %d seeds\n", s.Seeds)
	}
}

// showSeeds keeps a line of progress on a terminal, until it is hidden.
func showSeeds(stderr io.Writer, ran *atomic.Int64) (hide func()) {
	if !isTerminal(stderr) {
		return func() {}
	}
	done, stopped := make(chan struct{}), make(chan struct{})
	began := time.Now()
	go func() {
		defer close(stopped)
		tick := time.NewTicker(500 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				n := ran.Load()
				fmt.Fprintf(stderr, "\r\x1b[K%d seeds, %.0f a minute", n,
					float64(n)/time.Since(began).Minutes())
			case <-done:
				fmt.Fprint(stderr, "\r\x1b[K")
				return
			}
		}
	}()
	return func() { close(done); <-stopped }
}
