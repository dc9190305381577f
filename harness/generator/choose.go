package generator

import (
	"slices"
	"time"

	"sunder/harness/history"
)

// Mix draws one of gs for each operation, and stays with it while it is pending; name a generator
// twice to draw it twice as often. Exhausted ones drop out.
func Mix(gs ...Generator) Generator { return Generator{&mixed{states(gs)}} }

type mixed struct{ of []state }

func (s *mixed) next(c Context) (Op, Verdict, time.Duration, state) {
	for len(s.of) > 0 {
		i := int(c.below(saltOrder, uint64(len(s.of))))
		op, v, at, rest := s.of[i].next(c.salt(saltChild + uint64(i)<<8))
		if v != Exhausted {
			return op, v, at, s.with(i, rest)
		}
		s = &mixed{slices.Delete(slices.Clone(s.of), i, i+1)}
	}
	return over()
}

func (s *mixed) with(i int, of state) state {
	if of == s.of[i] {
		return s
	}
	return &mixed{replaced(s.of, i, of)}
}

func (s *mixed) update(c Context, t Thread, e history.Event) state {
	of := s.of
	for i, g := range s.of {
		if u := g.update(c.salt(saltChild+uint64(i)<<8), t, e); u != g {
			of = replaced(of, i, u)
		}
	}
	if len(of) == 0 || &of[0] == &s.of[0] {
		return s
	}
	return &mixed{of}
}

// Any emits from whichever of gs is ready; among several that are, it draws.
func Any(gs ...Generator) Generator { return Generator{&either{states(gs)}} }

type either struct{ of []state }

func (s *either) next(c Context) (Op, Verdict, time.Duration, state) {
	n := len(s.of)
	wait := waiting{verdict: Exhausted}
	of := s.of
	for k, first := 0, int(c.below(saltOrder, uint64(n))); k < n; k++ {
		i := (first + k) % n
		op, v, at, rest := of[i].next(c.salt(saltChild + uint64(i)<<8))
		if rest != of[i] {
			of = replaced(of, i, rest)
		}
		if v == Emit {
			return op, Emit, 0, s.with(of)
		}
		wait.add(v, at)
	}
	if wait.verdict == Exhausted {
		return over()
	}
	return Op{}, wait.verdict, wait.at, s.with(of)
}

func (s *either) with(of []state) state {
	if len(of) == 0 || &of[0] == &s.of[0] {
		return s
	}
	return &either{of}
}

func (s *either) update(c Context, t Thread, e history.Event) state {
	of := s.of
	for i, g := range s.of {
		if u := g.update(c.salt(saltChild+uint64(i)<<8), t, e); u != g {
			of = replaced(of, i, u)
		}
	}
	return s.with(of)
}

// waiting joins what generators answered that had nothing now: the soonest counts.
type waiting struct {
	verdict Verdict
	at      time.Duration
}

func (w *waiting) add(v Verdict, at time.Duration) {
	switch {
	case v == NotYet && (w.verdict != NotYet || at < w.at):
		w.verdict, w.at = NotYet, at
	case v == Pending && w.verdict == Exhausted:
		w.verdict = Pending
	}
}

// replaced is of with another state at i; of stays as it is.
func replaced(of []state, i int, s state) []state {
	of = slices.Clone(of)
	of[i] = s
	return of
}
