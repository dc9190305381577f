// Package shrink makes a failing plan smaller, so that a person can see why it fails. It knows a
// run only as functions: whether a plan still shows the anomaly, and what a run of it was made of.
package shrink

import "sunder/harness/plan"

// Runs runs plans. Both functions must depend on nothing but the plan.
type Runs struct {
	// Fails says whether a plan still shows the anomaly. It must ask for the same class as that of
	// the plan that is shrunk: otherwise the search slips to another bug.
	Fails func(plan.Plan) bool
	// Record says what a run of a plan was made of.
	Record func(plan.Plan) Recording
	// Options are the valid values of options. Of numbers the smaller ones are tried, too:
	// a mistake in what is done every so often takes as many operations as there are between two.
	Options map[string][]string
}

// Recording is what a run was made of.
type Recording struct {
	Script []plan.ScriptedOp // what clients did
	// Faults are those of the plan, as plain as it came out: what a trigger waited for as a time,
	// what a target stood for as names of nodes. Those that were never there are as in the plan.
	Faults []plan.Fault
	// Messages is everything that takes its time, as exceptions to a network of fixed delays.
	Messages []plan.Except
}

// Result is the smallest plan that was found, and how many runs it took.
type Result struct {
	Plan plan.Plan
	Runs int
}

// Limits of the search.
const (
	reseeds  = 4  // other seeds that a smaller plan is tried with, before it is given up
	polish   = 1  // where it would not be smaller, but easier to read
	stubborn = 16 // at the end, where runs are short
	rounds   = 4  // times that all reductions are gone through
)

// Plan reduces p, of which runs.Fails is true, with at most so many runs. What clients do becomes
// a script; then there is less time, and fewer faults, clients, operations (ddmin, Zeller and
// Hildebrandt, TSE 2002) and nodes, and faults and network get simpler, until none of that goes
// on failing. At last every message takes the same time, but for those that are named.
func Plan(p plan.Plan, runs int, by Runs) Result {
	s := &search{best: p, by: by, left: runs, known: map[uint64]bool{}}
	s.descend(0)
	if first := s.best; !readable(first) { // another way down may end lower
		s.best = p
		if s.descend(reseeds); size(first) <= size(s.best) {
			s.best = first
		}
	}
	return Result{Plan: s.best, Runs: runs - s.left}
}

// size is what a reader has to go through. Without a script, or an explicit network, that is all.
func size(p plan.Plan) int {
	n := 4*len(p.Faults) + len(p.Script) + len(p.Network.Except)
	if len(p.Script) == 0 || p.Network.Fixed.Duration == 0 {
		n += plan.ScriptMax
	}
	return n
}

// readable says that it can be told in a few sentences, or never will be.
func readable(p plan.Plan) bool {
	return len(p.Faults) <= 3 && len(p.Script) <= 8 && len(p.Network.Except) <= 2*few ||
		len(p.Script) > many || len(p.Script) == 0
}

// descend reduces the best plan until nothing helps any more. The first round tries so many other
// seeds: none is quick, since long runs are dear, and chance finds shortcuts.
func (s *search) descend(first int) {
	s.reseeds = first
	s.script()
	for round := range rounds {
		before := s.found
		s.reduce()
		if round > 0 && s.found == before {
			break
		}
		s.reseeds = reseeds
	}
	s.explicit()
	for range rounds {
		before := s.found
		s.exceptions()
		s.reduce()
		if s.found == before {
			break
		}
	}
	s.seeds(stubborn, func() {
		s.faults()
		s.operations()
	})
	s.pairs()
	if s.exceptions(); len(s.best.Network.Except) > few {
		s.seeds(stubborn, s.exceptions)
	}
}

// seeds does a reduction with so many other seeds, if any are tried at all yet.
func (s *search) seeds(n int, reduction func()) {
	before := s.reseeds
	if before > 0 {
		s.reseeds = n
	}
	reduction()
	s.reseeds = before
}

// reduce goes once through what makes a plan smaller.
func (s *search) reduce() {
	s.end()
	s.faults()
	s.clients()
	s.keys()
	s.operations()
	s.nodes()
	s.options()
	s.network()
	s.simpler()
	s.seeds(polish, s.sooner)
	s.seeds(polish, s.rounder)
}

// search is a reduction under way.
type search struct {
	best    plan.Plan
	by      Runs
	reseeds int
	left    int             // runs
	found   int             // reductions so far
	known   map[uint64]bool // what came of plans, by their hash
}

// try makes p the best plan, if it is one and fails, with its own seed or with another.
func (s *search) try(p plan.Plan) bool {
	if p.Check() != nil || len(p.Script) == 0 && s.scripted() { // without a script it is another plan
		return false
	}
	for range 1 + s.reseeds {
		if s.fails(p) {
			s.best = p
			s.found++
			return true
		}
		p.Seed++
	}
	return false
}

// fails runs p, unless it was run before or there are no runs left.
func (s *search) fails(p plan.Plan) bool {
	if s.left == 0 {
		return false
	}
	key := hash(p)
	fails, known := s.known[key]
	if !known {
		s.left--
		fails = s.by.Fails(p)
		s.known[key] = fails
	}
	return fails
}

// record runs the best plan and says what it was made of.
func (s *search) record() (Recording, bool) {
	if s.left == 0 {
		return Recording{}, false
	}
	s.left--
	return s.by.Record(s.best), true
}

// fewer leaves out as much of a list as it can, all of it first, then halves, then quarters, and
// single ones at last. with is the best plan with another list in the place of this one.
func fewer[T any](s *search, list []T, with func([]T) plan.Plan) {
	for size := len(list); size > 0; size /= 2 {
		for at := 0; at < len(list); {
			rest := append(list[:at:at], list[min(at+size, len(list)):]...)
			if s.try(with(rest)) {
				list = rest
			} else {
				at += size
			}
		}
	}
}
