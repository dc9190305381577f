package zone

import (
	"slices"

	"sunder/checker/compact"
)

// shrinkMax is how large a witness may be for shrinking to be tried. Each try is a check of the
// rest, so the work grows with the square.
const shrinkMax = 200

// shrink leaves operations out of a witness, and with a write the reads that saw it, as long as
// what stays is impossible: it ends 1-minimal.
func shrink(u compact.Unique, w *Witness) *Witness {
	if len(w.Ops) > shrinkMax {
		return w
	}
again:
	for _, gone := range w.Ops {
		to := u.Ops[gone].To
		rest := slices.DeleteFunc(slices.Clone(w.Ops), func(i int32) bool {
			o := &u.Ops[i]
			return i == gone || to != compact.None && o.From == to && o.To == compact.None
		})
		if smaller := recheck(u, rest); smaller != nil {
			w = smaller
			goto again
		}
	}
	return w
}

func recheck(u compact.Unique, ops []int32) *Witness {
	_, w := check(Part(u, ops))
	if w == nil {
		return nil
	}
	for i := range w.Ops {
		w.Ops[i] = ops[w.Ops[i]]
	}
	for i := range w.Edges {
		w.Edges[i] = [2]int32{ops[w.Edges[i][0]], ops[w.Edges[i][1]]}
	}
	return w
}

// Part is a history of only some operations of u, ascending. Where it holds no write of a value
// that a compare-and-set replaced, though somebody wrote it, the compare-and-set counts as a
// write. If u has a linearization, so has each part that holds the writes of what its reads saw:
// what stays keeps its order and its places, and the last write before a read stays the last.
func Part(u compact.Unique, ops []int32) compact.Unique {
	r := compact.Register{Values: 1}
	ids := map[int32]int32{compact.Initial: compact.Initial, compact.None: compact.None}
	id := func(v int32) int32 {
		n, known := ids[v]
		if !known {
			n = int32(r.Values)
			ids[v] = n
			r.Values++
		}
		return n
	}
	for _, i := range ops {
		o := u.Ops[i]
		if o.From > compact.Initial && o.To != compact.None {
			if w := u.Writer[o.From]; w != compact.None && !slices.Contains(ops, w) {
				o.From = compact.None
			}
		}
		o.From, o.To = id(o.From), id(o.To)
		r.Ops = append(r.Ops, o)
	}
	part, unique := r.Unique()
	if !unique {
		panic("zone: a part of a history with unique values has repeated ones")
	}
	return part
}
