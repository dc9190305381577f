package collection

import (
	"cmp"
	"slices"
)

// SetOp is one operation on a set that only grows: an add of Element, or a read of all Elements.
type SetOp struct {
	Call, Return uint32 // as in Op; an open read has no place here
	Element      int32  // from 0
	Reads        bool
	Elements     []int32 // each once
}

// The classes of anomalies of a set.
const (
	Unwritten = "phantom-read"   // it holds what nobody adds
	Future    = "future-read"    // it holds what was added after it
	Missing   = "missing"        // an element is not there that was there before
	Disagree  = "reads-disagree" // of two reads each misses what the other has
)

// Set finds a witness against a set that only grows, or nil if there is a linearization, in linear
// time but for sorting the reads by their size. unique is false where an element is added twice.
//
// What reads answer must grow, so their sizes order them, and with them the adds: what the first
// read of an element brings was added after the read before. Whatever stands in that order before
// an operation must have been invoked before it completed.
func Set(ops []SetOp, elements int) (w *Witness, unique bool) {
	s := set{ops: ops, add: make([]int32, elements), seen: make([]int32, elements)}
	for e := range s.add {
		s.add[e], s.seen[e] = none, none
	}
	for i, o := range ops {
		if o.Reads {
			s.reads = append(s.reads, int32(i))
			continue
		}
		if s.add[o.Element] != none {
			return nil, false
		}
		s.add[o.Element] = int32(i)
	}
	slices.SortStableFunc(s.reads, func(a, b int32) int {
		return cmp.Compare(len(ops[a].Elements), len(ops[b].Elements))
	})
	if w = s.grow(); w != nil {
		w = s.shrink(w)
	}
	return w, true
}

// shrink leaves operations out of a witness as long as the rest is one.
func (s *set) shrink(w *Witness) *Witness {
	slices.Sort(w.Ops)
	w.Ops = slices.Compact(w.Ops)
	for k := range w.Ops {
		rest := slices.Delete(slices.Clone(w.Ops), k, k+1)
		if fewer, _ := Set(s.part(rest), len(s.add)); fewer != nil {
			for i := range fewer.Ops {
				fewer.Ops[i] = rest[fewer.Ops[i]]
			}
			for i, e := range fewer.Edges {
				fewer.Edges[i] = [2]int32{rest[e[0]], rest[e[1]]}
			}
			return fewer
		}
	}
	return w
}

// part is a history of some operations, with the reads of what they add and of what nobody adds.
// That leaves no legal history illegal: what each element does is its own affair.
func (s *set) part(of []int32) []SetOp {
	out := make([]SetOp, len(of))
	for k, i := range of {
		out[k] = s.ops[i]
		out[k].Elements = slices.DeleteFunc(slices.Clone(s.ops[i].Elements), func(e int32) bool {
			return s.add[e] != none && !slices.Contains(of, s.add[e])
		})
	}
	return out
}

type set struct {
	ops   []SetOp
	add   []int32 // of each element
	seen  []int32 // the first read of each element, in the order of reads
	reads []int32 // by size

	last int32  // of those that stand before, the one invoked last
	now  uint32 // when that was
}

// grow goes through the reads of each size, before them through the adds that they bring, and at
// last through the adds that nobody saw.
func (s *set) grow() *Witness {
	s.last = none
	for k := 0; k < len(s.reads); {
		r := s.reads[k]
		var brings []int32
		for _, e := range s.ops[r].Elements {
			if s.add[e] == none {
				return &Witness{Class: Unwritten, Ops: []int32{r}}
			}
			if s.seen[e] == none {
				s.seen[e] = r
				brings = append(brings, s.add[e])
			}
		}
		begin, size := k, len(s.ops[r].Elements)
		if k > 0 && size-len(brings) < len(s.ops[s.reads[k-1]].Elements) {
			return s.disagree(s.reads[k-1], r)
		}
		for ; k < len(s.reads) && len(s.ops[s.reads[k]].Elements) == size; k++ {
			if w := s.same(r, s.reads[k]); w != nil {
				return w
			}
		}
		if w := s.block(brings); w != nil {
			return w
		}
		if w := s.block(s.reads[begin:k]); w != nil {
			return w
		}
	}
	var unseen []int32
	for e, i := range s.add {
		if i != none && s.seen[e] == none {
			unseen = append(unseen, i)
		}
	}
	return s.block(unseen)
}

// same compares two reads of one size.
func (s *set) same(a, b int32) *Witness {
	for _, e := range s.ops[b].Elements {
		switch {
		case s.add[e] == none:
			return &Witness{Class: Unwritten, Ops: []int32{b}}
		case s.seen[e] == none:
			return s.disagree(a, b)
		}
	}
	return nil
}

// disagree: each of two reads misses what the other has.
func (s *set) disagree(a, b int32) *Witness {
	return &Witness{Class: Disagree, Ops: []int32{a, b, s.lacks(a, b), s.lacks(b, a)}}
}

// lacks is the add of an element that read a has and read b has not.
func (s *set) lacks(a, b int32) int32 {
	has := make(map[int32]bool)
	for _, e := range s.ops[b].Elements {
		has[e] = true
	}
	for _, e := range s.ops[a].Elements {
		if !has[e] {
			return s.add[e]
		}
	}
	return none
}

// block takes operations that stand next to each other, in any order, after all that came before.
func (s *set) block(ops []int32) *Witness {
	for _, i := range ops {
		if s.ops[i].Return < s.now {
			return s.early(i)
		}
	}
	for _, i := range ops {
		if s.ops[i].Call > s.now {
			s.last, s.now = i, s.ops[i].Call
		}
	}
	return nil
}

// early: an operation completed before one was invoked that stands before it.
func (s *set) early(i int32) *Witness {
	late := s.last
	w := &Witness{Missing, []int32{i, late}, [][2]int32{{i, late}}}
	switch o, p := &s.ops[i], &s.ops[late]; {
	case o.Reads && p.Reads:
		w.Ops = append(w.Ops, s.lacks(i, late))
	case o.Reads:
		w.Class = Future
	case !p.Reads:
		w.Ops = append(w.Ops, s.seen[p.Element])
	}
	return w
}
