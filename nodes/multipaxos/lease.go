package multipaxos

import "sunder/nodes/lease"

// leased says whether no other node can lead now. Promises are no lease: the first one begins with
// the first round.
func (n *node) leased() bool {
	lasts := lease.Lasts(suspectMin)
	if n.bug == bugLeaseNoMargin {
		lasts = suspectMin
	}
	round := n.acked()
	return round > 0 && n.rounds.Within(lasts, round, n.env.Now())
}

// bound says whether the node may not promise now, because it heard from a leader: less than a
// suspectMin ago, or, where it leads itself, through a quorum.
func (n *node) bound() bool {
	if n.role == leader {
		return n.rounds.Within(suspectMin, n.acked(), n.env.Now())
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
