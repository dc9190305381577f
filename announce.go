package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"sunder/harness/report"
)

// origin is where a run of this process comes from.
func origin() report.Origin { return report.NewOrigin(os.Args, os.Environ(), time.Now()) }

// announce prints what is needed to do the test again, before it starts.
func (s *session) announce() {
	out := s.words()
	p := s.plan
	fmt.Fprintf(out, "seed        %d\n", p.Seed)
	fmt.Fprintf(out, "test        %s %s in %s, %d nodes, %d threads, %s, %s\n", p.System, p.Workload,
		p.Environment, p.Nodes, p.Concurrency, rateWords(p.Rate), p.TimeLimit)
	var set []string
	for name, v := range p.Options {
		set = append(set, name+"="+v)
	}
	slices.Sort(set)
	if p.Bug != "" {
		set = append(set, "planted bug "+p.Bug)
	}
	if len(set) > 0 {
		fmt.Fprintf(out, "options     %s\n", strings.Join(set, ", "))
	}
	fmt.Fprintf(out, "faults      %d\n", len(p.Faults))
	fmt.Fprintf(out, "plan        %s\n\n", s.run.Dir+"/plan.json")
}

func rateWords(rate float64) string {
	if rate == 0 {
		return "as fast as it goes"
	}
	return fmt.Sprintf("%g operations a second", rate)
}
