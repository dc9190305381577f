package multipaxos

import (
	"sunder/nodes"
)

// peer is what a proposer knows of a member, itself included. All of it is of one ballot.
type peer struct {
	id     nodes.ID
	from   uint64     // phase 1: the slot from which on it has not promised yet
	next   uint64     // the slot to send next; sent, but perhaps lost, below
	before uint64     // what next was a heartbeat ago: what is open below is sent again
	flying int        // messages with values under way, as far as is known
	acked  uint64     // the last round that it answered
	commit uint64     // up to here it knows what was decided, durably
	helped uint64     // auxiliary: the last slot that it was sent
	heard  bool       // it has answered
	seen   nodes.Mono // when it answered last

	seeks    int        // not a main: how often in a row it asked, having caught up
	caughtUp nodes.Mono // when it did last
}

func (p *peer) begin(start uint64) {
	*p = peer{id: p.id, from: start, next: start, before: start, seeks: p.seeks,
		caughtUp: p.caughtUp}
}

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

// broadcast begins a round in which every acceptor that is asked gets a message: values, or a
// heartbeat. With repeat, values too that it was sent before the last such time, and has not
// accepted yet.
func (n *node) broadcast(repeat bool) {
	n.beginRound()
	for i := range n.peers {
		p := &n.peers[i]
		if p == n.me || !n.audience.Has(p.id) {
			continue
		}
		sent := false
		if repeat {
			p.flying = 0
			sent = n.repeat(p)
			p.before = p.next
		}
		if n.replicate(p) || sent {
			continue
		}
		n.env.Send(p.id, &accept{ballot: n.ballot, first: p.next, commit: n.commit,
			round: n.round})
	}
}

// propagate sends whatever each acceptor may be sent at once. It is no round of its own: there
// would be one for each proposal, and under load the leader would have forgotten when a round
// began by the time a quorum has answered it.
func (n *node) propagate() {
	for i := range n.peers {
		if p := &n.peers[i]; p != n.me {
			n.replicate(p)
		}
	}
}

// replicate sends p, if it is asked, the slots that it was not sent yet, as far as its window goes. One that is far
// behind learns what was decided; it is sent what is open.
func (n *node) replicate(p *peer) (sent bool) {
	if !n.audience.Has(p.id) {
		return false
	}
	if p.next+n.window < n.commit || p.next <= n.log.base {
		p.next = n.commit + 1
	}
	for p.next < n.next && p.flying < flyingMax {
		list := n.log.values(p.next, n.next-1, n.proposed)
		if len(list) == 0 {
			p.next++ // decided before its reign
			continue
		}
		n.sendAccept(p, p.next, list)
		p.next += uint64(len(list))
		p.flying++
		sent = true
	}
	return sent
}

// proposed says whether the leader proposed what is in a slot.
func (n *node) proposed(s *slot) bool { return s.accepted == n.ballot }

// repeat sends again what p should have accepted by now and, as far as the leader knows, has not.
func (n *node) repeat(p *peer) (sent bool) {
	missing := func(s *slot) bool { return s.accepted == n.ballot && !s.votes.Has(p.id) }
	for at := n.commit + 1; at < p.before; {
		list := n.log.values(at, p.before-1, missing)
		if len(list) > 0 {
			n.sendAccept(p, at, list)
			sent = true
		}
		at += max(1, uint64(len(list)))
	}
	return sent
}

func (n *node) sendAccept(p *peer, first uint64, list []*value) {
	n.served(p, first+uint64(len(list))-1)
	n.env.Send(p.id, &accept{ballot: n.ballot, first: first, commit: n.commit, round: n.round,
		values: list})
}

// onAccepted counts an acceptor's answer, once however often it comes, and for this ballot only. An
// acceptor may hold what was proposed in a ballot that came to nothing, and that nobody in the quorum
// of phase 1 has heard of. Nothing was decided there, but a quorum read cannot know it: so the leader
// fills these slots, too.
func (n *node) onAccepted(p *peer, m *accepted) {
	if n.role != leader || m.ballot != n.ballot && n.bug != bugStaleAccepted {
		return
	}
	if m.round > p.acked && m.round <= n.round && m.ballot == n.ballot {
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

func (n *node) peer(id nodes.ID) *peer {
	for i := range n.peers {
		if n.peers[i].id == id {
			return &n.peers[i]
		}
	}
	return nil
}

// quorumOf is the largest number that a quorum of the configuration in force has reached, by what
// of tells of each.
func (n *node) quorumOf(of func(*peer) uint64) uint64 {
	e := n.era()
	s := n.ascending[:0]
	for i := range n.peers {
		if !e.Acceptors.Has(n.peers[i].id) {
			continue
		}
		v, at := of(&n.peers[i]), len(s)
		s = append(s, v)
		for at > 0 && s[at-1] > v {
			s[at] = s[at-1]
			at--
		}
		s[at] = v
	}
	return s[len(s)-e.Quorum]
}
