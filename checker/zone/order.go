package zone

import (
	"cmp"
	"slices"

	"sunder/checker/compact"
	"sunder/checker/replay"
)

// spread is how many positions there may be for each operation before sorting pays.
const spread = 8

// sort lists chains by ascending min(m, M). No two are equal: every position is of one event.
func (c *checker) sort() []int32 {
	var end uint32
	for i := range c.zones {
		end = max(end, c.zones[i].key())
	}
	sorted := make([]int32, 0, len(c.zones))
	if uint64(end) > spread*uint64(len(c.u.Ops))+64 {
		for z := range c.zones {
			sorted = append(sorted, int32(z))
		}
		slices.SortFunc(sorted, func(a, b int32) int {
			return cmp.Compare(c.zones[a].key(), c.zones[b].key())
		})
		return sorted
	}
	at := make([]int32, end+1) // chain + 1 at each position
	for z := range c.zones {
		at[c.zones[z].key()] = int32(z) + 1
	}
	c.room = at
	for _, z := range at {
		if z > 0 {
			sorted = append(sorted, z-1)
		}
	}
	return sorted
}

func (z *chain) key() uint32 { return min(z.m, z.M) }

// order writes the linearization down: chain by chain, each value's write and then its reads in
// the order of invocation.
func (c *checker) order(sorted []int32) []int32 {
	values, ops := len(c.u.Values), len(c.u.Ops)
	if len(c.room) < values+ops {
		c.room = make([]int32, values+ops)
	}
	clear(c.room)
	reads := c.room[:values]            // first read of a value, + 1
	more := c.room[values : values+ops] // next read of the same value, + 1
	n := 0
	for i := len(c.u.Ops) - 1; i >= 0; i-- {
		o := &c.u.Ops[i]
		if o.To == compact.None {
			more[i], reads[o.From] = reads[o.From], int32(i)+1
		}
		if c.happened(o) {
			n++
		}
	}
	out := make([]int32, 0, n)
	for _, z := range sorted {
		for v := c.zones[z].head; v != compact.None; v = c.values[v].next {
			if v != compact.Initial {
				out = append(out, c.u.Writer[v])
			}
			for r := reads[v]; r > 0; r = more[r-1] {
				out = append(out, r-1)
			}
		}
	}
	return out
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
