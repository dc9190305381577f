package linear

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"sunder/checker"
)

// explainTime bounds the search for a small explanation. What is found by then is shown.
const explainTime = 5 * time.Second

// core is why a key is not linearizable.
type core[O any] struct {
	guilty  []Op[O] // with these alone it is impossible, whatever the others did
	support []Op[O] // these may or may not have happened; it is impossible either way
}

// explain looks for a small set of operations that cannot be ordered. An operation is left out of
// it by letting it off: it may then take effect at any later time, or never. That is sound where
// leaving it out of the history is not: a read of 5 stays possible as long as a write of 5 may have
// happened. First the shortest impossible beginning is found, by halving (each beginning of a
// linearizable history is linearizable), then operations are let off one by one.
func (l *linear[S, O]) explain(ctx context.Context, ops []Op[O], memory int64) core[O] {
	ctx, cancel := context.WithTimeout(ctx, explainTime)
	defer cancel()
	impossible := func(ops []Op[O]) bool {
		if l.model.Prune != nil {
			ops = l.model.Prune(ops)
		}
		return refer(ctx, l.model, ops, memory) == illegal
	}
	var ends []int
	for _, o := range ops {
		if o.Return != Open {
			ends = append(ends, o.Return)
		}
	}
	slices.Sort(ends)
	cut := sort.Search(len(ends)-1, func(i int) bool { return impossible(before(ops, ends[i])) })
	ops = before(ops, ends[cut])
	for step := max(1, len(ops)/2); step >= 1; step /= 2 {
		for at := 0; at < len(ops) && ctx.Err() == nil; at += step {
			fewer := l.letOff(ops, at, min(at+step, len(ops)))
			if impossible(fewer) {
				ops = fewer
			}
		}
	}
	var c core[O]
	if l.model.Prune != nil {
		ops = l.model.Prune(ops)
	}
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
		if i >= from && i < to && o.Return != Open {
			o.Return = Open
		}
		if o.Return == Open && l.model.ReadOnly != nil && l.model.ReadOnly(o.Do) {
			continue
		}
		out = append(out, o)
	}
	return out
}

// opsMax bounds how many operations an anomaly names.
const opsMax = 20

func (l *linear[S, O]) anomaly(key string, c core[O]) checker.Anomaly {
	a := checker.Anomaly{Class: "not-linearizable", Key: key}
	var parts []string
	for _, o := range c.guilty {
		if len(a.Ops) == opsMax {
			parts = append(parts, fmt.Sprintf("and %d more", len(c.guilty)-opsMax))
			break
		}
		a.Ops = append(a.Ops, o.Index)
		parts = append(parts, fmt.Sprintf("process %d: %s [%d, %d]", o.Process, l.model.String(o.Do),
			o.Index, o.Return))
	}
	a.Words = fmt.Sprintf("key %q: no order of these operations explains what they answered: %s",
		key, strings.Join(parts, "; "))
	return a
}
