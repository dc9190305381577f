package generator

import (
	"time"

	"sunder/harness/history"
)

// arrears bounds how many intervals a pace makes up for after it was held up.
const arrears = 10

// Stagger spreads operations over time: the pauses between them are random between 0 and 2 dt,
// over all threads together, so their mean is dt. When the threads were all busy it catches up,
// but for ten intervals at most.
func (g Generator) Stagger(dt time.Duration) Generator { return g.paced(dt, true) }

// Delay is Stagger with pauses of exactly dt.
func (g Generator) Delay(dt time.Duration) Generator { return g.paced(dt, false) }

func (g Generator) paced(dt time.Duration, random bool) Generator {
	if dt <= 0 {
		return g
	}
	return Generator{&paced{of: g.state(), dt: dt, random: random}}
}

type paced struct {
	of     state
	dt     time.Duration
	random bool
	begun  bool
	due    time.Duration // of the next operation
}

func (s *paced) next(c Context) (Op, Verdict, time.Duration, state) {
	if s.begun && c.Time < s.due {
		return Op{}, NotYet, s.due, s
	}
	op, v, at, rest := s.of.next(c)
	if v != Emit || op.Log != "" || ended(rest) {
		return op, v, at, s.with(rest)
	}
	pause := s.dt
	if s.random {
		pause = time.Duration(c.below(saltPace, uint64(2*s.dt)+1))
	}
	due := c.Time
	if s.begun {
		due = max(s.due, c.Time-arrears*s.dt)
	}
	return op, v, at, &paced{rest, s.dt, s.random, true, due + pause}
}

func (s *paced) with(of state) state {
	if of == s.of {
		return s
	}
	if ended(of) {
		return of
	}
	next := *s
	next.of = of
	return &next
}

func (s *paced) update(c Context, t Thread, e history.Event) state {
	return s.with(s.of.update(c, t, e))
}

// TimeLimit ends g when d has passed since its first operation. Operations in flight are not its
// business: whoever runs the generator waits for them.
func (g Generator) TimeLimit(d time.Duration) Generator {
	return Generator{&limitedTime{of: g.state(), d: d}}
}

type limitedTime struct {
	of    state
	d     time.Duration
	begun bool
	until time.Duration
}

func (s *limitedTime) next(c Context) (Op, Verdict, time.Duration, state) {
	if s.begun && c.Time >= s.until {
		return over()
	}
	op, v, at, rest := s.of.next(c)
	if v == Emit && op.Log == "" && !s.begun {
		return op, v, at, &limitedTime{rest, s.d, true, c.Time + s.d}
	}
	if s.begun && (v == Pending || v == NotYet && at > s.until) {
		v, at = NotYet, s.until // to say then that it is over
	}
	return op, v, at, s.with(rest)
}

func (s *limitedTime) with(of state) state {
	if of == s.of {
		return s
	}
	if ended(of) {
		return of
	}
	return &limitedTime{of, s.d, s.begun, s.until}
}

func (s *limitedTime) update(c Context, t Thread, e history.Event) state {
	return s.with(s.of.update(c, t, e))
}

// Sleep has no operation; it is exhausted when d has passed since it was asked first.
func Sleep(d time.Duration) Generator { return Generator{&sleeping{d: d}} }

type sleeping struct {
	d     time.Duration
	begun bool
	until time.Duration
}

func (s *sleeping) next(c Context) (Op, Verdict, time.Duration, state) {
	if !s.begun {
		s = &sleeping{s.d, true, c.Time + s.d}
	}
	if c.Time >= s.until {
		return over()
	}
	return Op{}, NotYet, s.until, s
}

func (s *sleeping) update(_ Context, _ Thread, _ history.Event) state { return s }
