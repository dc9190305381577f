package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"time"

	"sunder/harness"
	"sunder/harness/report"
	"sunder/harness/report/store"
	"sunder/search"
)

// gapFile is where a run keeps that the simulation does not show what it showed.
const gapFile = "model-gap.json"

// gap is what was tried in vain.
type gap struct {
	Revision string `json:"revision"` // of the program that tried
	Class    string `json:"class"`    // of anomaly that was looked for
	Tries    int    `json:"tries"`
	Took     string `json:"took"`
	Other    string `json:"other,omitempty"` // class of an anomaly that came instead
}

// transfer looks in the simulation for the anomaly of a run in containers, and shrinks it there.
func transfer(ctx context.Context, dir string, budget time.Duration, s *session) error {
	run, err := store.Open(dir)
	if err != nil {
		return usage("%w", err)
	}
	defer run.Close()
	results, err := run.Results()
	if err != nil {
		return usage("%w", err)
	}
	if len(results.Anomalies) == 0 {
		return usage("replay %s in sim: %w", dir, errNoFailure)
	}
	e, err := evidenceOf(run, results, s.stderr)
	if err != nil {
		return err
	}
	class := classOf(results)
	var ran atomic.Int64
	hide := showSeeds(s.stderr, &ran)
	found, err := search.Hunt(ctx, e.Transfer(), 0, search.Budget{Time: budget, Class: class,
		Workers: runtime.GOMAXPROCS(0), Ran: &ran})
	hide()
	if err != nil {
		return broken(err)
	}
	out := s.words()
	took := found.Took.Round(10 * time.Millisecond)
	if !found.Found {
		fmt.Fprintf(out, "transfer    %s did not come back in %d simulations of what was done, in %v.\n"+
			"            This is a gap in the model: the run itself is kept as the evidence\n", class,
			found.Seeds, took)
		g := gap{origin().Revision, class, found.Seeds, took.String(), found.Other}
		err := run.Write(gapFile, func(w io.Writer) error { return json.NewEncoder(w).Encode(g) })
		if err != nil {
			return broken(err)
		}
		return exit{status: exitUnknown}
	}
	fmt.Fprintf(out, "transfer    %s came back in simulation %d of what was done, in %v\n\n", class,
		found.Seeds, took)
	s.plan = found.Plan
	s.plan.Revision = origin().Revision
	r, err := runAndShrink(ctx, s)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "confirm     sunder replay --env docker --test-count 10 %s\n",
		filepath.Join(r.Store, shrunkFile))
	return exit{status: statusOf(r)}
}

// evidenceOf is what a stored run has for the simulation. Without observations the delays are the
// usual ones.
func evidenceOf(run *store.Run, r report.Results, stderr io.Writer) (e search.Evidence, err error) {
	events, torn, err := run.History()
	if err != nil {
		return e, usage("%w", err)
	}
	if torn {
		fmt.Fprintln(stderr, "sunder: the last line of the history was torn by a crash and is left out")
	}
	found, err := partsOf(run.Plan)
	if err != nil {
		return e, err
	}
	left, err := readRemains(run.Dir, harness.NewTest(run.Plan, found.workload, false).Options.Nodes)
	if err != nil {
		fmt.Fprintf(stderr, "sunder: %v\n", err)
	}
	return search.Evidence{Plan: run.Plan, Events: events, Observed: left.observed,
		Ops: r.Anomalies[0].Ops}, nil
}
