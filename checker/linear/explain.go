package linear

import (
	"context"
	"slices"
	"sort"
	"time"
)

// explainTime bounds the search for a small explanation. What is found by then is shown.
const explainTime = 5 * time.Second

// Limits of steps: of each attempt to do without some operations, and of porcupine's confirmation,
// whose memory grows with the history.
const (
	reduceSteps   = 1 << 16
	confirmSteps  = 1 << 18
	confirmMemory = 64 << 20
)

// core is why a key is not linearizable.
type core[O any] struct {
	guilty  []Op[O] // with these alone it is impossible, whatever the others did
	support []Op[O] // these may or may not have happened; it is impossible either way
	class   string
	edges   [][2]Op[O] // the first had completed before the second was invoked

	// beginning is what porcupine is to confirm: guilty and support where it is empty.
	beginning []Op[O]
	refuted   bool // porcupine finds an order of these operations
}

// explain finds a small part of the history that is impossible, and lets porcupine confirm it.
func (l *linear[S, O]) explain(ctx context.Context, ops []Op[O], d decision, e effort) core[O] {
	ctx, cancel := context.WithTimeout(ctx, explainTime)
	defer cancel()
	var c core[O]
	if d.witness != nil {
		c = l.fromWitness(ops, d.witness)
	} else {
		var found bool
		if c, found = l.fewest(ctx, ops); !found {
			c = l.reduce(ctx, ops, e)
		}
	}
	part := c.beginning
	if part == nil {
		part = append(slices.Clone(c.guilty), c.support...)
		slices.SortFunc(part, func(a, b Op[O]) int { return a.Index - b.Index })
	}
	c.refuted = d.engine != "porcupine" && refer(ctx, l.model, part,
		effort{min(e.memory, confirmMemory), confirmSteps}) == legal
	return c
}

// fromWitness reads a witness. It is guilty where it meets an edge, and all of it if it has none.
func (l *linear[S, O]) fromWitness(ops []Op[O], w *witness) core[O] {
	c := core[O]{class: w.class}
	guilty := make(map[int32]bool)
	for _, e := range w.edges {
		guilty[e[0]], guilty[e[1]] = true, true
		c.edges = append(c.edges, [2]Op[O]{ops[e[0]], ops[e[1]]})
	}
	part := make([]Op[O], 0, len(w.ops))
	for _, i := range w.ops {
		part = append(part, ops[i])
	}
	if l.model.part != nil {
		part = l.model.part(ops, w.ops)
	}
	for k, i := range w.ops {
		if guilty[i] || len(w.edges) == 0 {
			c.guilty = append(c.guilty, part[k])
		} else {
			c.support = append(c.support, part[k])
		}
	}
	return c
}

// reduce looks for a small set of operations that cannot be ordered. An operation is left out of
// it by letting it off: it may then take effect at any later time, or never. That is sound where
// leaving it out of the history is not: a read of 5 stays possible as long as a write of 5 may have
// happened. First the shortest impossible beginning is found, by halving (each beginning of a
// linearizable history is linearizable), then as much as can be let off from its start, and then
// operations are let off one by one.
func (l *linear[S, O]) reduce(ctx context.Context, ops []Op[O], e effort) core[O] {
	e.steps = reduceSteps
	impossible := func(ops []Op[O]) bool { return l.decide(ctx, ops, e).answer == illegal }
	var ends []int
	for _, o := range ops {
		if o.Return != Open {
			ends = append(ends, o.Return)
		}
	}
	slices.Sort(ends)
	cut := sort.Search(len(ends)-1, func(i int) bool { return impossible(before(ops, ends[i])) })
	ops = before(ops, ends[cut])
	from := sort.Search(len(ops), func(i int) bool { return !impossible(l.letOff(ops, 0, i+1)) })
	ops = l.letOff(ops, 0, from)
	for at := 0; at < len(ops) && ctx.Err() == nil; at++ {
		if ops[at].Return == Open {
			continue
		}
		if fewer := l.letOff(ops, at, at+1); impossible(fewer) {
			at -= len(ops) - len(fewer)
			ops = fewer
		}
	}
	c := core[O]{class: "not-linearizable"}
	for _, o := range ops {
		if o.Return != Open {
			c.guilty = append(c.guilty, o)
		} else {
			c.support = append(c.support, o)
		}
	}
	return c
}

// before is the beginning of a history up to the event at end: what was invoked by then, and what
// had not completed is open.
func before[O any](ops []Op[O], end int) []Op[O] {
	var out []Op[O]
	for _, o := range ops {
		if o.Index > end {
			continue
		}
		if o.Return > end {
			o.Return = Open
		}
		out = append(out, o)
	}
	return out
}

// letOff lets ops[from:to] off: the reads among them go, all else may happen or not.
func (l *linear[S, O]) letOff(ops []Op[O], from, to int) []Op[O] {
	out := make([]Op[O], 0, len(ops))
	for i, o := range ops {
		if i >= from && i < to {
			o.Return = Open
		}
		if o.Return == Open && l.model.ReadOnly != nil && l.model.ReadOnly(o.Do) {
			continue
		}
		out = append(out, o)
	}
	return out
}
