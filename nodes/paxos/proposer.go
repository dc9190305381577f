package paxos

import (
	"time"

	"sunder/nodes"
	"sunder/nodes/ballot"
)

// ballotMax is above every ballot that may be used: a round for which there is no next is none.
const ballotMax = ballot.Ballot(1<<63 - 1)

// phase is where a proposer stands.
type phase uint8

const (
	idle      phase = iota
	preparing       // phase 1: it asks for promises
	accepting       // phase 2: it asks to accept a value
	waiting         // it failed, and backs off
)

// proposer is at most one attempt to have a value decided.
type proposer struct {
	phase  phase
	round  uint64 // of the last ballot; it grows over restarts
	decree uint64
	ballot ballot.Ballot
	own    *value // what it would have decided
	began  nodes.Mono

	promises tally         // of phase 1
	accepts  tally         // of phase 2
	reported ballot.Ballot // the largest that a promise reported
	value    *value        // reported with it; in phase 2, what is proposed

	failures int           // at this decree
	usual    time.Duration // what attempts take that succeed
}

// tally is the answers of acceptors, one of each.
type tally struct {
	from ballot.Voters
	n    int
}

// propose begins an attempt where there is something to propose, and no attempt runs.
func (n *node) propose() {
	if n.proposer.phase == idle && n.pending.Len() > 0 && !n.stopped {
		n.begin(n.learner.next)
	}
}

// begin is phase 1a (section 2.2). The ballot is above all that this node ever used, in any life:
// it is durable before anyone hears of it (section 2.5).
func (n *node) begin(number uint64) {
	p := &n.proposer
	same := p.decree == number
	if !same {
		p.failures = 0
	}
	p.phase, p.decree, p.began = preparing, number, n.env.Now()
	if !same || n.bug != bugPromisesPooled {
		p.promises = tally{}
	}
	if !same || n.bug != bugAcceptsPooled {
		p.accepts = tally{}
	}
	p.reported, p.value = 0, nil
	n.nextBallot()
	p.own = n.pending.Front().value
	p.own.propose(p.round)
	if n.bug == bugNoPhase1 {
		n.propound()
		return
	}
	m := &prepare{number, p.ballot}
	for _, id := range n.members {
		switch {
		case id == n.self:
			n.onPrepare(id, m)
		case n.bug == bugBallotBeforeFsync:
			n.env.Send(id, m)
		default:
			n.post(id, m, 0)
		}
	}
}

// nextBallot takes a fresh ballot.
func (n *node) nextBallot() {
	p := &n.proposer
	p.round++
	p.ballot = ballot.New(p.round, n.self)
	if n.bug == bugBallotWithoutNode {
		p.ballot = ballot.New(p.round, 0)
	}
	if n.bug != bugBallotNotPersisted {
		n.saveRound(p.round)
	}
}

// onPromise counts a promise, and goes on to phase 2 with a majority of them. If any reported a
// value, that of the largest ballot is proposed: it may be chosen already, and no other can be
// (section 2.2, P2c).
func (n *node) onPromise(from nodes.ID, m *promise) {
	p := &n.proposer
	if p.phase != preparing || m.decree != p.decree ||
		m.ballot != p.ballot && n.bug != bugPromisesPooled || !n.count(&p.promises, from) {
		return
	}
	if m.accepted != 0 && n.prefers(m.accepted) {
		p.reported, p.value = m.accepted, m.value
	}
	if p.promises.n >= n.quorum {
		n.propound()
	}
}

// prefers says whether a reported proposal counts before the one that was kept so far.
func (n *node) prefers(b ballot.Ballot) bool {
	p := &n.proposer
	switch n.bug {
	case bugIgnoresAccepted:
		return false
	case bugLowestBallotWins:
		return p.reported == 0 || b < p.reported
	case bugLastPromiseWins:
		return true
	}
	return b > p.reported
}

// count takes the answer of an acceptor, unless it was counted before.
func (n *node) count(t *tally, from nodes.ID) bool {
	if t.from.Has(from) && n.bug != bugAnswersCountTwice {
		return false
	}
	t.from.Add(from)
	t.n++
	return true
}

// propound is phase 2a: the value that was reported or, where there is none, the node's own.
func (n *node) propound() {
	p := &n.proposer
	p.phase = accepting
	if p.value == nil {
		p.value = p.own
	}
	m := &accept{p.decree, p.ballot, p.value}
	n.broadcast(m)
	n.onAccept(n.self, m)
}

// onNack gives up an attempt that cannot succeed any more at that acceptor.
func (n *node) onNack(m *nack) {
	p := &n.proposer
	if p.phase != preparing && p.phase != accepting || m.decree != p.decree || m.ballot != p.ballot {
		return
	}
	p.round = max(p.round, m.promised.Round())
	n.backOff()
}

// overdue gives up an attempt that got no majority in time: long after what attempts take.
func (n *node) overdue() {
	p := &n.proposer
	open := p.phase == preparing || p.phase == accepting
	limit := min(max(tickEvery, 4*p.usual)<<min(p.failures, 3), attemptMax)
	if open && n.env.Now().Sub(p.began) >= limit {
		n.backOff()
	}
}

// backOff waits for a random time, at first up to thrice what an attempt takes and longer after
// each failure, up to backoffMax, so that one of those who duel comes through (section 2.4: no
// algorithm can do without randomness or real time).
func (n *node) backOff() {
	p := &n.proposer
	p.phase = waiting
	if n.bug == bugProposesTwice {
		n.pending.Push(n.pending.Pop())
	}
	most := min(3*max(p.usual, time.Millisecond)<<min(p.failures, 8), backoffMax)
	p.failures++
	n.env.SetTimer(backoffTimer, time.Duration(n.env.Rand("back-off", uint64(most))))
}

func (n *node) onBackoff() {
	if n.proposer.phase == waiting {
		n.proposer.phase = idle
	}
}

// concede ends the attempt at a decree that is decided, for whichever value.
func (n *node) concede(number uint64) {
	p := &n.proposer
	if p.decree == number && (p.phase == preparing || p.phase == accepting) {
		p.phase = idle
	}
}
