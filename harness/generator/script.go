package generator

import (
	"cmp"
	"slices"
	"time"

	"sunder/harness/history"
)

// Due is an operation of a script: it begins at a time, on its thread.
type Due struct {
	At time.Duration // since the script was asked first
	Op
}

// Script emits just these operations, each on its own thread when it is due. One whose thread is
// busy by then waits for it, and the others do not wait for that one.
func Script(ops []Due) Generator {
	ops = slices.Clone(ops)
	slices.SortStableFunc(ops, func(a, b Due) int { return cmp.Compare(a.At, b.At) })
	s := &scripted{}
	for place, d := range ops {
		lane := slices.IndexFunc(s.lanes, func(l []turn) bool { return l[0].Thread == d.Thread })
		if lane < 0 {
			lane, s.lanes = len(s.lanes), append(s.lanes, nil)
		}
		s.lanes[lane] = append(s.lanes[lane], turn{d, place})
	}
	return Generator{s}
}

// turn is an operation and its place in the script, which decides what goes first.
type turn struct {
	Due
	place int
}

// scripted has a lane for each thread that has anything left to do.
type scripted struct {
	lanes [][]turn
	begun bool
	since time.Duration
}

func (s *scripted) next(c Context) (Op, Verdict, time.Duration, state) {
	if len(s.lanes) == 0 {
		return over()
	}
	if !s.begun {
		s = &scripted{s.lanes, true, c.Time}
	}
	soonest := -1
	for i, lane := range s.lanes {
		t := lane[0].Thread
		if c.mask.has(t) && c.threads.Free(t) &&
			(soonest < 0 || lane[0].place < s.lanes[soonest][0].place) {
			soonest = i
		}
	}
	if soonest < 0 {
		return Op{}, Pending, 0, s
	}
	due := s.lanes[soonest][0]
	if at := s.since + due.At; at > c.Time {
		return Op{}, NotYet, at, s
	}
	return due.Op, Emit, 0, s.without(soonest)
}

// without is s after the first operation of a lane.
func (s *scripted) without(lane int) state {
	next := *s
	if rest := s.lanes[lane][1:]; len(rest) > 0 {
		next.lanes = slices.Clone(s.lanes)
		next.lanes[lane] = rest
	} else {
		next.lanes = slices.Delete(slices.Clone(s.lanes), lane, lane+1)
	}
	return &next
}

func (s *scripted) update(_ Context, _ Thread, _ history.Event) state { return s }
