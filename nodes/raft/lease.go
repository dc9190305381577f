package raft

import "sunder/nodes"

// driftPercent is how far from true time the rate of any node's clock may be for lease reads.
const driftPercent = 10

// leaseTime is how long a lease lasts on the leader's clock, from the moment at which it sent the
// round of messages that a quorum acknowledged.
//
// A follower that got such a message grants no vote before electionMin passed on its own clock
// since then: at least electionMin/(1+drift) of true time, if its clock is fast. The leader's
// clock may be slow: the lease lasts up to leaseTime/(1-drift) of true time. No other leader may
// exist before that, so
//
//	leaseTime/(1-drift) <= electionMin/(1+drift)
//
// and leaseTime is 150 ms * 0.9/1.1 = 122.7 ms. It is renewed with every round that is
// acknowledged, so at least with each heartbeat. (Thesis 6.4.1 has the idea and leaves the bound
// on drift to the reader.)
const leaseTime = electionMin * (100 - driftPercent) / (100 + driftPercent)

// assumption is what the protocol relies on about clocks.
func assumption(options map[string]string) nodes.ClockAssumption {
	if options["reads"] != "lease" {
		return nodes.ClockAssumption{}
	}
	return nodes.ClockAssumption{Bounded: true, Drift: driftPercent / 100.0,
		Words: "Lease reads rely on monotonic clocks that run within 10 % of true time."}
}

// leased says whether no other node can lead now. Votes are no promise: the first lease begins
// with the first round.
func (n *node) leased() bool {
	lasts := leaseTime
	if n.bug == bugLeaseNoMargin {
		lasts = electionMin
	}
	round := n.acked()
	sent, known := n.sent(round)
	return (round > 0 || n.bug == bugLeaseFromVotes) && known && n.env.Now().Sub(sent) < lasts
}

// bound says whether the node may not vote now, because it heard from a leader: less than an
// electionMin ago (thesis 4.2.3), or, where it leads itself, through a quorum.
func (n *node) bound() bool {
	switch {
	case n.bug == bugVotesInLease, n.bug == bugLeaderNotBound && n.role == leader:
		return false
	case n.role == leader:
		sent, known := n.sent(n.acked())
		return known && n.env.Now().Sub(sent) < electionMin
	}
	return n.promised && n.env.Now().Sub(n.heard) < electionMin
}

// hear notes that the node heard from the leader of its term.
func (n *node) hear() {
	n.promised, n.heard = true, n.env.Now()
	n.restartElectionTimer()
}

// promiseAtBoot keeps what the node may have promised in its former life: it does not know when
// it last heard from a leader, and some leader may rely on it for a lease that still lasts. Other
// ways to read do not need it and are up sooner without.
func (n *node) promiseAtBoot() {
	if n.reads == "lease" && n.bug != bugRestartVotesInLease {
		n.promised, n.heard = true, n.env.Now()
	}
}
