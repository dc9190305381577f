// Package zone judges a register with unique values (read, write, compare-and-set) in linear
// time, and proves what it says: a linearization, or a few operations that have none.
//
// All operations on one value stand together in any linearization, its write first. A
// compare-and-set stands between two values and ties them, so values join into chains. What is
// left is to order chains. Let m be the earliest completion in a chain and M the latest
// invocation: chain A can stand before B unless m(B) < M(A). So two chains with m(A) < M(B) and
// m(B) < M(A) exclude each other, and if no two do, ascending min(m, M) is an order. These are
// the zones of Gibbons and Korach (Testing Shared Memories, SIAM J. Comput. 26(4), 1997),
// extended to compare-and-set: within a chain the earliest points possible realise m and M both.
package zone

import (
	"math"

	"sunder/checker/compact"
)

// Class names what makes a register impossible.
type Class uint8

// The classes.
const (
	Phantom    Class = iota + 1 // a value was seen that nobody wrote
	LostUpdate                  // two compare-and-sets succeeded on one value
	Cycle                       // compare-and-sets feed each other in a circle
	Future                      // a value was seen before it was written
	Stale                       // a value was seen again after another had replaced it
)

var classNames = [...]string{Phantom: "phantom-read", LostUpdate: "lost-update",
	Cycle: "update-cycle", Future: "future-read", Stale: "stale-read"}

// String is the class's name among anomalies.
func (c Class) String() string {
	if c < Phantom || c > Stale {
		return "none"
	}
	return classNames[c]
}

// Witness is a part of a history that has no linearization by itself: for every value that is
// read in it, it holds the write, or there is none in the whole history.
type Witness struct {
	Class Class
	Ops   []int32    // ascending
	Edges [][2]int32 // the first had completed before the second was invoked: that is the trouble
}

// Check returns a linearization of u, or a witness that there is none. Exactly one is not nil.
// Open operations whose values nobody saw are left out of the linearization.
func Check(u compact.Unique) (order []int32, w *Witness) {
	order, w = check(u)
	if w != nil {
		w = shrink(u, w)
	}
	return order, w
}

func check(u compact.Unique) (order []int32, w *Witness) {
	c := checker{u: u, seen: u.Observed()}
	if w := c.gather(); w != nil {
		return nil, w
	}
	if w := c.chains(); w != nil {
		return nil, w
	}
	sorted := c.sort()
	if w := c.sweep(sorted); w != nil {
		return nil, w
	}
	return c.order(sorted), nil
}

// value is what is known of one value. Where it is the head of a chain, the values that
// compare-and-sets tie together, it holds the chain's zone once that is known.
type value struct {
	first uint32 // earliest completion of its reads; m of a chain
	last  uint32 // latest invocation of its reads; M of a chain
	next  int32  // the value that a compare-and-set made of it, or None
}

// key is what chains are ordered by.
func (head *value) key() uint32 { return min(head.first, head.last) }

type checker struct {
	u      compact.Unique
	seen   []bool
	values []value
	heads  int     // chains
	end    uint32  // their greatest key
	room   []int32 // to be used again
}

// happened says that an operation counts: it is ok, or it is open and its value was seen.
func (c *checker) happened(o *compact.Op) bool {
	return o.Return != compact.Open || o.To != compact.None && c.seen[o.To]
}

// gather learns who reads each value and which value follows it.
func (c *checker) gather() *Witness {
	c.values = make([]value, c.u.Values)
	for v := range c.values {
		c.values[v] = value{first: math.MaxUint32, next: compact.None}
	}
	for i := range c.u.Ops {
		o := &c.u.Ops[i]
		if o.From == compact.None || !c.happened(o) {
			continue
		}
		if o.From != compact.Initial && c.u.Writer[o.From] == compact.None {
			return c.phantom(int32(i))
		}
		v := &c.values[o.From]
		if o.To == compact.None {
			v.first, v.last = min(v.first, o.Return), max(v.last, o.Call)
			continue
		}
		if v.next != compact.None {
			return c.lostUpdate(c.u.Writer[v.next], int32(i))
		}
		v.next = o.To
	}
	return nil
}

// head says that a chain begins with v: it is the initial value, or a plain write that happened.
func (c *checker) head(v int32) bool {
	if v == compact.Initial {
		return true
	}
	w := c.u.Writer[v]
	return w != compact.None && c.u.Ops[w].From == compact.None && c.happened(&c.u.Ops[w])
}

// chains walks from every plain write, and from the initial value, through the compare-and-sets.
func (c *checker) chains() *Witness {
	walked, exist := 0, 0
	for v, w := range c.u.Writer {
		if int32(v) != compact.Initial {
			if w == compact.None || !c.happened(&c.u.Ops[w]) {
				continue
			}
			if exist++; c.u.Ops[w].From != compact.None {
				continue
			}
		}
		n, bad := c.walk(int32(v))
		if bad != nil {
			return bad
		}
		walked += n
		c.heads++
		c.end = max(c.end, c.values[v].key())
	}
	if walked <= exist {
		return c.cycle()
	}
	return nil
}

// walk follows one chain, giving each operation the earliest point that the ones before it leave.
func (c *checker) walk(head int32) (n int, bad *Witness) {
	var now uint32
	m := uint32(math.MaxUint32)
	for v := head; v != compact.None; v = c.values[v].next {
		n++
		call, ret := c.written(v)
		now = max(now, call)
		val := &c.values[v]
		if now > ret || now > val.first {
			return n, c.disorder(head, v)
		}
		now = max(now, val.last)
		m = min(m, ret, val.first)
	}
	c.values[head].first, c.values[head].last = m, now
	return n, nil
}

// written is the interval of the write of v. The initial value was there before everything.
func (c *checker) written(v int32) (call, ret uint32) {
	if v == compact.Initial {
		return 0, 0
	}
	o := &c.u.Ops[c.u.Writer[v]]
	return o.Call, o.Return
}

// sweep finds two chains that exclude each other. Going by min(m, M), a chain B whose m lies
// before the greatest M so far can stand neither after that chain nor, as the order says, before.
func (c *checker) sweep(sorted []int32) *Witness {
	var latest int32
	var M uint32
	for _, head := range sorted {
		b := &c.values[head]
		if b.first < M {
			return c.stale(latest, head)
		}
		if b.last > M {
			latest, M = head, b.last
		}
	}
	return nil
}
