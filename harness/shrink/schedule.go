package shrink

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"time"

	"sunder/harness/plan"
)

// script says as a script what clients did, so that one operation can be left out and the others
// stay where they are. A run that is another one then is tried with other seeds.
func (s *search) script() {
	if len(s.best.Script) > 0 {
		return
	}
	recorded, ok := s.record()
	if !ok || len(recorded.Script) == 0 {
		return
	}
	p := s.best
	p.Script = recorded.Script
	first := s.reseeds
	s.reseeds = reseeds
	s.try(p)
	s.reseeds = first
}

// options leaves options at their defaults, and numbers that must be given as small as can be.
func (s *search) options() {
	for _, name := range slices.Sorted(maps.Keys(s.best.Options)) {
		if s.option(func(all map[string]string) { delete(all, name) }) {
			continue
		}
		for _, n := range below(s.best.Options[name], s.by.Options[name]) {
			if s.option(func(all map[string]string) { all[name] = strconv.Itoa(n) }) {
				break
			}
		}
	}
}

// option tries the best plan with a change done to its options.
func (s *search) option(change func(map[string]string)) bool {
	p := s.best
	p.Options = maps.Clone(p.Options)
	change(p.Options)
	return s.try(p)
}

// below are those of the values that are smaller numbers than a value, ascending.
func below(value string, values []string) (smaller []int) {
	limit, err := strconv.Atoi(value)
	if err != nil {
		return nil
	}
	for _, v := range values {
		if n, err := strconv.Atoi(v); err == nil && n < limit {
			smaller = append(smaller, n)
		}
	}
	slices.Sort(smaller)
	return smaller
}

// end ends the test earlier: by halving where it can end.
func (s *search) end() {
	low := time.Duration(0)
	for {
		high := s.best.TimeLimit.Duration
		middle := (low + (high-low)/2).Round(time.Millisecond)
		if high-low < max(high/16, 2*time.Millisecond) {
			return
		}
		if !s.try(until(s.best, middle)) {
			low = middle
		}
	}
}

// until is p with a main phase that is so long: what would begin later is gone, and no fault lasts
// longer.
func until(p plan.Plan, limit time.Duration) plan.Plan {
	p.TimeLimit = plan.Of(limit)
	all := p.Script
	p.Script = slices.DeleteFunc(slices.Clone(p.Script), func(o plan.ScriptedOp) bool {
		return !o.Final && o.At.Duration >= limit
	})
	if len(p.Script) == 0 && len(all) > 0 { // it may be that none is needed, but there must be one
		p.Script = append(p.Script, all[0])
		p.Script[0].At = plan.Duration{}
	}
	p.Faults = slices.DeleteFunc(slices.Clone(p.Faults), func(f plan.Fault) bool {
		return f.At.Duration >= limit
	})
	for i, f := range p.Faults {
		p.Faults[i].Duration = plan.Of(min(f.Duration.Duration, limit-f.At.Duration))
	}
	return p
}

func (s *search) faults() {
	fewer(s, s.best.Faults, func(list []plan.Fault) plan.Plan {
		p := s.best
		p.Faults = list
		return p
	})
}

// many operations are not worth stubbornness: what needs that many needs them all.
const many = 32

// operations leaves out operations, but not all: see try.
func (s *search) operations() {
	seeds := s.reseeds
	if len(s.best.Script) > many {
		seeds = min(seeds, reseeds)
	}
	s.seeds(seeds, func() { fewer(s, s.best.Script, s.withScript) })
}

// pairsMax bounds how many operations there may be of which any two are left out.
const pairsMax = 16

// pairs leaves out two operations at once, which may not be neighbours: a write and who reads it.
func (s *search) pairs() {
	for i := 0; i < len(s.best.Script) && len(s.best.Script) <= pairsMax; i++ {
		for j := i + 1; j < len(s.best.Script); j++ {
			rest := slices.Delete(slices.Clone(s.best.Script), j, j+1)
			if s.try(s.withScript(slices.Delete(rest, i, i+1))) {
				i, j = 0, 0
			}
		}
	}
}

func (s *search) scripted() bool { return len(s.best.Script) > 0 }

func (s *search) withScript(script []plan.ScriptedOp) plan.Plan {
	p := s.best
	p.Script = script
	return p
}

// clients leaves out whole clients, and then has no more threads than are needed.
func (s *search) clients() {
	if !s.scripted() {
		s.load()
		return
	}
	s.groups(func(o plan.ScriptedOp) any { return o.Thread })
	p := s.best
	p.Concurrency = 1
	for _, o := range p.Script {
		p.Concurrency = max(p.Concurrency, o.Thread+1)
	}
	if p.Concurrency < s.best.Concurrency {
		s.try(p)
	}
}

// load has fewer clients do less, where what they do is not in a script.
func (s *search) load() {
	for s.best.Concurrency > 1 {
		p := s.best
		p.Concurrency /= 2
		if !s.try(p) {
			break
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

// keys leaves out all operations on some keys.
func (s *search) keys() {
	s.groups(func(o plan.ScriptedOp) any { return o.Key })
}

// groups leaves out operations that have something in common.
func (s *search) groups(of func(plan.ScriptedOp) any) {
	var all []any
	for _, o := range s.best.Script {
		if !slices.Contains(all, of(o)) {
			all = append(all, of(o))
		}
	}
	if len(s.best.Script) < 3*len(all) { // then to leave out single ones is as quick
		return
	}
	fewer(s, all, func(some []any) plan.Plan {
		return s.withScript(slices.DeleteFunc(slices.Clone(s.best.Script),
			func(o plan.ScriptedOp) bool { return !slices.Contains(some, of(o)) }))
	})
}

// soonerMax bounds how many things there may be between which pauses are shortened.
const soonerMax = 16

// sooner shortens the pauses between what happens, and with them the test.
func (s *search) sooner() {
	if len(s.best.Script)+len(s.best.Faults) > soonerMax || !s.scripted() {
		return
	}
	for i := 0; i < len(moments(s.best)); {
		if !s.closer(i) {
			i++
		}
	}
}

// closer shortens the pause before the i-th moment, by all of it, or a half or a quarter, and says
// whether it did.
func (s *search) closer(i int) bool {
	all := moments(s.best)
	pause := all[i]
	if i > 0 {
		pause -= all[i-1]
	}
	for _, part := range []time.Duration{1, 2, 4} {
		by := (pause / part).Truncate(time.Millisecond)
		if by > 0 && s.try(shifted(s.best, all[i], by)) {
			return true
		}
	}
	return false
}

// moments are the times in the main phase at which anything begins, ascending.
func moments(p plan.Plan) []time.Duration {
	var all []time.Duration
	for _, o := range p.Script {
		if !o.Final {
			all = append(all, o.At.Duration)
		}
	}
	for _, f := range p.Faults {
		all = append(all, f.At.Duration)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// shifted is p with everything from a time on sooner by so much.
func shifted(p plan.Plan, from, by time.Duration) plan.Plan {
	p.Script, p.Faults = slices.Clone(p.Script), slices.Clone(p.Faults)
	for i := range p.Script {
		if o := &p.Script[i]; !o.Final && o.At.Duration >= from {
			o.At.Duration -= by
		}
	}
	for i := range p.Faults {
		if f := &p.Faults[i]; f.At.Duration >= from {
			f.At.Duration -= by
		}
	}
	p.TimeLimit.Duration -= by
	return p
}

// rounder gives everything rounder times, the roundest that go on failing.
func (s *search) rounder() {
	for _, unit := range []time.Duration{100, 10, 1} {
		unit *= time.Millisecond
		p := s.best
		p.Script, p.Faults = slices.Clone(p.Script), slices.Clone(p.Faults)
		for i := range p.Script {
			p.Script[i].At = plan.Of(p.Script[i].At.Truncate(unit))
		}
		for i := range p.Faults {
			p.Faults[i].At = plan.Of(p.Faults[i].At.Truncate(unit))
		}
		slices.SortStableFunc(p.Script, func(a, b plan.ScriptedOp) int {
			return cmp.Compare(a.At.Duration, b.At.Duration)
		})
		if s.try(p) {
			return
		}
	}
}
