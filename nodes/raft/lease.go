package raft

import "sunder/nodes/lease"

// leased says whether no other node can lead now. Votes are no promise: the first lease begins
// with the first round.
func (n *node) leased() bool {
	lasts := lease.Lasts(electionMin)
	if n.bug == bugLeaseNoMargin {
		lasts = electionMin
	}
	round := n.acked()
	return (round > 0 || n.bug == bugLeaseFromVotes) && n.rounds.Within(lasts, round, n.env.Now())
}

// bound says whether the node may not vote now, because it heard from a leader: less than an
// electionMin ago (thesis 4.2.3), or, where it leads itself, through a quorum.
func (n *node) bound() bool {
	switch {
	case n.bug == bugVotesInLease, n.bug == bugLeaderNotBound && n.role == leader:
		return false
	case n.role == leader:
		return n.rounds.Within(electionMin, n.acked(), n.env.Now())
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
