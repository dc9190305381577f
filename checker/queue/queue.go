// Package queue judges a FIFO queue with unique values in O(n log n).
//
// With values that are enqueued once, a history is linearizable unless it shows one of four
// patterns (Henzinger, Sezgin and Vafeiadis, Aspect-Oriented Linearizability Proofs, CONCUR 2013):
// a value comes out that had not gone in, or comes out twice; two values come out in another order
// than they went in; a dequeue finds the queue empty though at no time in its interval it can have
// been. Proofs in this field have been wrong before, so the cross-check with trying every order is
// what this rests on.
package queue

import (
	"cmp"
	"math"
	"slices"
)

// Op is one operation. An open dequeue has no place here: nobody knows what it took.
type Op struct {
	Call, Return uint32 // positions in one total order, from 1; Open if it may never have happened
	Value        int32  // from 0; or Empty, of a dequeue that found nothing
	Dequeue      bool
}

// The special values of Op's fields.
const (
	Open  = math.MaxUint32
	Empty = int32(-1)
)

// The classes of anomalies.
const (
	Phantom    = "phantom-dequeue" // it took what had not been enqueued
	Duplicate  = "duplicate"       // two took the same
	Reordered  = "reordered"       // first in, and not first out
	FalseEmpty = "false-empty"     // it found nothing where there was something all the time
)

// Witness is a part of a history that has no linearization by itself.
type Witness struct {
	Class string
	Ops   []int32    // ascending
	Edges [][2]int32 // the first had completed before the second was invoked: that is the trouble
}

const none = int32(-1)

// value is the enqueue and the dequeue of a value.
type value struct{ in, out int32 }

// Check finds a witness, or nil if there is a linearization. unique is false where a value is
// enqueued twice: then nothing is said.
func Check(ops []Op, values int) (w *Witness, unique bool) {
	c := checker{ops: ops, values: make([]value, values)}
	if !c.pair() {
		return nil, false
	}
	for _, find := range []func() *Witness{c.twice, c.fresh, c.order, c.empty} {
		if w := find(); w != nil {
			slices.Sort(w.Ops)
			w.Ops = slices.Compact(w.Ops)
			return w, true
		}
	}
	return nil, true
}

type checker struct {
	ops    []Op
	values []value
	again  [2]int32 // two dequeues of one value
}

// pair finds each value's operations. An open enqueue that nobody saw did not happen: leaving it
// out hinders nothing.
func (c *checker) pair() (unique bool) {
	for i := range c.values {
		c.values[i] = value{none, none}
	}
	c.again = [2]int32{none, none}
	for i, o := range c.ops {
		if o.Value == Empty {
			continue
		}
		v := &c.values[o.Value]
		switch {
		case o.Dequeue && v.out != none:
			c.again = [2]int32{v.out, int32(i)}
		case o.Dequeue:
			v.out = int32(i)
		case v.in != none:
			return false
		default:
			v.in = int32(i)
		}
	}
	return true
}

func (c *checker) twice() *Witness {
	if c.again[0] == none {
		return nil
	}
	w := &Witness{Class: Duplicate, Ops: c.again[:]}
	if in := c.values[c.ops[c.again[0]].Value].in; in != none {
		w.Ops = append(w.Ops, in)
	}
	return w
}

func (c *checker) fresh() *Witness {
	for _, v := range c.values {
		switch {
		case v.out == none:
		case v.in == none:
			return &Witness{Class: Phantom, Ops: []int32{v.out}}
		case c.ops[v.out].Return < c.ops[v.in].Call:
			return &Witness{Phantom, []int32{v.in, v.out}, [][2]int32{{v.out, v.in}}}
		}
	}
	return nil
}

// out is when a value began to be dequeued: never, if it was not.
func (c *checker) out(v value) uint32 {
	if v.out == none {
		return Open
	}
	return c.ops[v.out].Call
}

// order finds values a and b where a's enqueue completed before b's was invoked, and b's dequeue
// completed before a's was invoked, or a was never dequeued.
func (c *checker) order() *Witness {
	var first []value // by completion of the enqueue
	for _, v := range c.values {
		if v.in != none && c.ops[v.in].Return != Open {
			first = append(first, v)
		}
	}
	slices.SortFunc(first, func(a, b value) int {
		return cmp.Compare(c.ops[a.in].Return, c.ops[b.in].Return)
	})
	latest := make([]int, len(first)) // of those up to here, the one dequeued last
	for i := range first {
		latest[i] = i
		if i > 0 && c.out(first[latest[i-1]]) >= c.out(first[i]) {
			latest[i] = latest[i-1]
		}
	}
	for _, b := range c.values {
		if b.out == none || b.in == none {
			continue
		}
		n, _ := slices.BinarySearchFunc(first, c.ops[b.in].Call, func(a value, call uint32) int {
			return cmp.Compare(c.ops[a.in].Return, call)
		})
		if n == 0 {
			continue
		}
		if a := first[latest[n-1]]; c.ops[b.out].Return < c.out(a) {
			w := &Witness{Reordered, []int32{a.in, b.in, b.out}, [][2]int32{{a.in, b.in}}}
			if a.out != none {
				w.Ops = append(w.Ops, a.out)
				w.Edges = append(w.Edges, [2]int32{b.out, a.out})
			}
			return w
		}
	}
	return nil
}

// empty finds a dequeue that found nothing while, at every moment of its interval, some value was
// in the queue for certain: its enqueue had completed and its dequeue had not been invoked.
func (c *checker) empty() *Witness {
	var certain []value // by completion of the enqueue
	for _, v := range c.values {
		if v.in != none && c.ops[v.in].Return < c.out(v) {
			certain = append(certain, v)
		}
	}
	slices.SortFunc(certain, func(a, b value) int {
		return cmp.Compare(c.ops[a.in].Return, c.ops[b.in].Return)
	})
	reach := make([]int, len(certain)) // of those up to here, the one that stays longest
	for i := range certain {
		reach[i] = i
		if i > 0 && c.out(certain[reach[i-1]]) >= c.out(certain[i]) {
			reach[i] = reach[i-1]
		}
	}
	for i, o := range c.ops {
		if o.Dequeue && o.Value == Empty {
			if w := c.covered(int32(i), certain, reach); w != nil {
				return w
			}
		}
	}
	return nil
}

// covered goes from one value that is in the queue for certain to the next that overlaps it, from
// the invocation of the dequeue on, as far as its completion if it can.
func (c *checker) covered(i int32, certain []value, reach []int) *Witness {
	o := &c.ops[i]
	w := &Witness{Class: FalseEmpty, Ops: []int32{i}}
	for at := o.Call; at < o.Return; {
		n, _ := slices.BinarySearchFunc(certain, at, func(v value, at uint32) int {
			return cmp.Compare(c.ops[v.in].Return, at+1)
		})
		if n == 0 {
			return nil
		}
		v := certain[reach[n-1]]
		if c.out(v) <= at {
			return nil
		}
		at = c.out(v)
		w.Ops = append(w.Ops, v.in)
		if v.out != none {
			w.Ops = append(w.Ops, v.out)
		}
	}
	return w
}
