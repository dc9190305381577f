package nemesis

import (
	"sunder/harness/plan"
	"sunder/nodes"
)

// outside names what a fault takes beyond what the system assumes of it: clock or disk; it is
// empty if nothing.
func (l *Ledger) outside(f plan.Fault) string {
	switch {
	case f.Kind == clock && deceives(l.Assumption, *f.Clock):
		return clock
	case f.Kind == disk && f.Variant == diskFlip && !l.Flips:
		return disk
	}
	return ""
}

// deceives says whether a monotonic clock breaks the assumption. A step is time that passes at no
// rate at all, so it breaks any bound.
func deceives(a nodes.ClockAssumption, c plan.Clock) bool {
	return c.Which != realtime && a.Bounded &&
		(c.Step.Duration != 0 || beyond(a, c.Rate) || beyond(a, c.Others))
}

func beyond(a nodes.ClockAssumption, rate float64) bool { return rate != 0 && !a.Covers(rate) }
