// Package collection judges queues, stacks, priority queues and growing sets with unique values in
// O(n log n): what goes in goes in once, so an answer says which operation it saw.
//
// The pattern is one throughout (Lee and Mathur, Efficient Decrease-and-Conquer Linearizability
// Monitoring, OOPSLA 2025; Abdulla et al., PLDI 2025). A value is in the collection for certain
// from the completion of its insertion to the invocation of its removal. At a moment when no value
// is there for certain the collection may as well be empty: whoever is there can have come a little
// later or gone a little earlier. What each kind makes of that is said where it is done. Proofs in
// this field have been wrong before, so what this rests on is the cross-check with trying every
// order.
package collection

import (
	"cmp"
	"math"
	"slices"
)

// Op is one operation. An open removal has no place here: nobody knows what it took.
type Op struct {
	Call, Return uint32 // positions in one total order, from 1; Open if it may never have happened
	Value        int32  // from 0; or Empty, of a removal that found nothing
	Removes      bool
}

// The special values of Op's fields.
const (
	Open  = math.MaxUint32
	Empty = int32(-1)
)

// The classes of anomalies.
const (
	Phantom    = "phantom-removal" // it took what had not been inserted
	Duplicate  = "duplicate"       // two took the same
	Reordered  = "reordered"       // they came out in another order than the collection keeps
	FalseEmpty = "false-empty"     // it found nothing where there was something all the time
)

// Witness is a part of a history that has no linearization by itself.
type Witness struct {
	Class string
	Ops   []int32    // ascending
	Edges [][2]int32 // the first had completed before the second was invoked: that is the trouble
}

const none = int32(-1)

// value is the insertion and the removal of a value.
type value struct{ in, out int32 }

// history is operations by value.
type history struct {
	ops    []Op
	values []value
	again  [2]int32 // two removals of one value
}

// check looks with each of finds until there is a witness. unique is false where a value is
// inserted twice: then nothing is said.
func check(ops []Op, values int, finds ...func(h *history) *Witness) (w *Witness, unique bool) {
	h := &history{ops: ops, values: make([]value, values)}
	if !h.pair() {
		return nil, false
	}
	finds = append([]func(h *history) *Witness{(*history).twice, (*history).fresh}, finds...)
	for _, find := range append(finds, (*history).empty) {
		if w := find(h); w != nil {
			slices.Sort(w.Ops)
			w.Ops = slices.Compact(w.Ops)
			return w, true
		}
	}
	return nil, true
}

// pair finds each value's operations. An open insertion that nobody saw did not happen: leaving it
// out hinders nothing.
func (h *history) pair() (unique bool) {
	for i := range h.values {
		h.values[i] = value{none, none}
	}
	h.again = [2]int32{none, none}
	for i, o := range h.ops {
		if o.Value == Empty {
			continue
		}
		v := &h.values[o.Value]
		switch {
		case o.Removes && v.out != none:
			h.again = [2]int32{v.out, int32(i)}
		case o.Removes:
			v.out = int32(i)
		case v.in != none:
			return false
		default:
			v.in = int32(i)
		}
	}
	return true
}

func (h *history) twice() *Witness {
	if h.again[0] == none {
		return nil
	}
	w := &Witness{Class: Duplicate, Ops: h.again[:]}
	if in := h.values[h.ops[h.again[0]].Value].in; in != none {
		w.Ops = append(w.Ops, in)
	}
	return w
}

func (h *history) fresh() *Witness {
	for _, v := range h.values {
		switch {
		case v.out == none:
		case v.in == none:
			return &Witness{Class: Phantom, Ops: []int32{v.out}}
		case h.ops[v.out].Return < h.ops[v.in].Call:
			return &Witness{Phantom, []int32{v.in, v.out}, [][2]int32{{v.out, v.in}}}
		}
	}
	return nil
}

// since is when a value is in the collection for certain, until when it stops being so.
func (h *history) since(v value) uint32 { return h.ops[v.in].Return }

// until is when the removal of a value was invoked: never, if it was not.
func (h *history) until(v value) uint32 {
	if v.out == none {
		return Open
	}
	return h.ops[v.out].Call
}

// certain are the values that some are there for certain at some time.
func (h *history) certain() []value {
	var out []value
	for _, v := range h.values {
		if v.in != none && h.since(v) < h.until(v) {
			out = append(out, v)
		}
	}
	return out
}

// empty finds a removal that found nothing while, at every moment of its interval, some value was
// there for certain.
func (h *history) empty() *Witness {
	c := h.cover(h.certain())
	for i, o := range h.ops {
		if !o.Removes || o.Value != Empty {
			continue
		}
		if chain := c.chain(o.Call, o.Return); chain != nil {
			return &Witness{Class: FalseEmpty, Ops: append(h.of(chain), int32(i))}
		}
	}
	return nil
}

// of lists the operations on values.
func (h *history) of(values []value) []int32 {
	var ops []int32
	for _, v := range values {
		ops = append(ops, v.in)
		if v.out != none {
			ops = append(ops, v.out)
		}
	}
	return ops
}

// cover is values by the time since which they are there for certain, and of those up to each the
// one that stays longest.
type cover struct {
	*history
	values []value
	reach  []int32
}

func (h *history) cover(values []value) cover {
	slices.SortFunc(values, func(a, b value) int { return cmp.Compare(h.since(a), h.since(b)) })
	reach := make([]int32, len(values))
	for i := range values {
		reach[i] = int32(i)
		if i > 0 && h.until(values[reach[i-1]]) >= h.until(values[i]) {
			reach[i] = reach[i-1]
		}
	}
	return cover{h, values, reach}
}

// chain goes from one value that is there for certain to the next that overlaps it, over a whole
// interval; nil if there is a moment without any.
func (c cover) chain(from, to uint32) (chain []value) {
	for at := from; at < to; {
		n, _ := slices.BinarySearchFunc(c.values, at, func(v value, at uint32) int {
			return cmp.Compare(c.since(v), at+1)
		})
		if n == 0 {
			return nil
		}
		v := c.values[c.reach[n-1]]
		if c.until(v) <= at {
			return nil
		}
		at = c.until(v)
		chain = append(chain, v)
	}
	return chain
}
