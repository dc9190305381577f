package multipaxos

import (
	"sunder/nodes"
	"sunder/nodes/ballot"
	"sunder/nodes/wire"
)

// onAccept is phase 2b. What it accepts, it must find again after a crash before it says so.
func (n *node) onAccept(p *peer, m *accept) {
	if m.ballot < n.promised && n.bug != bugAcceptsBelowPromise || n.overtaken(m) {
		n.refuse(p, m.ballot)
		return
	}
	n.heed(p, m.ballot)
	count := uint64(0)
	for _, v := range m.values {
		if !n.accept(m.first+count, m.ballot, v) {
			break
		}
		count++
	}
	n.learnFrom(p, m.ballot, m.commit)
	if n.stopped {
		return
	}
	reply := &accepted{ballot: m.ballot, first: m.first, count: count, commit: n.kept,
		high: n.log.last(), round: m.round}
	if n.bug == bugAckBeforeFsync {
		n.env.Send(p.id, reply)
		return
	}
	n.post(p.id, reply)
}

// overtaken says whether another value than the one proposed was decided. That was in a higher
// ballot: of a decision below its own, the leader would know. This node need not have promised the
// higher one, if it was told what was decided there and took no part in it.
func (n *node) overtaken(m *accept) bool {
	for i, v := range m.values {
		at := m.first + uint64(i)
		if at <= n.commit && n.log.has(at) && n.log.at(at).value.hash != v.hash {
			return true
		}
	}
	return false
}

// heed follows the leader of a ballot that is not below the promise. To take part in a ballot is
// to promise it: an acceptor that was not asked in phase 1 must take nothing lower from now on.
func (n *node) heed(p *peer, b ballot.Ballot) {
	switch {
	case n.bug == bugAcceptKeepsPromise && b > n.promised && n.role == follower:
		n.leader = p.id
	case b >= n.promised:
		n.follow(b, p.id)
	}
	n.hear()
}

// aheadMax is how many slots beyond what it has executed a node accepts, in windows: one that is
// far behind does better to learn.
const aheadMax = 4

// accept accepts a value at a slot, unless that is decided already.
func (n *node) accept(at uint64, b ballot.Ballot, v *value) bool {
	if at <= n.commit {
		return true
	}
	if at > n.commit+aheadMax*n.window && !n.auxiliary || at > n.log.base+slotsMax {
		return false
	}
	s := n.log.grow(at)
	if s.accepted != b || s.value == nil {
		s.accepted, s.value = b, v
		n.saveAccept(at, s)
	}
	return true
}

// learnFrom learns that the slots up to one are decided. What the node accepted in the ballot of
// who says so is what was decided there: a leader proposes one value for a slot. All else it must
// ask for.
func (n *node) learnFrom(p *peer, b ballot.Ballot, upto uint64) {
	if n.auxiliary {
		return
	}
	for n.commit < upto && !n.stopped {
		at := n.commit + 1
		if !n.log.has(at) || n.log.at(at).accepted != b && n.bug != bugCommitAnyBallot {
			if n.bug == bugExecutesPastHole && n.skipHole() {
				continue
			}
			n.lag(p.id, upto)
			return
		}
		n.execute(b)
	}
}

// execute does what was decided at the next slot. Slots are executed in their order. Each is
// observed: of two nodes that disagree about one, either may never commit another at a slot that
// the other observed.
func (n *node) execute(in ballot.Ballot) {
	n.commit++
	v := n.log.at(n.commit).value
	n.chain = wire.Mix(n.chain, v.hash)
	n.observe(nodes.Decided, uint64(in), n.commit, v.hash, 0)
	n.observe(nodes.Committed, uint64(v.ballot), n.commit, n.chain, 0)
	n.apply(v)
	if v.mains != 0 {
		n.reconfigure(v.mains)
	}
	if n.snapshotDue() {
		n.takeSnapshot()
	}
}

// skipHole passes over a slot that is not decided where a later one is held: the planted bug
// executes-past-hole.
func (n *node) skipHole() bool {
	if n.commit+1 >= n.log.last() {
		return false
	}
	if n.role == leader && n.log.at(n.commit+2).votes.Len() < n.schedule.newest().Quorum {
		return false
	}
	s := n.log.grow(n.commit + 1)
	if s.value == nil {
		s.value = &value{ballot: n.promised}
	}
	n.commit++
	return true
}
