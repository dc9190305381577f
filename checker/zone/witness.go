package zone

import (
	"slices"

	"sunder/checker/compact"
)

// phantom: operation i saw a value that nobody wrote.
func (c *checker) phantom(i int32) *Witness {
	return c.witness(Phantom, nil, i)
}

// lostUpdate: two operations replaced the same value.
func (c *checker) lostUpdate(i, j int32) *Witness {
	return c.witness(LostUpdate, nil, i, j)
}

// cycle: values that no chain reached were each made of another of them.
func (c *checker) cycle() *Witness {
	reached := make([]bool, len(c.values))
	for head := range int32(len(c.values)) {
		for v := head; v != compact.None && c.head(head); v = c.values[v].next {
			reached[v] = true
		}
	}
	at := compact.None
	for v, w := range c.u.Writer {
		if w != compact.None && c.happened(&c.u.Ops[w]) && !reached[v] {
			at = int32(v)
			break
		}
	}
	// Backwards from there the circle closes: every value on the way was made of another.
	before := make(map[int32]bool)
	for ; !before[at]; at = c.u.Ops[c.u.Writer[at]].From {
		before[at] = true
	}
	var ops []int32
	for v := c.u.Ops[c.u.Writer[at]].From; ; v = c.u.Ops[c.u.Writer[v]].From {
		ops = append(ops, c.u.Writer[v])
		if v == at {
			return c.witness(Cycle, nil, ops...)
		}
	}
}

// member is an operation of a chain and the place of its value in it.
type member struct {
	op           int32 // None: the initial value's write
	place        int
	call, finish uint32
}

// members lists the operations of a chain by place.
func (c *checker) members(head int32) (ms []member, places []int32) {
	place := make(map[int32]int)
	for v := head; v != compact.None; v = c.values[v].next {
		place[v] = len(places)
		places = append(places, v)
	}
	if head == compact.Initial {
		ms = append(ms, member{op: compact.None})
	}
	for i := range c.u.Ops {
		o := &c.u.Ops[i]
		v := o.To
		if v == compact.None {
			v = o.From
		}
		if p, in := place[v]; in && c.happened(o) {
			ms = append(ms, member{int32(i), p, o.Call, o.Return})
		}
	}
	slices.SortStableFunc(ms, func(a, b member) int { return a.place - b.place })
	return ms, places
}

// disorder: in the chain from head, an operation on v completed before an operation that must stand
// before it was invoked. The nearest such operation in the chain is shown.
func (c *checker) disorder(head, v int32) *Witness {
	ms, places := c.members(head)
	var early *member // of those on v the one that finished first
	var now uint32    // the latest invocation that must come before
	for i := range ms {
		x := &ms[i]
		if places[x.place] == v && (early == nil || x.finish < early.finish) {
			early = x
		}
	}
	must := func(y *member) bool { // y stands before early
		return y.place < early.place || y.place == early.place && y != early && c.writes(y.op)
	}
	late := early
	for i := range ms {
		y := &ms[i]
		if must(y) && y.call > early.finish && (late == early || y.place >= late.place) {
			late, now = y, y.call
		}
	}
	if now == 0 {
		panic("zone: a chain has no earliest points, and every two of its operations have")
	}
	ops := append(c.between(places, late.place, early.place), early.op, late.op)
	class := Stale // late reads what early, or one before it, had replaced
	if c.writes(late.op) {
		class = Future
	}
	return c.witness(class, [][2]int32{{early.op, late.op}}, ops...)
}

func (c *checker) writes(op int32) bool {
	return op == compact.None || c.u.Ops[op].To != compact.None
}

// stale: the chain of b can stand neither before the chain of a nor after it.
func (c *checker) stale(a, b int32) *Witness {
	inA, placesA := c.members(a)
	inB, placesB := c.members(b)
	endA, startA := closest(inA, c.values[b].last, c.values[b].first)
	endB, startB := closest(inB, startA.call, endA.finish)
	ops := append(c.between(placesA, endA.place, startA.place), endA.op, startA.op)
	ops = append(ops, c.between(placesB, endB.place, startB.place)...)
	ops = append(ops, endB.op, startB.op)
	return c.witness(Stale, [][2]int32{{endA.op, startB.op}, {endB.op, startA.op}}, ops...)
}

// closest finds two members, one that finished before the position by and one that was invoked
// after the position since, with the least of the chain between them.
func closest(ms []member, by, since uint32) (end, start member) {
	best := -1
	var lastEnd, lastStart *member
	for i := range ms {
		x := &ms[i]
		if x.finish < by {
			lastEnd = x
		}
		if x.call > since {
			lastStart = x
		}
		if lastEnd == nil || lastStart == nil {
			continue
		}
		if d := max(lastEnd.place-lastStart.place, lastStart.place-lastEnd.place); best < 0 || d < best {
			best, end, start = d, *lastEnd, *lastStart
		}
	}
	return end, start
}

// between lists the writes that tie one place of a chain to another.
func (c *checker) between(places []int32, p, q int) []int32 {
	var ops []int32
	for i := min(p, q) + 1; i <= max(p, q); i++ {
		ops = append(ops, c.u.Writer[places[i]])
	}
	return ops
}

// witness completes ops: with the writes of what they read, and for open operations with somebody
// who saw that they happened.
func (c *checker) witness(class Class, edges [][2]int32, ops ...int32) *Witness {
	in := make(map[int32]bool)
	w := &Witness{Class: class}
	add := func(i int32) {
		if i != compact.None && !in[i] {
			in[i] = true
			w.Ops = append(w.Ops, i)
		}
	}
	for _, i := range ops {
		add(i)
	}
	asked := len(w.Ops)
	for k := 0; k < len(w.Ops); k++ {
		o := &c.u.Ops[w.Ops[k]]
		// A compare-and-set that was only added as a write need not say what it replaced.
		if o.From > compact.Initial && (o.To == compact.None || k < asked && class == LostUpdate) {
			add(c.u.Writer[o.From])
		}
		if o.Return == compact.Open && !slices.ContainsFunc(w.Ops, func(j int32) bool {
			return c.u.Ops[j].From == o.To && c.u.Ops[j].Return != compact.Open
		}) {
			add(c.observer(o.To))
		}
	}
	slices.Sort(w.Ops)
	for _, e := range edges {
		if e[0] != compact.None && e[1] != compact.None {
			w.Edges = append(w.Edges, e)
		}
	}
	return w
}

// observer is an operation that saw value v, an ok one if there is one.
func (c *checker) observer(v int32) int32 {
	found := compact.None
	for i := range c.u.Ops {
		o := &c.u.Ops[i]
		if o.From != v || !c.happened(o) {
			continue
		}
		if o.Return != compact.Open {
			return int32(i)
		}
		found = int32(i)
	}
	return found
}
