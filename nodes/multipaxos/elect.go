package multipaxos

import (
	"time"

	"sunder/nodes"
	"sunder/nodes/ballot"
)

// drawTimeout chooses how long to wait for a leader.
func (n *node) drawTimeout() {
	spread := n.env.Rand("suspicion", uint64(suspectMax-suspectMin))
	n.timeout = suspectMin + time.Duration(spread)
}

// restartSuspicion moves the deadline. The timer itself is moved when it falls due: it is
// restarted with every message of the leader, and setting it is not free.
func (n *node) restartSuspicion() {
	n.deadline = n.env.Now().Add(n.timeout)
	if !n.armed {
		n.armed = true
		n.env.SetTimer(suspectTimer, n.timeout)
	}
}

func (n *node) onSuspectTimer() {
	if n.role == leader {
		return
	}
	if left := n.deadline.Sub(n.env.Now()); left > 0 {
		n.armed = true
		n.env.SetTimer(suspectTimer, left)
		return
	}
	n.drawTimeout()
	n.restartSuspicion()
	switch {
	case n.auxiliary:
	case n.era().Mains.Has(n.self):
		n.campaign()
	default:
		n.follow(n.promised, 0)
		n.seek()
	}
}

// campaign begins phase 1 for all slots that may be open, in a ballot of its own. The node itself
// does not promise it yet: as long as no quorum suspects the leader, it goes on to follow, and a
// node that was cut off does not disturb the others when it comes back.
func (n *node) campaign() {
	if n.role != candidate {
		n.env.SetTimer(heartbeatTimer, heartbeatEvery)
	}
	n.role, n.leader = candidate, 0
	n.ballot = max(n.promised, n.seen, n.ballot).Next(n.self)
	n.start, n.prepared = n.commit+1, 0
	clear(n.found)
	n.foundMax, n.target = 0, 0
	for i := range n.peers {
		n.peers[i].begin(n.start)
	}
	n.observe(nodes.BecameCandidate, uint64(n.ballot), 0, 0, 0)
	n.attempts, n.audience = 0, 0
	n.review()
	n.solicit()
}

// solicit sends a prepare to all who have a say and have not promised entirely.
func (n *node) solicit() {
	for i := range n.peers {
		if p := &n.peers[i]; p != n.me && n.audience.Has(p.id) && !n.prepared.Has(p.id) {
			n.env.Send(p.id, &prepare{ballot: n.ballot, from: p.from})
		}
	}
}

// solicitLate asks acceptors of a new configuration for the promises that the leader lacks for it.
func (n *node) solicitLate() {
	if !n.schedule.newest().decided(n.prepared) {
		n.solicit()
	}
}

// onPrepare is phase 1b. A node that hears a leader promises nothing: leases rely on it, and a
// node with a bad link cannot depose a leader that works. It says so, and how far it is, since a
// proposer that asks in vain may be one that was cut off for long.
func (n *node) onPrepare(p *peer, m *prepare) {
	floor := n.promised
	if n.role == candidate {
		floor = max(floor, n.ballot) // its own goes first
	}
	if m.ballot < floor || m.ballot > n.promised && n.bound() {
		n.refuse(p, m.ballot)
		return
	}
	if m.ballot > n.promised {
		n.follow(m.ballot, 0)
		n.restartSuspicion()
	}
	n.post(p.id, n.report(m))
}

func (n *node) refuse(p *peer, b ballot.Ballot) {
	n.post(p.id, &nack{ballot: b, promised: n.promised, commit: n.commit})
}

// report is the promise that answers m: what was accepted from m.from on and is not decided yet,
// as far as a message has room.
func (n *node) report(m *prepare) *promise {
	out := &promise{ballot: m.ballot, from: m.from, commit: n.commit}
	if n.bug == bugPromiseOmitsAccepted {
		return out
	}
	bytes := 0
	for at := max(m.from, n.commit+1); at <= n.log.last(); at++ {
		s := n.log.at(at)
		if s.accepted == 0 {
			continue
		}
		bytes += int(s.value.size)
		if len(out.accepted) == batchValues || len(out.accepted) > 0 && bytes > batchBytes {
			out.next = at
			break
		}
		out.accepted = append(out.accepted, proposal{at, s.accepted, s.value})
	}
	return out
}

// onPromise takes in what an acceptor reports. A leader still hears promises, of acceptors that
// come in with a new configuration. Others come late: what a quorum reported is enough, and what
// one more acceptor knows may be learned from nobody if that dies.
func (n *node) onPromise(p *peer, m *promise) {
	if n.role == follower || m.ballot != n.ballot || m.from != p.from || n.prepared.Has(p.id) {
		return
	}
	if n.role == leader && n.schedule.newest().decided(n.prepared) {
		p.heard, p.seen = true, n.env.Now()
		return
	}
	for _, a := range m.accepted {
		n.find(a)
	}
	if m.commit > n.target && n.bug != bugPromiseAboveCommit {
		n.target, n.promiser = m.commit, p.id
		n.lag(p.id, m.commit)
	}
	if m.next > m.from {
		p.from = m.next
		n.env.Send(p.id, &prepare{ballot: n.ballot, from: p.from})
		return
	}
	n.prepared.Add(p.id)
	p.heard, p.seen = true, n.env.Now()
}

// find keeps the proposal of the highest ballot at each slot (phase 2a).
func (n *node) find(a proposal) {
	known, some := n.found[a.slot]
	higher := a.ballot > known.ballot
	switch n.bug {
	case bugLowestBallotWins:
		higher = a.ballot < known.ballot
	case bugLastPromiseWins:
		higher = true
	}
	if !some || higher {
		n.found[a.slot] = a
		n.foundMax = max(n.foundMax, a.slot)
	}
}

// takeOver goes on with a candidacy where it can: a quorum for the next slot has promised, and what
// they know to be decided was learned. Then the node promises its own ballot, durably, and leads.
func (n *node) takeOver() {
	era := n.era()
	switch {
	case !era.Mains.Has(n.self):
		n.follow(n.promised, 0) // it was removed, as it has learned meanwhile
	case n.promised == n.ballot && n.prepared.Has(n.self):
		n.becomeLeader()
	case n.promised == n.ballot: // its own promise is on its way to the disk
	case !era.decided(n.prepared|1<<(n.self-1)) || n.commit < n.target:
	default:
		n.promised = n.ballot
		n.savePromise()
		n.post(n.self, &promise{ballot: n.ballot})
	}
}

// onOwnPromise: the node's own promise is durable.
func (n *node) onOwnPromise(m *promise) {
	if n.role == candidate && m.ballot == n.ballot {
		n.prepared.Add(n.self)
		n.takeOver()
	}
}

// onNack learns that a higher ballot is under way, or that others know more.
func (n *node) onNack(p *peer, m *nack) {
	n.lag(p.id, m.commit)
	if m.promised > m.ballot {
		n.hearOf(m.promised)
	}
}

// hearOf learns of a ballot. Who leads a lower one leads no more: what it proposes would be refused
// by some, and what others know to be decided may be decided in the higher one.
func (n *node) hearOf(b ballot.Ballot) {
	n.seen = max(n.seen, b)
	if b > n.ballot && n.role != follower && n.bug != bugKeepsBallot {
		n.follow(n.promised, 0)
	}
}

// follow leaves whatever role the node had, and promises a ballot if it is higher. The promise is
// durable before anything is said that rests on it, since all answers wait for the disk.
func (n *node) follow(b ballot.Ballot, of nodes.ID) {
	changed := n.role != follower || n.leader != of || n.promised != b
	was := n.role
	if b > n.promised {
		n.promised = b
		n.savePromise()
	}
	if was == leader && n.bug == bugKeepsBallot {
		return
	}
	n.role, n.leader = follower, of
	if changed {
		n.observe(nodes.BecameFollower, uint64(n.promised), 0, 0, of)
		n.drawTimeout()
	}
	if was != follower {
		n.env.StopTimer(heartbeatTimer)
	}
	if was == leader {
		n.restartSuspicion()
		n.abandon()
	}
}
