package nemesis

import (
	"time"

	"sunder/harness/plan"
	"sunder/nodes"
)

// Options are what a plan of faults is made from.
type Options struct {
	Seed       uint64
	Nodes      int
	Kinds      []string      // of Kinds, each of which occurs in the plan at least once
	TimeLimit  time.Duration // all faults end before it
	Assumption nodes.ClockAssumption

	// ClockRates are the lowest and the highest rate of clocks; both 0: as far as the assumption
	// lets monotonic clocks go, and 0.5 to 2 for realtime clocks. With partitions and clocks
	// among the kinds they also call for the recipe of the lease window.
	ClockRates [2]float64

	Container bool // the environment can kill a whole container
}

// Generate makes the faults of a plan, in the order in which they start.
func Generate(o Options) ([]plan.Fault, error) { return nil, nil }
