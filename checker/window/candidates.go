package window

import (
	"cmp"
	"math"
	"slices"
)

// candidate is an operation that may be placed next: one that ended, or one of a class of those
// that did not.
type candidate struct {
	op    int32 // or none
	class int32
	state int32  // after it
	end   uint32 // when it must have happened; of open-ended ones, a rank
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
	s.gatherOpen(f)
}

// gatherOpen adds the classes of open-ended operations, those with the most left first. One that
// makes the operation possible that must come next, and is not, goes before all others: otherwise
// all orders of those that ended would be tried first.
func (s *search) gatherOpen(f *frame) {
	ended := len(s.candidates)
	urgent := s.ops[s.returns[f.pos]].Class
	stuck := s.machine.Step(f.state, urgent) < 0
	for _, class := range s.consumed.classes {
		if !s.consumed.has(class) || f.bare != none && s.machine.Step(f.bare, class) >= 0 {
			continue
		}
		to := s.machine.Step(f.state, class)
		if to < 0 || to == f.state {
			continue
		}
		rank := math.MaxUint32 - uint32(s.consumed.offered[class]-s.consumed.used[class])
		if stuck && s.machine.Step(to, urgent) >= 0 {
			rank -= helps
		}
		s.candidates = append(s.candidates, candidate{none, class, to, rank})
	}
	open := s.candidates[ended:]
	slices.SortFunc(open, func(a, b candidate) int { return cmp.Compare(a.end, b.end) })
	helpful := 0
	for helpful < len(open) && open[helpful].end <= math.MaxUint32-helps {
		helpful++
	}
	first := s.candidates[:ended+helpful] // those that ended, then the helpful: change places
	slices.Reverse(first[:ended])
	slices.Reverse(first[ended:])
	slices.Reverse(first)
}

// helps sets apart the ranks of helpful operations. There are fewer operations than that.
const helps = 1 << 31

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
