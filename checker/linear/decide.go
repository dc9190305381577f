package linear

import (
	"context"
	"math"

	"sunder/checker/compact"
	"sunder/checker/replay"
	"sunder/checker/window"
	"sunder/checker/zone"
)

// decision is what an engine says of one key, with its proof.
type decision struct {
	answer  answer
	engine  string
	order   []int32  // legal: a linearization, unless the engine gives none
	witness *witness // illegal: a part that is impossible by itself, if the engine gives one
}

// witness is operations that are impossible by themselves.
type witness struct {
	class string
	ops   []int32    // ascending
	edges [][2]int32 // the first had completed before the second was invoked
}

// decide asks the engines in turn: the one for unique values where the model has it, the search
// over windows, and porcupine where that one's windows are too narrow.
func (l *linear[S, O]) decide(ctx context.Context, ops []Op[O], e effort) decision {
	if len(ops) > 0 && uint64(ops[len(ops)-1].Index) >= math.MaxUint32-2 {
		return decision{answer: refer(ctx, l.model, ops, e), engine: "porcupine"}
	}
	if l.model.quick != nil {
		if d, applies := l.model.quick(ops); applies {
			return d
		}
	}
	step := l.model.Step
	if l.model.narrow != nil {
		step = l.model.narrow(ops)
	}
	typed := window.NewTyped(l.model.Init, step, l.model.ReadOnly, l.model.Overwrites)
	in := make([]window.Op, len(ops))
	for i := range ops {
		call, ret := ops[i].interval()
		in[i] = window.Op{Call: call, Return: ret, Class: typed.Class(ops[i].Do)}
	}
	answers := map[window.Answer]answer{window.Legal: legal, window.Illegal: illegal,
		window.Stopped: outOfTime, window.Tired: outOfSteps}
	got, order := window.Search(ctx, in, typed, window.Limits{Memory: e.memory, Steps: e.steps})
	if got == window.TooWide {
		return decision{answer: refer(ctx, l.model, ops, e), engine: "porcupine"}
	}
	return decision{answer: answers[got], engine: "window", order: order}
}

// interval is the time of an operation in positions from 1.
func (o *Op[O]) interval() (call, ret uint32) {
	if o.Return == Open {
		return uint32(o.Index) + 1, math.MaxUint32
	}
	return uint32(o.Index) + 1, uint32(o.Return) + 1
}

// verify replays a linearization against the model.
func (l *linear[S, O]) verify(ops []Op[O], order []int32) error {
	s, ok := l.model.Init, false
	return replay.Verify(replay.History{
		N:        len(ops),
		Interval: func(i int) (uint32, uint32) { return ops[i].interval() },
		Must:     func(i int) bool { return ops[i].Return != Open },
	}, order, func(i int) bool { s, ok = l.model.Step(s, ops[i].Do); return ok })
}

// quickRegister is the engine for registers with unique values.
func quickRegister(ops []Op[RegisterOp]) (decision, bool) {
	u, unique := uniqueRegister(ops)
	if !unique {
		return decision{}, false
	}
	order, w := zone.Check(u)
	if w != nil {
		return decision{answer: illegal, engine: "zone",
			witness: &witness{w.Class.String(), w.Ops, w.Edges}}, true
	}
	return decision{answer: legal, engine: "zone", order: order}, true
}

func uniqueRegister(ops []Op[RegisterOp]) (compact.Unique, bool) {
	return compact.Intern(len(ops), func(i int) compact.Raw {
		o := &ops[i]
		call, ret := o.interval()
		return compact.Raw{From: o.Do.Old, To: o.Do.New, Call: call, Return: ret,
			Reads: o.Do.Kind != Write, Writes: o.Do.Kind != Read, Null: o.Do.Null}
	}).Unique()
}

// partOfRegister lists the operations of a witness. A compare-and-set whose old value nobody
// writes in it, though somebody did, stands in it as the write that it also is.
func partOfRegister(ops []Op[RegisterOp], witness []int32) []Op[RegisterOp] {
	written := make(map[int64]bool)
	for _, i := range witness {
		if ops[i].Do.Kind != Read {
			written[ops[i].Do.New] = true
		}
	}
	var outside map[int64]bool // what the others write
	part := make([]Op[RegisterOp], 0, len(witness))
	for _, i := range witness {
		o := ops[i]
		if o.Do.Kind == CAS && !o.Do.Null && !written[o.Do.Old] {
			if outside == nil {
				outside = make(map[int64]bool)
				for k := range ops {
					outside[ops[k].Do.New] = outside[ops[k].Do.New] || ops[k].Do.Kind != Read
				}
			}
			if outside[o.Do.Old] {
				o.Do.Kind = Write
			}
		}
		part = append(part, o)
	}
	return part
}
