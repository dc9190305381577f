package generator

import (
	"math/bits"
	"slices"
	"time"

	"sunder/harness/history"
)

// OnThreads gives operations only to the threads that may have them. Without it, every client may,
// and the nemesis may not.
func (g Generator) OnThreads(may func(t Thread) bool) Generator {
	var m set
	for t := Nemesis; t < words*64-1; t++ {
		if may(t) {
			m.add(t)
		}
	}
	return Generator{&masked{g.state(), &m}}
}

// Clients makes g blind to the nemesis: its phases wait for clients only.
func (g Generator) Clients() Generator {
	return g.OnThreads(func(t Thread) bool { return t != Nemesis })
}

// OnNemesis gives the operations of g to the nemesis.
func (g Generator) OnNemesis() Generator {
	return g.OnThreads(func(t Thread) bool { return t == Nemesis })
}

// masked hears only of completions on its own threads.
type masked struct {
	of state
	m  *set
}

func (s *masked) next(c Context) (Op, Verdict, time.Duration, state) {
	op, v, at, rest := s.of.next(c.on(s.m, c.drawn))
	return op, v, at, s.with(rest)
}

func (s *masked) with(of state) state {
	if of == s.of {
		return s
	}
	return &masked{of, s.m}
}

func (s *masked) update(c Context, t Thread, e history.Event) state {
	if !s.m.has(t) {
		return s
	}
	return s.with(s.of.update(c.on(s.m, nobody), t, e))
}

// Reserve keeps the first n client threads of those it may use for g, and leaves all others to
// rest. Nest it to reserve more.
func Reserve(n int, g, rest Generator) Generator {
	return Generator{&reserved{n, g.state(), rest.state()}}
}

type reserved struct {
	n       int
	g, rest state
}

func (s *reserved) next(c Context) (Op, Verdict, time.Duration, state) {
	first := c.first(s.n)
	t, _, _ := c.pick() // decides who is asked first, so that each side gets its share
	wait := waiting{verdict: Exhausted}
	mine := t != nobody && first.has(t)
	for range 2 {
		var op Op
		var v Verdict
		var at time.Duration
		if op, v, at, s = s.ask(c, &first, mine, t); v == Emit {
			return op, v, at, s
		}
		wait.add(v, at)
		mine = !mine
	}
	return Op{}, wait.verdict, wait.at, s
}

// ask asks g, or else the rest.
func (s *reserved) ask(c Context, first *set, g bool, t Thread) (
	Op, Verdict, time.Duration, *reserved) {
	if g {
		op, v, at, g := s.g.next(c.salt(saltChild).on(first, t))
		return op, v, at, s.with(g, s.rest)
	}
	others := without(c.workers(), *first)
	op, v, at, rest := s.rest.next(c.salt(saltOthers).on(&others, t))
	return op, v, at, s.with(s.g, rest)
}

func (s *reserved) with(g, rest state) *reserved {
	if g == s.g && rest == s.rest {
		return s
	}
	return &reserved{s.n, g, rest}
}

func (s *reserved) update(c Context, t Thread, e history.Event) state {
	first := c.first(s.n)
	if first.has(t) {
		return s.with(s.g.update(c.salt(saltChild).on(&first, nobody), t, e), s.rest)
	}
	others := without(c.workers(), first)
	return s.with(s.g, s.rest.update(c.salt(saltOthers).on(&others, nobody), t, e))
}

// EachThread runs g on every thread by itself, each from the beginning.
func (g Generator) EachThread() Generator { return Generator{&each{of: g.state()}} }

type each struct {
	of      state
	threads []state // by thread+1; none before the first question
}

func (s *each) next(c Context) (Op, Verdict, time.Duration, state) {
	if s.threads == nil {
		s = &each{s.of, slices.Repeat([]state{s.of}, c.threads.clients+1)}
	}
	wait := waiting{verdict: Exhausted}
	threads := s.threads
	left := c
	left.mask, left.drawn = c.workers(), nobody
	for {
		t, free, _ := left.pick()
		if !free {
			break
		}
		left.mask.remove(t)
		op, v, at, rest := threads[t+1].next(c.alone(t, t))
		if rest != threads[t+1] {
			threads = replaced(threads, int(t+1), rest)
		}
		if v == Emit {
			return op, v, at, s.with(threads)
		}
		wait.add(v, at)
	}
	for i, of := range threads { // those that are left are busy
		if left.mask.has(Thread(i)-1) && !ended(of) {
			wait.add(Pending, 0)
		}
	}
	return Op{}, wait.verdict, wait.at, s.with(threads)
}

func (s *each) with(threads []state) state {
	if &threads[0] == &s.threads[0] {
		return s
	}
	return &each{s.of, threads}
}

func (s *each) update(c Context, t Thread, e history.Event) state {
	if s.threads == nil {
		return s
	}
	u := s.threads[t+1].update(c.alone(t, nobody), t, e)
	if u == s.threads[t+1] {
		return s
	}
	return s.with(replaced(s.threads, int(t+1), u))
}

// alone is the context of a generator that has only thread t.
func (c Context) alone(t, drawn Thread) Context {
	c.mask, c.drawn = set{}, drawn
	c.mask.add(t)
	return c.salt(saltChild + uint64(t+1)<<8)
}

// first is the first n client threads of the context.
func (c *Context) first(n int) set {
	var m set
	for i := 0; i < c.threads.words && n > 0; i++ {
		w := c.mask[i]
		if i == 0 {
			w &^= 1 // the nemesis is nobody's reserve
		}
		for extra := bits.OnesCount64(w) - n; extra > 0; extra-- {
			w &^= 1 << (63 - bits.LeadingZeros64(w))
		}
		n -= bits.OnesCount64(w)
		m[i] = w
	}
	return m
}

func without(a, b set) set {
	for i := range a {
		a[i] &^= b[i]
	}
	return a
}
