package window

import (
	"cmp"
	"slices"
)

// candidate is an operation that may be placed next: one that ended, or one of a class of those
// that did not.
type candidate struct {
	op    int32 // or none
	class int32
	state int32 // after it
	end   uint32
}

// gather lists the candidates at f, the most urgent first. Of the operations of one class only
// the one that ends first is tried: in any order that places another one first, the two can
// change places. Read-only ones are placed already, or impossible here.
//
// An open-ended operation is used only where it is needed. If the machine overwrites, it is needed
// only by an operation right after it that is impossible without it: anything else leaves the same
// state whether it came before or not.
func (s *search) gather(f *frame) {
	s.candidates = s.candidates[:0]
	open := s.open.minus(f.placed)
	for open = open.minus(s.readers); !open.empty(); {
		op := s.holder[open.take()]
		o := &s.ops[op]
		if f.bare != none && s.machine.Step(f.bare, o.Class) >= 0 {
			continue
		}
		to := s.machine.Step(f.state, o.Class)
		if to < 0 || s.known(op, o) {
			continue
		}
		s.candidates = append(s.candidates, candidate{op, o.Class, to, o.Return})
	}
	slices.SortFunc(s.candidates, func(a, b candidate) int { return cmp.Compare(a.end, b.end) })
	for _, class := range s.consumed.classes {
		if !s.consumed.has(class) || f.bare != none && s.machine.Step(f.bare, class) >= 0 {
			continue
		}
		if to := s.machine.Step(f.state, class); to >= 0 && to != f.state {
			s.candidates = append(s.candidates, candidate{none, class, to, Open})
			s.hasten(f)
		}
	}
}

// plenty is how many open-ended operations of a class must be left for one to be spent early.
const plenty = 2

// hasten moves the last candidate, an open-ended operation, to the front if there are plenty like
// it, and it makes the operation possible that must come next and is not: otherwise all orders of
// those that ended would be tried first.
func (s *search) hasten(f *frame) {
	c := s.candidates[len(s.candidates)-1]
	if s.consumed.offered[c.class]-s.consumed.used[c.class] < plenty {
		return
	}
	urgent := s.ops[s.returns[f.pos]].Class
	if s.machine.Step(f.state, urgent) < 0 && s.machine.Step(c.state, urgent) >= 0 {
		copy(s.candidates[1:], s.candidates)
		s.candidates[0] = c
	}
}

// known says whether an operation of the same class is a candidate, and leaves the more urgent.
func (s *search) known(op int32, o *Op) bool {
	for i := range s.candidates {
		c := &s.candidates[i]
		if c.class != o.Class {
			continue
		}
		if o.Return < c.end {
			c.op, c.end = op, o.Return
		}
		return true
	}
	return false
}
