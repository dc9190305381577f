package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"sunder/harness/plan"
	"sunder/harness/report/lines"
	"sunder/harness/report/spacetime"
	"sunder/search"
)

// paces are how many times slower containers do what a simulation did, in the order in which they
// are tried: most anomalies only need things to happen one after the other, some are races.
var paces = []int{10, 1, 40}

// triesMax is in how many runs a pace has to show the anomaly to be kept.
const triesMax = 2

// confirmed is how often a plan of the simulation fails in containers.
type confirmed struct {
	Class  string     `json:"class"`  // of anomaly
	Slower int        `json:"slower"` // than in the simulation
	Shown  int        `json:"shown"`
	Runs   int        `json:"runs"`
	Within [2]float64 `json:"interval_95"` // of the probability that a run shows it
}

// confirm takes to containers a plan that fails in the simulation, and says how often it fails
// there. Which pace does is found in runs of their own, or those that were chosen for what they
// show would count.
func confirm(ctx context.Context, p plan.Plan, class string, s *session) error {
	story, err := search.Story(ctx, p, class)
	if err != nil {
		return broken(err)
	}
	out := s.words()
	field := func(label, format string, args ...any) {
		fmt.Fprint(out, lines.Field(columnsOf(out), label, fmt.Sprintf(format, args...)))
	}
	field("confirm", "%s of %s %s, which the simulation shows, in containers", class, p.System,
		p.Workload)
	c := confirmed{Class: class}
	for _, pace := range paces {
		for try := 0; try < triesMax && c.Slower == 0 && ctx.Err() == nil; try++ {
			shown, err := s.contain(ctx, p, story, pace, class, field)
			if err != nil {
				return err
			}
			if shown {
				c.Slower = pace
			}
		}
	}
	for c.Slower > 0 && c.Runs < s.flags.count && ctx.Err() == nil {
		shown, err := s.contain(ctx, p, story, c.Slower, class, field)
		if err != nil {
			return err
		}
		if c.Runs++; shown {
			c.Shown++
		}
	}
	c.Within[0], c.Within[1] = wilson(c.Shown, c.Runs)
	if s.flags.json {
		if err := json.NewEncoder(s.stdout).Encode(c); err != nil {
			return broken(fmt.Errorf("print outcome: %w", err))
		}
	}
	if c.Slower == 0 {
		field("confirmed", "no: %d runs in containers at %d paces do not show %s; what it takes may not "+
			"happen there by itself", triesMax*len(paces), len(paces), class)
		return exit{status: exitUnknown}
	}
	field("confirmed", "%d of %d runs in containers show %s (95 %% interval %.0f to %.0f %%), %s",
		c.Shown, c.Runs, class, 100*c.Within[0], 100*c.Within[1], paceWords(c.Slower))
	if c.Shown == 0 {
		return exit{status: exitUnknown}
	}
	return exit{status: exitInvalid}
}

// contain runs the plan once in containers, without a word but for what came of it.
func (s *session) contain(ctx context.Context, p plan.Plan, story spacetime.Run, pace int,
	class string, field func(label, format string, args ...any)) (shown bool, err error) {
	there, err := search.Contained(p, story, pace)
	if err != nil {
		return false, usage("%w", err)
	}
	if err := fits(there, "the plan for containers"); err != nil {
		return false, err
	}
	r, err := runOne(ctx, &session{flags: s.flags, plan: there, log: s.log, stdout: io.Discard,
		stderr: io.Discard})
	if err != nil {
		return false, err
	}
	if shown = reproduces(r, class); shown {
		field("run", "shows %s, %s: %s", class, paceWords(pace), r.Store)
	} else {
		field("run", "%s, %s: %s", r.Verdict, paceWords(pace), r.Store)
	}
	return shown, nil
}

func paceWords(pace int) string {
	if pace == 1 {
		return "as fast as simulated"
	}
	return fmt.Sprintf("%d times slower", pace)
}
