package nemesis

import (
	"slices"
	"time"

	"sunder/harness/plan"
)

// recipe marks a slot of the lease window. It is the one thing that uniform faults do not find:
// a leader whose clock is slow goes on to believe in its lease after others, whose clocks are
// fast, have elected another one. Leader at 0.5 and others at 1.5 give a median of 143 ms.
const recipe = "lease window"

const (
	windowMean   = 3800 * time.Millisecond // of a slot: at least 10 windows in 60 s
	windowOthers = 5                       // of so many slots one is left to other faults
)

func inRecipe(kind string) bool { return kind == partition || kind == clock }

// recipe says whether lease windows are called for.
func (m *maker) recipe() bool {
	rates := m.o.ClockRates
	return rates[0] < rates[1] &&
		slices.Contains(m.kinds, partition) && slices.Contains(m.kinds, clock)
}

// leaseWindow slows the leader and hurries the others, waits until a heartbeat or more has been
// timed by these clocks, and cuts the leader off while they last.
func (m *maker) leaseWindow(s slot) []plan.Fault {
	wait := min(between(m.rng, 300*time.Millisecond, 450*time.Millisecond), s.length/6)
	cut := min(between(m.rng, 1000*time.Millisecond, 1500*time.Millisecond), s.length/2)
	after := min(between(m.rng, 100*time.Millisecond, 200*time.Millisecond), s.length/20)
	skew := m.fault(clock, s.at, wait+cut+after)
	skew.Target = "leader"
	skew.Clock = &plan.Clock{Which: both, Rate: m.o.ClockRates[0], Others: m.o.ClockRates[1]}
	alone := m.fault(partition, s.at+wait, cut)
	alone.Shape = "leader-isolated"
	return []plan.Fault{skew, alone}
}
