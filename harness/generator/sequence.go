package generator

import (
	"time"

	"sunder/harness/history"
)

// Then goes on with next as soon as g is exhausted, while operations of g may still be open.
func (g Generator) Then(next Generator) Generator {
	return Generator{&sequence{[]state{g.state(), next.state()}}}
}

// Phases runs gs one after the other. Each begins only when every thread is free.
func Phases(gs ...Generator) Generator {
	of := make([]state, len(gs))
	for i, g := range gs {
		of[i] = g.Synchronize().s
	}
	return Generator{&sequence{of}}
}

type sequence struct{ of []state }

func (s *sequence) next(c Context) (Op, Verdict, time.Duration, state) {
	for len(s.of) > 0 {
		op, v, at, rest := s.of[0].next(c.salt(saltChild + uint64(len(s.of))<<8))
		if v != Exhausted {
			return op, v, at, s.with(rest)
		}
		s = &sequence{s.of[1:]}
	}
	return over()
}

func (s *sequence) with(of state) state {
	if of == s.of[0] {
		return s
	}
	if len(s.of) == 1 && ended(of) {
		return of
	}
	return &sequence{replaced(s.of, 0, of)}
}

func (s *sequence) update(c Context, t Thread, e history.Event) state {
	if len(s.of) == 0 {
		return s
	}
	return s.with(s.of[0].update(c.salt(saltChild+uint64(len(s.of))<<8), t, e))
}

// Synchronize holds g back until every thread that it may use is free.
func (g Generator) Synchronize() Generator { return Generator{&barrier{g.state()}} }

type barrier struct{ of state }

func (s *barrier) next(c Context) (Op, Verdict, time.Duration, state) {
	if !c.idle() {
		return Op{}, Pending, 0, s
	}
	return s.of.next(c)
}

func (s *barrier) update(_ Context, _ Thread, _ history.Event) state { return s }

// Limit ends g after n operations.
func (g Generator) Limit(n int) Generator {
	if n <= 0 {
		return Generator{}
	}
	return Generator{&limited{g.state(), n}}
}

// Once ends g after one operation.
func (g Generator) Once() Generator { return g.Limit(1) }

type limited struct {
	of   state
	left int
}

func (s *limited) next(c Context) (Op, Verdict, time.Duration, state) {
	op, v, at, rest := s.of.next(c)
	left := s.left
	if v == Emit && op.Log == "" {
		left--
	}
	return op, v, at, s.with(rest, left)
}

func (s *limited) with(of state, left int) state {
	switch {
	case left == 0 || ended(of):
		return (*done)(nil)
	case of == s.of && left == s.left:
		return s
	}
	return &limited{of, left}
}

func (s *limited) update(c Context, t Thread, e history.Event) state {
	return s.with(s.of.update(c, t, e), s.left)
}

// Repeat runs g n times, from the beginning each time; 0: without end, as long as g has anything
// at all.
func (g Generator) Repeat(n int) Generator {
	return Generator{&repeated{start: g.state(), of: g.state(), left: n, idle: true}}
}

type repeated struct {
	start, of state
	left      int  // rounds, this one included; 0 or less: without end
	idle      bool // this round had nothing yet
}

func (s *repeated) next(c Context) (Op, Verdict, time.Duration, state) {
	for {
		op, v, at, rest := s.of.next(c)
		if v != Exhausted {
			return op, v, at, s.with(rest, false)
		}
		if s.idle || s.left == 1 {
			return over()
		}
		s = &repeated{s.start, s.start, s.left - 1, true}
	}
}

func (s *repeated) with(of state, idle bool) state {
	if of == s.of && idle == s.idle {
		return s
	}
	return &repeated{s.start, of, s.left, idle}
}

func (s *repeated) update(c Context, t Thread, e history.Event) state {
	return s.with(s.of.update(c, t, e), s.idle)
}

// FlipFlop takes one operation of g, one of h, and so on, until one of them is exhausted.
func (g Generator) FlipFlop(h Generator) Generator {
	return Generator{&alternating{of: [2]state{g.state(), h.state()}}}
}

type alternating struct {
	of   [2]state
	turn int
}

func (s *alternating) next(c Context) (Op, Verdict, time.Duration, state) {
	op, v, at, rest := s.of[s.turn].next(c.salt(saltChild + uint64(s.turn)<<8))
	if v == Exhausted {
		return over()
	}
	n := *s
	n.of[s.turn] = rest
	if v == Emit && op.Log == "" {
		n.turn = 1 - s.turn
	}
	return op, v, at, s.or(n)
}

func (s *alternating) or(n alternating) state {
	if n == *s {
		return s
	}
	return &n
}

func (s *alternating) update(c Context, t Thread, e history.Event) state {
	n := *s
	for i := range n.of {
		n.of[i] = n.of[i].update(c.salt(saltChild+uint64(i)<<8), t, e)
	}
	return s.or(n)
}

// UntilOK ends g when one of its operations is ok. Others may be open by then.
func (g Generator) UntilOK() Generator {
	return g.Until(func(e history.Event) bool { return e.Kind == history.OK })
}

// Until ends g when one of its operations ended as enough says. Others may be open by then.
func (g Generator) Until(enough func(e history.Event) bool) Generator {
	return Generator{&trying{of: g.state(), enough: enough}}
}

type trying struct {
	of     state
	mine   set // the threads that have one of its operations open
	enough func(history.Event) bool
}

func (s *trying) next(c Context) (Op, Verdict, time.Duration, state) {
	op, v, at, rest := s.of.next(c)
	mine := s.mine
	if v == Emit && op.Log == "" {
		mine.add(op.Thread)
	}
	return op, v, at, s.with(rest, mine)
}

func (s *trying) with(of state, mine set) state {
	if of == s.of && mine == s.mine {
		return s
	}
	return &trying{of, mine, s.enough}
}

func (s *trying) update(c Context, t Thread, e history.Event) state {
	mine := s.mine
	if mine.has(t) {
		if s.enough(e) {
			return (*done)(nil)
		}
		mine.remove(t)
	}
	return s.with(s.of.update(c, t, e), mine)
}
