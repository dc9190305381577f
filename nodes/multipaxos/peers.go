package multipaxos

import "sunder/nodes"

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
		n.send(p, p.next, 0, nil)
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

// replicate sends p, if it is asked, the slots that it was not sent yet, as far as its window goes.
// One that is far behind learns what was decided; it is sent what is open.
func (n *node) replicate(p *peer) (sent bool) {
	if !n.audience.Has(p.id) {
		return false
	}
	if p.next+n.window < n.commit || p.next <= n.log.base {
		p.next = n.commit + 1
	}
	for p.next < n.next && p.flying < flyingMax {
		count := n.send(p, p.next, n.next-1, n.proposed)
		if count == 0 {
			p.next++ // decided before its reign
			continue
		}
		p.next += count
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
		n.draft = nil // what p lacks is its own affair
		count := n.send(p, at, p.before-1, missing)
		sent = sent || count > 0
		at += max(1, count)
	}
	n.draft = nil
	return sent
}

// send sends p what stands in a run of slots, as far as a message has room, and returns how much
// that is; nothing is a heartbeat if none was asked for. Most acceptors are sent the same: so they
// share the message.
func (n *node) send(p *peer, first, upto uint64, pleases func(*slot) bool) (count uint64) {
	d := n.draft
	if d == nil || d.ballot != n.ballot || d.first != first || d.commit != n.commit ||
		d.round != n.rounds.Last || n.draftUpto != upto {
		d = &accept{ballot: n.ballot, first: first, commit: n.commit, round: n.rounds.Last}
		if upto > 0 {
			d.values = n.log.values(first, upto, pleases)
		}
		n.draft, n.draftUpto = d, upto
	}
	if count = uint64(len(d.values)); count > 0 {
		n.served(p, first+count-1)
	}
	if count > 0 || upto == 0 {
		n.env.Send(p.id, d)
	}
	return count
}
