// Package lease is what a leader may conclude from rounds of messages: how long nobody else can
// lead, as far as clocks can be relied on (thesis 6.4.1 has the idea and leaves the bound on drift
// to the reader).
package lease

import (
	"time"

	"sunder/nodes"
)

// driftPercent is how far from true time the rate of any node's clock may be for lease reads.
const driftPercent = 10

// Lasts is how long a lease lasts on the leader's clock, from the moment at which it began the
// round that a quorum answered, if those are bound for so long.
//
// A node that got a message of that round helps to elect nobody else before it was bound so long on
// its own clock since then: at least bound/(1+drift) of true time, if its clock is fast. The
// leader's clock may be slow: the lease lasts up to Lasts/(1-drift) of true time. No other leader
// may exist before that, so
//
//	Lasts/(1-drift) <= bound/(1+drift)
//
// and of 150 ms it is 150 ms * 0.9/1.1 = 122.7 ms. It is renewed with every round that is answered,
// so at least with each heartbeat.
func Lasts(bound time.Duration) time.Duration {
	return bound * (100 - driftPercent) / (100 + driftPercent)
}

// Assumption is what a protocol relies on about clocks, whose option reads may be lease.
func Assumption(options map[string]string) nodes.ClockAssumption {
	if options["reads"] != "lease" {
		return nodes.ClockAssumption{}
	}
	return nodes.ClockAssumption{Bounded: true, Drift: driftPercent / 100.0,
		Words: "Lease reads rely on monotonic clocks that run within 10 % of true time."}
}

// kept is how many rounds back a leader remembers when it began one. A lease that would rest on an
// older round is not held.
const kept = 64

// Rounds is the rounds of a leader. A round is a number that it counts up with each broadcast and
// that the others echo. An answered round proves that a quorum still followed when it began.
type Rounds struct {
	Last  uint64 // that began
	began [kept]nodes.Mono
}

// Start begins with round 0, which is the election that was just won.
func (r *Rounds) Start(now nodes.Mono) { r.Last, r.began[0] = 0, now }

// Begin begins the next round.
func (r *Rounds) Begin(now nodes.Mono) {
	r.Last++
	r.began[r.Last%kept] = now
}

// Within says whether a round began less than so long ago, as far as is known.
func (r *Rounds) Within(d time.Duration, round uint64, now nodes.Mono) bool {
	return r.Last-round < kept && now.Sub(r.began[round%kept]) < d
}

// Postpone makes a round begin now, which it did not: a planted bug takes the moment of the answer
// for that of the question.
func (r *Rounds) Postpone(round uint64, now nodes.Mono) { r.began[round%kept] = now }
