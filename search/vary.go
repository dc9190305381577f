package search

import (
	"math/rand/v2"
	"time"

	"sunder/harness/plan"
)

// varyFault changes one thing about a fault a little: when it starts, how long it lasts, or what
// else is left to chance.
func varyFault(rng *rand.Rand, f *plan.Fault) {
	near := func(d, least time.Duration) plan.Duration {
		factor := 0.5 + rng.Float64()
		return plan.Of(max(least, time.Duration(float64(d)*factor).Round(10*time.Microsecond)))
	}
	switch rng.IntN(4) {
	case 0:
		f.At = near(f.At.Duration, 0)
	case 1:
		f.Duration = near(f.Duration.Duration, 100*time.Microsecond)
	case 2:
		f.Pick = rng.Uint64()
	case 3:
		if f.On == nil {
			f.At = near(f.At.Duration, 0)
			return
		}
		on := *f.On
		if on.Nth = max(1, on.Nth+rng.IntN(5)-2); rng.IntN(2) == 0 {
			on.Delay = near(on.Delay.Duration, 0)
		}
		f.On = &on
	}
}
