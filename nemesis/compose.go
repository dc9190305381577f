package nemesis

import (
	"slices"

	"sunder/harness/plan"
)

// compose is the state of each node under faults that overlap, in the order in which they
// started. What cuts, kills, pauses or steps adds up, whatever the order; of rates and strobes
// the last one wins, since no clock can run at two. Steps of monotonic clocks outlive their fault
// and are the ledger's.
func compose(names []string, active []*Record) map[string]State {
	states := make(map[string]State, len(names))
	for _, n := range names {
		states[n] = stateOf(n, active)
	}
	return states
}

func stateOf(n string, active []*Record) (s State) {
	for _, r := range active {
		s.add(r, n)
	}
	slices.Sort(s.Drop)
	s.Drop = slices.Compact(s.Drop)
	for _, c := range []*Skew{&s.Clock.Realtime, &s.Clock.Monotonic} {
		if c.Rate == 1 {
			c.Rate = 0 // one way only to say that a clock is true
		}
	}
	return s
}

// add makes s what it is when the fault of r holds node n, too.
func (s *State) add(r *Record, n string) {
	target := slices.Contains(r.Targets, n)
	switch r.Asked.Kind {
	case partition:
		s.Drop = append(s.Drop, r.Grudge[n]...)
	case kill:
		s.Killed = s.Killed || target
		s.Lost = s.Lost || target && r.Asked.Variant == "container"
	case power:
		s.Killed, s.Power = s.Killed || target, s.Power || target
	case disk:
		if target && r.Asked.Variant == diskFlip {
			s.Killed, s.Flipped = true, true
		} else if target {
			s.Disk = r.Asked.Variant // the last one wins: a disk has one way to fail at a time
		}
	case pause:
		s.Paused = s.Paused || target
	case clock:
		s.Clock.add(*r.Asked.Clock, target)
	}
}

func (c *Clock) add(f plan.Clock, target bool) {
	rate := f.Rate
	if !target {
		rate, f.Step, f.Strobe = f.Others, plan.Duration{}, plan.Duration{}
	}
	if f.Which != monotonic {
		c.Realtime.Offset += f.Step.Duration
		if rate != 0 {
			c.Realtime.Rate = rate
		}
		if f.Strobe.Duration != 0 {
			c.Realtime.Strobe = Strobe{f.Strobe.Duration, f.Period.Duration}
		}
	}
	if f.Which != realtime && rate != 0 {
		c.Monotonic.Rate = rate
	}
}
