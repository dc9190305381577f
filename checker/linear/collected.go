package linear

import (
	"cmp"
	"slices"

	"sunder/checker/collection"
)

// kind is how package collection judges a kind of collection.
type kind struct {
	insert string // the function that puts something in; the others take, or find nothing
	check  func(in []collection.Op, values []string) (*collection.Witness, bool)

	// hinders says that in and out cannot be a value's while v was inserted and stays: out ends
	// only after v is gone.
	hinders func(values []string, v, in, out collection.Op) bool
}

// quick is the engine for collections with unique values. A read that finds nothing is as good as
// a removal that does; of others it knows nothing. Where removals stayed open, nobody knows what
// they took. The engine is then asked twice: about the values that others took, whose no is one
// (what is left of a collection without some of its values is one), and about a history in which
// the open ones took something that fits, whose yes is one.
func (k kind) quick(ops []Op[step]) (decision, bool) {
	if slices.ContainsFunc(ops, func(o Op[step]) bool { return o.Do.f == "read" && o.Do.arg != "" }) {
		return decision{}, false
	}
	t := k.taken(ops)
	w, unique := k.check(t.sure, t.values)
	if w != nil {
		for i := range w.Ops {
			w.Ops[i] = t.at[w.Ops[i]]
		}
		for i := range w.Edges {
			w.Edges[i] = [2]int32{t.at[w.Edges[i][0]], t.at[w.Edges[i][1]]}
		}
	}
	if w == nil && unique && len(t.open) > 0 {
		if w, unique := k.check(k.completed(t), t.values); w != nil || !unique {
			return decision{}, false
		}
	}
	return collected(w, unique)
}

// collected is what an engine for collections found.
func collected(w *collection.Witness, unique bool) (decision, bool) {
	switch {
	case !unique:
		return decision{}, false
	case w != nil:
		return decision{answer: illegal, engine: "collection",
			witness: &witness{w.Class, w.Ops, w.Edges}}, true
	}
	return decision{answer: legal, engine: "collection"}, true
}

// taken is a history as package collection wants it, by who took what.
type taken struct {
	values []string
	sure   []collection.Op // without open removals, and then without what only they can have taken
	at     []int32         // where those of sure stood
	left   []collection.Op // completed insertions of what nobody is known to have taken
	open   []collection.Op // removals of what nobody knows, in order of invocation
}

func (k kind) taken(ops []Op[step]) *taken {
	t := &taken{sure: make([]collection.Op, 0, len(ops)), at: make([]int32, 0, len(ops))}
	known := make(map[string]bool) // what was taken for certain
	open := false
	for i := range ops {
		if o := &ops[i]; o.Do.f != k.insert {
			open = open || !o.Do.known
			known[o.Do.arg] = true
		}
	}
	ids := make(map[string]int32)
	for i := range ops {
		o := &ops[i]
		call, ret := o.interval()
		op := collection.Op{Call: call, Return: ret, Removes: o.Do.f != k.insert,
			Value: collection.Empty}
		if op.Removes && !o.Do.known {
			t.open = append(t.open, op)
			continue
		}
		if !op.Removes || !o.Do.nothing() {
			id, met := ids[o.Do.arg]
			if !met {
				id = int32(len(t.values))
				ids[o.Do.arg] = id
				t.values = append(t.values, o.Do.arg)
			}
			op.Value = id
		}
		if open && !op.Removes && !known[o.Do.arg] {
			if ret != collection.Open {
				t.left = append(t.left, op)
			}
			continue
		}
		t.sure, t.at = append(t.sure, op), append(t.at, int32(i))
	}
	return t
}

// hindersMax bounds how many pairs of values and removals are looked at. Beyond, the open removals
// take what was inserted first: that is a guess too, and the engine says what it is worth.
const hindersMax = 1 << 24

// completed lets the open removals take what is left, the earliest what must be gone first. To take
// more never hinders.
func (k kind) completed(t *taken) []collection.Op {
	in := make([]collection.Op, len(t.values)) // insertions of values that are known to be taken
	for _, o := range t.sure {
		if !o.Removes {
			in[o.Value] = o
		}
	}
	left := t.left
	if len(left)*len(t.sure) <= hindersMax {
		due := make(map[int32]uint32, len(left))
		for _, v := range left {
			due[v.Value] = k.due(t, in, v)
		}
		left = slices.Clone(left)
		slices.SortStableFunc(left, func(a, b collection.Op) int {
			return cmp.Compare(due[a.Value], due[b.Value])
		})
	}
	all := slices.Concat(t.sure, left)
	for i, v := range left[:min(len(left), len(t.open))] {
		takes := t.open[i]
		takes.Value = v.Value
		all = append(all, takes)
	}
	return all
}

// due is when v must be gone: before a removal ends that it hinders, or one that found nothing.
func (k kind) due(t *taken, in []collection.Op, v collection.Op) uint32 {
	due := uint32(collection.Open)
	for _, o := range t.sure {
		switch {
		case !o.Removes || o.Return >= due:
		case o.Value == collection.Empty && v.Return < o.Call,
			o.Value != collection.Empty && k.hinders(t.values, v, in[o.Value], o):
			due = o.Return
		}
	}
	return due
}
