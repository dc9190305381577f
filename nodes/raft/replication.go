package raft

import "sunder/nodes"

// peer is what a node knows of a member, itself included: its vote, and as a leader, how far it
// is. All but granted is of the leader's reign.
type peer struct {
	id      nodes.ID
	granted bool
	match   uint64 // its durable log is the leader's up to here
	next    uint64 // the entry to send next; sent, but perhaps lost, where it is above match+1
	acked   uint64 // the last round that it answered
	mode    mode
	flight  [windowMax]uint64 // last entries of the messages under way, ascending
	flying  int               // how many they are
	sending *snapshot         // in mode installing
	offset  uint64            // of the chunk that it needs
}

// mode is how a leader sends to a follower.
type mode uint8

const (
	probing    mode = iota // one message, until it is known where the logs meet
	pipelining             // on and on, up to the window (thesis 10.2.2)
	installing             // a snapshot: the entries that it needs are gone
)

// becomeLeader begins a reign with a no-op: only when an entry of the own term is committed, all
// before it is known to be (sections 5.4.2 and 8).
func (n *node) becomeLeader() {
	n.role, n.leader = leader, n.self
	if n.bug != bugLeaderCanvasses {
		n.env.StopTimer(electionTimer)
		n.armed = false
	}
	n.env.SetTimer(heartbeatTimer, heartbeatEvery)
	n.observe(nodes.BecameLeader, n.term, n.log.end(), 0)
	next := n.log.last() + 1
	for i := range n.peers {
		p := &n.peers[i]
		before := *p
		*p = peer{id: p.id, granted: p.granted, next: next}
		switch n.bug {
		case bugMatchKept:
			p.match = min(before.match, next-1)
		case bugAcksKept:
			p.acked = before.acked
		}
	}
	n.me.match = n.disk.stable
	n.startRounds()
	n.first = next
	if n.bug == bugCommitOldTerm || n.bug == bugNoNoop {
		n.first = next - 1
	} else {
		n.append(entry{term: n.term})
		n.observe(nodes.Appended, n.term, n.log.end(), 0)
	}
	n.broadcast()
	n.advance()
}

func (n *node) onHeartbeatTimer() {
	if n.role != leader {
		return
	}
	n.env.SetTimer(heartbeatTimer, heartbeatEvery)
	if !n.inTouch() && n.bug != bugNoCheckQuorum {
		n.becomeFollower(n.term, 0)
		return
	}
	n.broadcast()
}

// broadcast begins a round in which every follower gets a message: entries, or a heartbeat.
func (n *node) broadcast() {
	n.beginRound()
	for i := range n.peers {
		p := &n.peers[i]
		if p == n.me {
			continue
		}
		if p.mode == installing {
			n.sendChunk(p)
		} else if !n.replicate(p) {
			n.sendEntries(p, nil)
		}
	}
}

// propagate sends whatever each follower may be sent at once. It is no round of its own: there
// would be one for each proposal, and under load the leader would have forgotten when a round
// began by the time a quorum has answered it.
func (n *node) propagate() {
	for i := range n.peers {
		if p := &n.peers[i]; p != n.me {
			n.replicate(p)
		}
	}
}

// replicate sends p the entries that it lacks, as far as its window goes. They leave before they
// are durable here (thesis 10.2.1): advance counts this node only when they are.
func (n *node) replicate(p *peer) (sent bool) {
	if p.mode == installing {
		return false
	}
	if p.next <= n.log.base.index {
		n.sendSnapshot(p)
		return true
	}
	window := windowMax
	if p.mode == probing {
		window = 1
	}
	for p.next <= n.log.last() && p.flying < window {
		list := n.log.from(p.next)
		n.sendEntries(p, list)
		sent = true
		p.flight[p.flying] = p.next + uint64(len(list)) - 1
		p.flying++
		if p.mode == probing {
			return sent
		}
		p.next += uint64(len(list))
	}
	return sent
}

func (n *node) sendEntries(p *peer, list []entry) {
	prev := n.log.at(p.next - 1)
	m := n.appends.one()
	*m = appendEntries{term: n.term, prev: prev.index, prevTerm: prev.term,
		commit: n.commit, round: n.rounds.Last, entries: list}
	n.env.Send(p.id, m)
}

func (n *node) onAppendReply(p *peer, m *appendReply) {
	if m.term > n.term {
		if !n.obstinate() {
			n.becomeFollower(m.term, 0)
		}
		return
	}
	if n.role != leader || m.term < n.term && n.bug != bugStaleAppendReply {
		return
	}
	n.acknowledge(p, m.round)
	switch {
	case m.ok:
		n.matched(p, min(m.index, n.log.last()))
	case p.mode == installing, m.prev <= p.match, m.prev >= p.next:
		// Late: that message has been answered since, or replaced.
	default:
		p.mode, p.flying = probing, 0
		p.next = max(p.match+1, min(m.index, m.prev))
		n.replicate(p)
	}
}

// matched notes that p has everything up to index, and sends what it lacks.
func (n *node) matched(p *peer, index uint64) {
	landed := 0
	for landed < p.flying && p.flight[landed] <= index {
		landed++
	}
	copy(p.flight[:], p.flight[landed:p.flying])
	p.flying -= landed
	if index > p.match {
		p.match = index
		n.advance()
	}
	switch {
	case p.mode == probing && index+1 >= p.next:
		p.mode, p.flying = pipelining, 0
	case p.mode == installing && index >= p.sending.mark.index:
		p.mode, p.flying, p.sending = probing, 0, nil
		p.next = p.match + 1
	}
	p.next = max(p.next, p.match+1)
	n.replicate(p)
}

// advance commits what a quorum has durable, if the last of it is of this term (section 5.4.2).
func (n *node) advance() {
	n.me.match = n.disk.stable
	if n.bug == bugLeaderCountsUnsynced {
		n.me.match = n.log.last()
	}
	index := n.quorumOf(func(p *peer) uint64 { return p.match })
	if n.bug == bugLostAck {
		index = n.me.match
	}
	old := n.bug == bugCommitOldTerm || n.bug == bugCommitOldTermNoop
	if index > n.commit && (n.log.at(index).term == n.term || old) {
		n.commitTo(index)
	}
}
