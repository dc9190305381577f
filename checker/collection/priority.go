package collection

import (
	"cmp"
	"slices"
)

// Priority finds a witness against a priority queue whose removals take the value of the least
// rank; of equal ones, any. Else it is like Queue.
//
// Whoever is of greater rank hinders no removal of a lesser one. So values can be looked at from
// the least rank on, and each needs only a moment in the interval of its removal at which none of
// lesser rank is there for certain: those that may be there can have gone before, in order of rank,
// or come after.
func Priority(ops []Op, rank []int64) (w *Witness, unique bool) {
	return check(ops, len(rank), func(h *history) *Witness { return h.preceded(rank) })
}

func (h *history) preceded(rank []int64) *Witness {
	var times []uint32
	for _, o := range h.ops {
		times = append(times, o.Call, o.Return)
	}
	slices.Sort(times)
	times = slices.Compact(times)
	place := func(at uint32) int {
		n, _ := slices.BinarySearch(times, at)
		return n
	}
	order := make([]int32, 0, len(rank))
	for v := range h.values {
		if h.values[v].in != none {
			order = append(order, int32(v))
		}
	}
	slices.SortFunc(order, func(a, b int32) int { return cmp.Compare(rank[a], rank[b]) })
	free := newGaps(len(times))
	for from := 0; from < len(order); {
		to := from
		for ; to < len(order) && rank[order[to]] == rank[order[from]]; to++ {
			v := h.values[order[to]]
			if v.out == none {
				continue
			}
			begin, end := max(h.ops[v.in].Call, h.ops[v.out].Call), h.ops[v.out].Return
			if free.next(place(begin)) >= place(end) {
				return h.hindered(v, order[:from], begin, end)
			}
		}
		for ; from < to; from++ {
			if v := h.values[order[from]]; h.since(v) < h.until(v) {
				free.fill(place(h.since(v)), place(h.until(v)))
			}
		}
	}
	return nil
}

// hindered is a value removed while one of lesser rank was there all the time.
func (h *history) hindered(v value, lesser []int32, begin, end uint32) *Witness {
	var there []value
	for _, id := range lesser {
		if v := h.values[id]; h.since(v) < h.until(v) {
			there = append(there, v)
		}
	}
	chain := h.cover(there).chain(begin, end)
	return &Witness{Class: Reordered, Ops: append(h.of(chain), v.in, v.out)}
}

// gaps are the places between times, from 0, and which of them are free (Tarjan's union-find with
// path halving).
type gaps []int32

func newGaps(n int) gaps {
	g := make(gaps, n+1)
	for i := range g {
		g[i] = int32(i)
	}
	return g
}

// next is the first free place from at on.
func (g gaps) next(at int) int {
	for int(g[at]) != at {
		g[at] = g[g[at]]
		at = int(g[at])
	}
	return at
}

// fill takes the places from to to.
func (g gaps) fill(from, to int) {
	for at := g.next(from); at < to; at = g.next(at) {
		g[at] = int32(at) + 1
	}
}
