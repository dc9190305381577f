package nemesis

import (
	"math/rand/v2"
	"time"

	"sunder/harness/plan"
)

// networkStream keeps the choice of a network apart from that of faults.
const networkStream = 1

// Network is the network of a seed: each thing that can be wrong with it is absent in half of the
// seeds, and what is left differs widely (swarm testing, as for faults).
func Network(seed uint64) plan.Network {
	rng := rand.New(rand.NewPCG(seed, networkStream))
	some := func(most float64) float64 {
		p, off := most*rng.Float64(), rng.IntN(2) == 0
		if off {
			return 0
		}
		return float64(int(p*1000)) / 1000 // as a person would write it
	}
	n := plan.Network{Links: []string{"datagram", "stream"}[rng.IntN(2)]}
	latency := between(rng, 100*time.Microsecond, 3*time.Millisecond)
	if rng.IntN(2) == 0 {
		n.Latency = plan.Of(latency.Round(10 * time.Microsecond))
	}
	n.Loss, n.Duplicate, n.Reorder = some(0.05), some(0.1), some(0.1)
	return n
}
