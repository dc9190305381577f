package multipaxos

import (
	"sunder/nodes"
)

// becomeLeader ends phase 1. There is no need for a no-op of its own: what may have been decided
// before is known.
func (n *node) becomeLeader() {
	n.role, n.leader = leader, n.self
	n.env.StopTimer(suspectTimer)
	n.armed = false
	n.env.SetTimer(heartbeatTimer, heartbeatEvery)
	n.observe(nodes.BecameLeader, uint64(n.ballot), 0, 0, 0)
	for at := n.commit + 1; at <= n.log.last(); at++ {
		if s := n.log.at(at); s.accepted != 0 {
			n.find(proposal{at, s.accepted, s.value})
		}
	}
	if n.bug == bugHolesWithoutPhase1 {
		n.forgetReports()
	}
	n.next, n.fillTo = n.commit+1, 0
	for i := range n.peers {
		p := &n.peers[i]
		p.next, p.before = n.next, n.next
		if !p.heard {
			p.seen = n.env.Now()
		}
	}
	n.attempts, n.audience, n.changing, n.wish = 0, 0, 0, 0
	n.startRounds()
	n.review()
	n.fill()
	n.broadcast(false)
}

// forgetReports leaves of what was reported only what this node has accepted itself: the planted
// bug holes-without-phase1.
func (n *node) forgetReports() {
	clear(n.found)
	for at := n.commit + 1; at <= n.log.last(); at++ {
		if s := n.log.at(at); s.accepted != 0 {
			n.find(proposal{at, s.accepted, s.value})
		}
	}
}

// limit is the last slot that the leader may propose now: within the window, and where a quorum of
// the configuration in force has promised its ballot.
func (n *node) limit() uint64 {
	limit := n.commit + n.window
	for i := len(n.schedule) - 1; i >= 0; i-- {
		e := &n.schedule[i]
		if e.from <= limit && !e.decided(n.prepared) && n.bug != bugNewUnprepared {
			limit = e.from - 1
		}
		if e.from <= n.commit+1 {
			break // what was in force before is over
		}
	}
	return limit
}

// fill proposes what can be proposed, in the order of the slots: where a proposal was reported in
// phase 1, that one; in the holes between, no-ops; then commands.
func (n *node) fill() {
	if n.waiting.Len() == 0 && n.wish == 0 && n.next > max(n.fillTo, n.foundMax) {
		return
	}
	if n.commit < n.target {
		return // it must learn first: see takeOver
	}
	limit, before := n.limit(), n.next
	for n.next <= limit {
		if p, reported := n.found[n.next]; reported {
			delete(n.found, n.next)
			n.propose(p.value)
		} else if n.next <= n.foundMax {
			n.propose(&value{ballot: n.ballot})
		} else if n.wish != 0 {
			n.changing = n.next
			n.propose(&value{ballot: n.ballot, mains: n.wish})
			n.wish = 0
		} else if n.waiting.Len() > 0 {
			c := n.waiting.Pop()
			n.open.Push(request{n.next, c.request})
			n.propose(&value{ballot: n.ballot, command: c.command})
		} else if n.next <= n.fillTo {
			n.propose(&value{ballot: n.ballot})
		} else {
			break
		}
	}
	if n.next > before {
		own := &accepted{ballot: n.ballot, first: before, count: n.next - before}
		n.post(n.self, own)
		if n.bug == bugLeaderCountsUnsynced {
			n.onOwnAccepted(own)
		}
		n.propagate()
	}
}

// propose is the leader's own acceptance of what it proposes. It leaves before it is durable here;
// the leader counts itself only when it is.
func (n *node) propose(v *value) {
	s := n.log.grow(n.next)
	s.accepted, s.votes, s.value = n.ballot, 0, v
	n.saveAccept(n.next, s)
	n.next++
}

func (n *node) onHeartbeatTimer() {
	if n.role == follower {
		return
	}
	n.env.SetTimer(heartbeatTimer, heartbeatEvery)
	if n.role == candidate {
		n.attempts++
		n.review()
		n.solicit()
		return
	}
	if !n.inTouch() {
		n.follow(n.promised, 0)
		return
	}
	n.review()
	n.solicitLate()
	n.broadcast(true)
	n.dismiss()
}

// onAccepted counts an acceptor's answer, once however often it comes, and for this ballot only.
// An acceptor may hold what was proposed in a ballot that came to nothing, and that nobody in the
// quorum of phase 1 has heard of. Nothing was decided there, but a quorum read cannot know it: so
// the leader fills these slots, too.
func (n *node) onAccepted(p *peer, m *accepted) {
	if n.role != leader || m.ballot != n.ballot && n.bug != bugStaleAccepted {
		return
	}
	if m.round > p.acked && m.round <= n.rounds.Last && m.ballot == n.ballot {
		p.acked = m.round
	}
	p.heard, p.seen, p.commit = true, n.env.Now(), max(p.commit, m.commit)
	p.flying = max(0, p.flying-1)
	n.fillTo = max(n.fillTo, m.high)
	n.vote(p.id, m.first, m.first+min(m.count, n.next))
	n.replicate(p)
}

// onOwnAccepted: what the leader has proposed is durable here, as far as it is still the same.
func (n *node) onOwnAccepted(m *accepted) {
	if n.role == leader && m.ballot == n.ballot {
		n.vote(n.self, m.first, m.first+m.count)
	}
}

// vote notes that a node has accepted what the leader proposed, from one slot up to before another.
func (n *node) vote(who nodes.ID, from, to uint64) {
	for at := max(from, n.commit+1); at < to && at < n.next; at++ {
		n.log.at(at).votes.Add(who)
	}
	n.decide()
}

// decide finds out what is decided by now: a quorum of the configuration in force at the slot has
// accepted it in the leader's ballot.
func (n *node) decide() {
	for n.role == leader && !n.stopped && n.commit+1 < n.next {
		s := n.log.at(n.commit + 1)
		e := n.schedule.at(n.commit + 1)
		if !e.decided(s.votes) && !(n.bug == bugLostAck && s.votes.Has(n.self)) {
			if n.bug == bugExecutesPastHole && n.skipHole() {
				continue
			}
			return
		}
		n.execute(n.ballot)
	}
}
