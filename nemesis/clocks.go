package nemesis

import (
	"math"
	"math/rand/v2"
	"time"

	"sunder/harness/plan"
)

// clockFault makes one way to deceive clocks, and the target if it is not any.
type clockFault func(Options, *rand.Rand) (plan.Clock, string)

// clockFaults are those that are possible. Realtime clocks may do what they like; how far
// monotonic ones may go is the system's assumption or the user's wish.
func clockFaults(o Options) []clockFault {
	list := []clockFault{bump, jumping}
	if o.rates(realtime) != trueRates {
		list = append(list, drift(realtime))
	}
	if o.rates(monotonic) != trueRates {
		list = append(list, drift(monotonic), drift(both), slowLeader)
	}
	if !o.Assumption.Bounded {
		list = append(list, leap)
	}
	return list
}

// rates are the lowest and the highest rate that a clock may have.
func (o Options) rates(which string) [2]float64 {
	switch {
	case o.ClockRates != [2]float64{}:
		return o.ClockRates
	case which != realtime && o.Assumption.Bounded:
		drift := o.Assumption.Drift
		return [2]float64{max(rateMin, 1-drift), min(rateMax, 1+drift)}
	}
	return [2]float64{0.5, 2}
}

var trueRates = [2]float64{1, 1}

// bump steps the realtime clock, forth or back, by up to five minutes.
func bump(_ Options, rng *rand.Rand) (plan.Clock, string) {
	step := logarithmic(rng, 100*time.Millisecond, 5*time.Minute)
	if rng.IntN(2) == 0 {
		step = -step
	}
	return plan.Clock{Which: realtime, Step: plan.Of(step)}, ""
}

// leap steps both clocks forth, as after a machine has slept.
func leap(_ Options, rng *rand.Rand) (plan.Clock, string) {
	step := logarithmic(rng, 100*time.Millisecond, 5*time.Second)
	which := []string{monotonic, both}[rng.IntN(2)]
	return plan.Clock{Which: which, Step: plan.Of(step)}, ""
}

// jumping is jepsen's strobe: the realtime clock jumps forth and back.
func jumping(_ Options, rng *rand.Rand) (plan.Clock, string) {
	return plan.Clock{Which: realtime,
		Strobe: plan.Of(logarithmic(rng, 50*time.Millisecond, 5*time.Second)),
		Period: plan.Of(logarithmic(rng, 10*time.Millisecond, 500*time.Millisecond))}, ""
}

// drift makes a clock run slow or fast.
func drift(which string) clockFault {
	return func(o Options, rng *rand.Rand) (plan.Clock, string) {
		return plan.Clock{Which: which, Rate: someRate(rng, o.rates(which))}, ""
	}
}

// slowLeader is what hurts leases most: the leader as slow, the others as fast as may be.
func slowLeader(o Options, rng *rand.Rand) (plan.Clock, string) {
	rates := o.rates(monotonic)
	which := []string{monotonic, both}[rng.IntN(2)]
	return plan.Clock{Which: which, Rate: rates[0], Others: rates[1]}, "leader"
}

// someRate is one of the extremes as often as one between them, and never so near to a true
// clock that nobody could see it.
func someRate(rng *rand.Rand, rates [2]float64) float64 {
	low, high := rates[0], rates[1]
	rate := low + rng.Float64()*(high-low)
	rate = max(low, min(high, math.Round(rate*1000)/1000))
	if extreme := rng.IntN(4); extreme < 2 || math.Abs(rate-1) < (high-low)/10 {
		rate = rates[extreme%2]
		if rate == 1 {
			rate = rates[1-extreme%2]
		}
	}
	return rate
}

// logarithmic is between low and high, as often between 1 and 2 as between 100 and 200.
func logarithmic(rng *rand.Rand, low, high time.Duration) time.Duration {
	d := float64(low) * math.Pow(float64(high)/float64(low), rng.Float64())
	return time.Duration(d).Round(time.Millisecond)
}
