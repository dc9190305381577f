package multipaxos

import "sunder/nodes"

// driftPercent is how far from true time the rate of any node's clock may be for lease reads.
const driftPercent = 10

// leaseTime is how long a lease lasts on the leader's clock, from the moment at which it sent the
// round of messages that a quorum answered.
//
// An acceptor that got such a message promises nothing to others before suspectMin passed on its
// own clock since then: at least suspectMin/(1+drift) of true time, if its clock is fast. The
// leader's clock may be slow: the lease lasts up to leaseTime/(1-drift) of true time. No other
// leader may exist before that, so
//
//	leaseTime/(1-drift) <= suspectMin/(1+drift)
//
// and leaseTime is 150 ms * 0.9/1.1 = 122.7 ms. It is renewed with every round that is answered, so
// at least with each heartbeat.
const leaseTime = suspectMin * (100 - driftPercent) / (100 + driftPercent)

// assumption is what the protocol relies on about clocks.
func assumption(options map[string]string) nodes.ClockAssumption {
	if options["reads"] != "lease" {
		return nodes.ClockAssumption{}
	}
	return nodes.ClockAssumption{Bounded: true, Drift: driftPercent / 100.0,
		Words: "Lease reads rely on monotonic clocks that run within 10 % of true time."}
}

// leased says whether no other node can lead now. Promises are no lease: the first one begins with
// the first round.
func (n *node) leased() bool {
	lasts := leaseTime
	if n.bug == bugLeaseNoMargin {
		lasts = suspectMin
	}
	round := n.acked()
	sent, known := n.sent(round)
	return round > 0 && known && n.env.Now().Sub(sent) < lasts
}

// bound says whether the node may not promise now, because it heard from a leader: less than a
// suspectMin ago, or, where it leads itself, through a quorum.
func (n *node) bound() bool {
	if n.role == leader {
		sent, known := n.sent(n.acked())
		return known && n.env.Now().Sub(sent) < suspectMin
	}
	return n.heardAny && n.env.Now().Sub(n.heard) < suspectMin
}

// hear notes that the node heard from the leader.
func (n *node) hear() {
	n.heardAny, n.heard = true, n.env.Now()
	n.restartSuspicion()
}

// bindAtBoot keeps what the node may have told a leader in its former life: it does not know when
// it last heard from one, and that one may rely on it for a lease that still lasts. Other ways to
// read do not need it and are up sooner without.
func (n *node) bindAtBoot() {
	if n.reads == "lease" && n.bug != bugRestartPromisesInLease {
		n.heardAny, n.heard = true, n.env.Now()
	}
}
