// Package shrink makes a failing plan smaller, so that a person can see why it fails. It knows a
// run only as a function that says whether a plan still shows the anomaly.
package shrink

import (
	"reflect"
	"slices"
	"time"

	"sunder/harness/plan"
)

// Result is the smallest plan that was found, and how many runs it took.
type Result struct {
	Plan plan.Plan
	Runs int
}

// Limits of the search.
const (
	reseeds = 2 // other seeds that a smaller plan is tried with, before it is given up
	rounds  = 4 // times that all reductions are gone through
)

// Plan reduces p, of which fails is true, with at most so many runs: fewer faults (ddmin, Zeller
// and Hildebrandt, TSE 2002), less time, fewer operations, fewer nodes, a calm network, simpler
// faults, until none of that goes on failing. fails must ask for the same class of anomaly as p's:
// otherwise the search slips to another bug.
func Plan(p plan.Plan, runs int, fails func(plan.Plan) bool) Result {
	s := &search{best: p, fails: fails, left: runs}
	for range rounds {
		before := s.found
		s.time()
		s.faults()
		s.operations()
		s.nodes()
		s.network()
		s.simpler()
		if s.found == before {
			break
		}
	}
	return Result{Plan: s.best, Runs: runs - s.left}
}

// search is a reduction under way.
type search struct {
	best  plan.Plan
	fails func(plan.Plan) bool
	left  int
	found int // reductions so far
}

// try makes p the best plan, if it is one and fails, with its own seed or with another.
func (s *search) try(p plan.Plan) bool {
	if p.Check() != nil {
		return false
	}
	for range 1 + reseeds {
		if s.left == 0 {
			return false
		}
		s.left--
		if s.fails(p) {
			s.best = p
			s.found++
			return true
		}
		p.Seed++
	}
	return false
}

// time ends the test earlier, by halves and then by eighths.
func (s *search) time() {
	for _, part := range []time.Duration{2, 8} {
		for {
			p := s.best
			limit := p.TimeLimit.Duration
			p.TimeLimit = plan.Of((limit - limit/part).Round(time.Millisecond))
			p.Faults = slices.DeleteFunc(slices.Clone(p.Faults), func(f plan.Fault) bool {
				return f.At.Duration >= p.TimeLimit.Duration
			})
			if limit < 10*time.Millisecond || !s.try(p) {
				break
			}
		}
	}
}

// faults leaves out as many faults as it can, in runs of half of them first.
func (s *search) faults() {
	for size := len(s.best.Faults); size > 0; size /= 2 {
		for at := 0; at < len(s.best.Faults); {
			p := s.best
			end := min(at+size, len(p.Faults))
			p.Faults = slices.Delete(slices.Clone(p.Faults), at, end)
			if !s.try(p) {
				at += size
			}
		}
	}
}

// operations has fewer clients, and these do less.
func (s *search) operations() {
	for s.best.Concurrency > 1 {
		p := s.best
		p.Concurrency /= 2
		if !s.try(p) {
			p.Concurrency = s.best.Concurrency - 1
			if !s.try(p) {
				break
			}
		}
	}
	for s.best.Rate > 1 {
		p := s.best
		p.Rate = max(1, float64(int(p.Rate/2)))
		if !s.try(p) {
			break
		}
	}
}

// nodes takes nodes away. A fault that names one that is gone makes no plan, which fails knows.
func (s *search) nodes() {
	for n := 1; n < s.best.Nodes; n++ {
		p := s.best
		p.Nodes = n
		if s.try(p) {
			return
		}
	}
}

// network makes it calm, or as calm as it can be.
func (s *search) network() {
	for _, calm := range []func(*plan.Network){
		func(n *plan.Network) { *n = plan.Network{} },
		func(n *plan.Network) { n.Loss = 0 },
		func(n *plan.Network) { n.Duplicate = 0 },
		func(n *plan.Network) { n.Reorder = 0 },
		func(n *plan.Network) { n.Latency = plan.Duration{} },
		func(n *plan.Network) { n.Links = "" },
	} {
		p := s.best
		if calm(&p.Network); !reflect.DeepEqual(p.Network, s.best.Network) {
			s.try(p)
		}
	}
}
