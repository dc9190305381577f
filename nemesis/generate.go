package nemesis

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"sunder/harness/plan"
	"sunder/nodes"
)

// Options are what a plan of faults is made from.
type Options struct {
	Seed       uint64
	Nodes      int
	Kinds      []string      // each of which occurs in the plan at least once; none: no faults
	TimeLimit  time.Duration // all faults end before it
	Assumption nodes.ClockAssumption
	Flips      bool // the system survives bits that flip: else none is asked to

	// ClockRates are the lowest and the highest rate of clocks; both 0: as far as the assumption
	// lets monotonic clocks go, and 0.5 to 2 for realtime clocks. With partitions and clocks
	// among the kinds they also call for the recipe of the lease window.
	ClockRates [2]float64

	Container bool // the nodes are in containers: these can be killed, and nothing is simulated
}

// blinkMax is the longest short loss of power.
const blinkMax = 20 * time.Millisecond

// limitMin is the shortest run in which faults can begin, be seen and end.
const limitMin = time.Second

// Generate makes the faults of a plan, in the order in which they start. Time is divided into
// slots: in each one some faults overlap, end, and leave the nodes in peace for the rest of it, so
// that a correct system makes progress and its recovery is seen.
func Generate(o Options) ([]plan.Fault, error) {
	if err := o.check(); err != nil {
		return nil, fmt.Errorf("generate faults: %w", err)
	}
	if len(o.Kinds) == 0 {
		return nil, nil
	}
	m := newMaker(o)
	var faults []plan.Fault
	for _, s := range m.slots() {
		if s.kind == recipe {
			faults = append(faults, m.leaseWindow(s)...)
		} else {
			faults = append(faults, m.episode(s)...)
		}
	}
	slices.SortStableFunc(faults, func(a, b plan.Fault) int {
		return cmp.Compare(a.At.Duration, b.At.Duration)
	})
	return faults, nil
}

func (o Options) check() error {
	for _, name := range o.Kinds {
		k, err := kindNamed(name)
		if err != nil {
			return err
		}
		if k.Simulated && o.Container {
			return fmt.Errorf("a %s fault can only be simulated: it needs --env sim", name)
		}
	}
	low, high := o.ClockRates[0], o.ClockRates[1]
	switch {
	case o.Nodes < 1 || o.Nodes > plan.NodesMax:
		return fmt.Errorf("%d nodes, want 1 to %d", o.Nodes, plan.NodesMax)
	case o.Nodes < 2 && slices.Contains(o.Kinds, partition):
		return errors.New("a partition needs 2 nodes, there is 1")
	case len(o.Kinds) > 0 && o.TimeLimit < limitMin:
		return fmt.Errorf("time limit %v is too short for faults, want at least %v",
			o.TimeLimit, limitMin)
	case o.ClockRates != [2]float64{} && !(rateMin <= low && low <= high && high <= rateMax):
		return fmt.Errorf("clock rates %v,%v: want the lowest and the highest, %v to %v",
			low, high, rateMin, rateMax)
	}
	return nil
}

// maker makes faults. What it chooses from was thinned out for this seed: some shapes, targets
// and clocks are off and others frequent, since a mix of everything hides what one thing often
// repeated would find (swarm testing, Groce et al., ISSTA 2012).
type maker struct {
	o       Options
	rng     *rand.Rand
	kinds   []string // ascending
	weights menu[string]
	shapes  menu[string]
	targets map[string]menu[string] // by kind
	clocks  menu[clockFault]
	kills   menu[string] // variants
	disks   menu[string]
	overlap float64 // how likely another fault joins those of an episode
	scale   float64 // of all durations: 1, or less in a short run
}

func newMaker(o Options) *maker {
	m := &maker{o: o, rng: rand.New(rand.NewPCG(o.Seed, 0)), targets: make(map[string]menu[string])}
	m.kinds = slices.Compact(slices.Sorted(slices.Values(o.Kinds)))
	for _, k := range m.kinds {
		m.weights = append(m.weights, dish[string]{k, 1 << m.rng.IntN(3)})
	}
	var able []string
	for _, s := range shapes {
		if o.Nodes >= s.least {
			able = append(able, s.name)
		}
	}
	m.shapes = swarm(m.rng, able)
	able = targets
	if o.Nodes < 3 {
		able = []string{"one", "all", "leader"} // the others mean the same
	}
	for _, k := range []string{clock, kill, pause} {
		m.targets[k] = swarm(m.rng, able)
	}
	m.clocks = swarm(m.rng, clockFaults(o))
	m.kills = menu[string]{{"process", 3}}
	if o.Container {
		m.kills = append(m.kills, dish[string]{"container", 1})
	}
	m.overlap = []float64{0, 0.25, 0.5}[m.rng.IntN(3)]
	m.scale = min(1, o.TimeLimit.Seconds()/20)
	for _, k := range []string{power, disk} { // only where they are named: other plans stay
		if slices.Contains(m.kinds, k) {
			m.targets[k] = swarm(m.rng, able)
		}
	}
	if slices.Contains(m.kinds, disk) {
		able := []string{diskSlow, diskStall, diskError, diskFull}
		if o.Flips {
			able = append(able, diskFlip)
		}
		m.disks = swarm(m.rng, able)
	}
	return m
}

// fault is one of the kind, at its place in time.
func (m *maker) fault(kind string, at, duration time.Duration) plan.Fault {
	f := plan.Fault{Kind: kind, At: plan.Of(at.Round(time.Millisecond)),
		Duration: plan.Of(max(duration, time.Millisecond).Round(time.Millisecond)), Pick: m.rng.Uint64()}
	switch kind {
	case partition:
		f.Shape = m.shapes.pick(m.rng)
		return f
	case kill:
		f.Variant = m.kills.pick(m.rng)
	case power:
		if m.rng.IntN(2) == 0 { // back before anybody notices
			f.Duration = plan.Of(between(m.rng, time.Millisecond, blinkMax).Round(time.Millisecond))
		}
	case disk:
		f.Variant = m.disks.pick(m.rng)
	case clock:
		deceive := m.clocks.pick(m.rng)
		c, target := deceive(m.o, m.rng)
		f.Clock, f.Target = &c, target
	}
	if f.Target == "" {
		f.Target = m.targets[kind].pick(m.rng)
	}
	return f
}
