package zone

import (
	"cmp"
	"slices"

	"sunder/checker/compact"
	"sunder/checker/replay"
)

// spread is how many positions there may be for each operation before sorting pays.
const spread = 8

// sort lists the heads of chains by ascending key. No two are equal: every position is of one
// event.
func (c *checker) sort() []int32 {
	if uint64(c.end) > spread*uint64(len(c.u.Ops))+64 {
		sorted := make([]int32, 0, c.heads)
		for v := range c.values {
			if c.head(int32(v)) {
				sorted = append(sorted, int32(v))
			}
		}
		slices.SortFunc(sorted, func(a, b int32) int {
			return cmp.Compare(c.values[a].key(), c.values[b].key())
		})
		return sorted
	}
	at := make([]int32, c.end+1) // head + 1 at each position
	for v := range c.values {
		if c.head(int32(v)) {
			at[c.values[v].key()] = int32(v) + 1
		}
	}
	n := 0
	for _, head := range at {
		if head > 0 {
			at[n] = head - 1
			n++
		}
	}
	c.room = at[n:]
	return at[:n:n]
}

// order writes the linearization down: chain by chain, each value's write and then its reads in
// the order of invocation. What values hold is not needed any more, so their first is where their
// next read goes, after it was how many there are.
func (c *checker) order(sorted []int32) []int32 {
	for v := range c.values {
		c.values[v].first = 0
	}
	n := 0
	for i := range c.u.Ops {
		o := &c.u.Ops[i]
		if o.To == compact.None {
			c.values[o.From].first++
		}
		if c.happened(o) {
			n++
		}
	}
	out := c.room
	if len(out) < n {
		out = make([]int32, n)
	}
	at := uint32(0)
	for _, head := range sorted {
		for v := head; v != compact.None; v = c.values[v].next {
			if v != compact.Initial {
				out[at] = c.u.Writer[v]
				at++
			}
			reads := c.values[v].first
			c.values[v].first = at
			at += reads
		}
	}
	for i := range c.u.Ops {
		if o := &c.u.Ops[i]; o.To == compact.None {
			next := &c.values[o.From].first
			out[*next] = int32(i)
			*next++
		}
	}
	return out[:n]
}

// Verify replays a linearization of u. It shares no code with what found it.
func Verify(u compact.Unique, order []int32) error {
	s := compact.Initial
	return replay.Verify(replay.History{
		N:        len(u.Ops),
		Interval: func(i int) (uint32, uint32) { return u.Ops[i].Call, u.Ops[i].Return },
		Must:     func(i int) bool { return u.Ops[i].Return != compact.Open },
	}, order, func(i int) bool {
		o := &u.Ops[i]
		if o.From != compact.None && o.From != s {
			return false
		}
		if o.To != compact.None {
			s = o.To
		}
		return true
	})
}
