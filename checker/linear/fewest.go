package linear

import (
	"cmp"
	"context"
	"slices"

	"sunder/checker/window"
)

// The widths of the end of a history in which a small explanation is looked for: the first, and by
// how much the next is wider.
const (
	nearby  = 16
	further = 4
)

// explainMax is growMax for explanations, which take many streams.
const explainMax = 1 << 10

// fewest looks for a small set of operations that are impossible whatever the others did: each of
// those may have happened, in its time, or not. First the completion is found that nothing before
// it explains, then how far back of it operations must be held to their word, and then they are let
// go one by one: what is left is 1-minimal. found is false where a stream gives up.
func (l *linear[S, O]) fewest(ctx context.Context, ops []Op[O]) (c core[O], found bool) {
	t := &trial[S, O]{linear: l, ops: ops, must: make([]bool, len(ops)), events: moments(ops)}
	for i := range t.must {
		t.must[i] = true
	}
	begin := stage[S, O]{stream: window.NewStream(l.model.Init, l.model.Step, l.model.ReadOnly,
		l.model.Overwrites, explainMax), slot: make([]uint8, len(ops))}
	answer, end := t.run(ctx, begin.clone(), len(t.events))
	if answer != window.Illegal {
		return c, false
	}
	t.events = t.events[:end.at+1]
	last := t.events[end.at].op
	for width := nearby; ; width *= further {
		from := max(0, int(last)+1-width)
		for i := range t.must {
			t.must[i] = i >= from
		}
		stop := slices.IndexFunc(t.events, func(m moment) bool { return int(m.op) >= from })
		answer, before := t.run(ctx, begin.clone(), stop)
		if answer != window.Legal {
			return c, false
		}
		if answer, _ = t.run(ctx, before.clone(), len(t.events)); answer == window.Illegal {
			begin = before
			break
		} else if answer != window.Legal || from == 0 {
			return c, false
		}
	}
	for i := range t.must {
		if !t.must[i] {
			continue
		}
		t.must[i] = false
		if answer, _ := t.run(ctx, begin.clone(), len(t.events)); answer != window.Illegal {
			t.must[i] = true
		}
	}
	c = core[O]{class: "not-linearizable", beginning: before(ops, t.events[end.at].position)}
	for i, must := range t.must {
		if must {
			c.guilty = append(c.guilty, ops[i])
		}
	}
	c.guilty = slices.DeleteFunc(c.guilty, func(o Op[O]) bool { return o.Return == Open })
	return c, true
}

// trial is a history of which only some operations must have happened.
type trial[S, O comparable] struct {
	*linear[S, O]
	ops    []Op[O]
	must   []bool
	events []moment
}

// moment is one event of an operation.
type moment struct {
	position int
	op       int32
	returns  bool
}

// moments are the events of ops in order.
func moments[O any](ops []Op[O]) []moment {
	out := make([]moment, 0, 2*len(ops))
	for i, o := range ops {
		out = append(out, moment{o.Index, int32(i), false})
		if o.Return != Open {
			out = append(out, moment{o.Return, int32(i), true})
		}
	}
	slices.SortFunc(out, func(a, b moment) int { return cmp.Compare(a.position, b.position) })
	return out
}

// stage is a trial under way: the next event, and the slots of the operations so far.
type stage[S, O comparable] struct {
	stream *window.Stream[S, O]
	slot   []uint8 // + 1
	at     int
}

func (s stage[S, O]) clone() stage[S, O] {
	return stage[S, O]{s.stream.Clone(), slices.Clone(s.slot), s.at}
}

// run goes on to an event, or to the one that is impossible.
func (t *trial[S, O]) run(ctx context.Context, s stage[S, O], stop int) (window.Answer,
	stage[S, O]) {
	for ; s.at < stop; s.at++ {
		if s.at&255 == 0 && ctx.Err() != nil {
			return window.Stopped, s
		}
		m := t.events[s.at]
		o := &t.ops[m.op]
		switch must := t.must[m.op]; {
		case m.returns && s.slot[m.op] > 0:
			if answer := s.stream.Return(s.slot[m.op] - 1); answer != window.Legal {
				return answer, s
			}
		case m.returns || !must && t.model.ReadOnly != nil && t.model.ReadOnly(o.Do):
		case o.Return == Open:
			s.stream.Never(o.Do)
		default:
			call := s.stream.Call
			if !must {
				call = s.stream.CallOptional
			}
			slot, room := call(o.Do)
			if !room {
				return window.TooWide, s
			}
			s.slot[m.op] = slot + 1
		}
	}
	return window.Legal, s
}
