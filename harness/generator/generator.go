// Package generator says what to invoke next, and when.
//
// A Generator is a value: it answers with an operation and with the generator that comes after it,
// and is itself unchanged. It has no goroutine, no clock and no stream of random numbers: time and
// threads come in a Context, and every random choice is a hash of the seed, the number of
// operations dispatched so far, and what the choice is for. So a generator can be asked twice, or
// asked in a test, and the same question has the same answer.
package generator

import (
	"slices"
	"time"

	"sunder/harness/history"
)

// Op is an invocation to be. A generator that has none of a field leaves it to the ones around it
// (Keys fills in the key), and what nobody fills in stays empty.
type Op struct {
	F      string
	Key    string
	Node   string // the node to ask; empty: the one that the client belongs to
	Value  history.Value
	Thread Thread // who does it; always one that was free
	Log    string // not an operation at all, but a line to be logged; it takes no thread
}

// Verdict says what a generator's answer means. The zero Verdict is none.
type Verdict uint8

// The four answers. Whoever mixes them up ends a test too early, or never.
const (
	Emit      Verdict = iota + 1 // here is an operation: it happens now
	NotYet                       // ask again at the time that came along, or after a completion
	Pending                      // ask again after a completion: time alone will not help
	Exhausted                    // there will never be another operation
)

// Generator yields operations. The zero Generator is exhausted.
type Generator struct{ s state }

// state is what stands behind a Generator. Its dynamic type is always a pointer, so that whoever
// holds one sees cheaply whether it changed, and need not copy itself when it did not.
type state interface {
	// next answers with a successor in any case: a wait may have begun even where nothing came.
	next(c Context) (Op, Verdict, time.Duration, state)
	// update hears how an operation on thread t ended.
	update(c Context, t Thread, e history.Event) state
}

// Next asks for an operation. The time belongs to NotYet only. Whatever the verdict, the returned
// Generator takes the place of this one; the operation of an Emit must then be dispatched.
func (g Generator) Next(c Context) (Op, Verdict, time.Duration, Generator) {
	op, v, at, s := g.state().next(c)
	if v == Exhausted {
		s = nil // for good
	}
	return op, v, at, Generator{s}
}

// Update tells of a completion, of any thread's operation, and returns the Generator that knows.
func (g Generator) Update(c Context, e history.Event) Generator {
	return Generator{g.state().update(c, c.threads.Of(e.Process), e)}
}

func (g Generator) state() state {
	if g.s == nil {
		return (*done)(nil)
	}
	return g.s
}

func states(gs []Generator) []state {
	s := make([]state, len(gs))
	for i, g := range gs {
		s[i] = g.state()
	}
	return s
}

// done is the exhausted state.
type done struct{}

func (d *done) next(Context) (Op, Verdict, time.Duration, state)  { return Op{}, Exhausted, 0, d }
func (d *done) update(_ Context, _ Thread, _ history.Event) state { return d }

// over is the answer of a state that has ended.
func over() (Op, Verdict, time.Duration, state) { return Op{}, Exhausted, 0, (*done)(nil) }

// Func emits what f returns, without end, each on a free thread chosen at random but in turns. It
// calls f with that thread; f is pure and takes its randomness from the Context, whose Step is
// unique to the operation.
func Func(f func(c Context, t Thread) Op) Generator { return Generator{&fn{f}} }

type fn struct{ f func(Context, Thread) Op }

func (s *fn) next(c Context) (Op, Verdict, time.Duration, state) {
	t, free, any := c.pick()
	if !any {
		return over()
	}
	if !free {
		return Op{}, Pending, 0, s
	}
	op := s.f(c, t)
	op.Thread = t
	return op, Emit, 0, s
}

func (s *fn) update(_ Context, _ Thread, _ history.Event) state { return s }

// Log emits one line for the log, on no thread.
func Log(text string) Generator { return Generator{&logLine{text}} }

type logLine struct{ text string }

func (s *logLine) next(Context) (Op, Verdict, time.Duration, state) {
	return Op{Log: s.text}, Emit, 0, (*done)(nil)
}

func (s *logLine) update(_ Context, _ Thread, _ history.Event) state { return s }

// Map changes every operation by f.
func (g Generator) Map(f func(c Context, op Op) Op) Generator {
	return Generator{&mapped{g.state(), f}}
}

type mapped struct {
	of state
	f  func(Context, Op) Op
}

func (s *mapped) next(c Context) (Op, Verdict, time.Duration, state) {
	op, v, at, rest := s.of.next(c.salt(saltMap))
	if v == Emit && op.Log == "" {
		thread := op.Thread
		op = s.f(c, op)
		op.Thread = thread
	}
	return op, v, at, s.with(rest)
}

func (s *mapped) with(of state) state {
	if of == s.of {
		return s
	}
	return &mapped{of, s.f}
}

func (s *mapped) update(c Context, t Thread, e history.Event) state {
	return s.with(s.of.update(c.salt(saltMap), t, e))
}

// filterTries bounds how many operations in a row a filter may refuse.
const filterTries = 10_000

// Filter emits only the operations that keep accepts. It panics when it accepts none out of ten
// thousand: that is a mistake in a workload, and would otherwise never end.
func (g Generator) Filter(keep func(op Op) bool) Generator {
	return Generator{&filtered{of: g.state(), keep: keep}}
}

type filtered struct {
	of      state
	keep    func(Op) bool
	refused uint64 // so far. The step stands still for these: they make the next draw another one
}

func (s *filtered) next(c Context) (Op, Verdict, time.Duration, state) {
	n := *s
	for range filterTries {
		op, v, at, rest := n.of.next(c.salt(saltFilter + n.refused<<8))
		n.of = rest
		if v != Emit || op.Log != "" || s.keep(op) {
			return op, v, at, s.or(n)
		}
		n.refused++
	}
	panic("generator: a filter refused ten thousand operations in a row")
}

func (s *filtered) or(n filtered) state {
	if n.of == s.of && n.refused == s.refused {
		return s
	}
	return &n
}

func (s *filtered) update(c Context, t Thread, e history.Event) state {
	n := *s
	n.of = s.of.update(c.salt(saltFilter+s.refused<<8), t, e)
	return s.or(n)
}

// ended says whether s is known to be exhausted for good.
func ended(s state) bool { return s == state((*done)(nil)) }

// hears says whether s, or what comes after it, may care how operations end. Most do not, and are
// spared the telling.
func hears(s state) bool {
	switch s := s.(type) {
	case *done, *fn, *logLine, *sleeping, *scripted:
		return false
	case *mixed:
		return slices.ContainsFunc(s.of, hears)
	case *reserved:
		return hears(s.g) || hears(s.rest)
	case *limited:
		return hears(s.of)
	}
	return true
}
