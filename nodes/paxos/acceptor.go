package paxos

import (
	"sunder/nodes"
	"sunder/nodes/ballot"
)

// onPrepare is phase 1b: a ballot above all that were promised is promised, and with it goes what
// was accepted so far. A repeated prepare is answered again.
func (n *node) onPrepare(from nodes.ID, m *prepare) {
	d := n.at(m.decree)
	if d == nil || n.settled(from, d, m.decree) {
		return
	}
	if m.ballot < d.promised && n.bug != bugPromisesLower {
		n.refuse(from, m.decree, m.ballot, d)
		return
	}
	if m.ballot > d.promised {
		d.promised = m.ballot
		if n.bug != bugPromiseNotPersisted {
			n.savePromise(m.decree, m.ballot)
		}
	}
	answer := &promise{m.decree, m.ballot, d.accepted, d.value}
	if n.bug == bugPromiseOmitsAccepted {
		answer.accepted, answer.value = 0, nil
	}
	n.answer(from, answer, 0)
}

// onAccept is phase 2b: a value is accepted unless a larger ballot was promised. Accepting it is
// promising, too: nothing below may be accepted later.
func (n *node) onAccept(from nodes.ID, m *accept) {
	d := n.at(m.decree)
	if d == nil || n.settled(from, d, m.decree) {
		return
	}
	if m.ballot < d.promised && n.bug != bugAcceptsBelowPromise {
		n.refuse(from, m.decree, m.ballot, d)
		return
	}
	if m.ballot != d.accepted || !m.value.is(d.value) { // else it is repeated
		d.accept(m.ballot, m.value, n.bug)
		if n.bug != bugAcceptedNotPersisted {
			n.saveAccept(m.decree, m.ballot, m.value)
		}
	}
	n.answer(from, &accepted{m.decree, m.ballot}, m.value.hash)
}

func (d *decree) accept(b ballot.Ballot, v *value, bug bug) {
	d.accepted, d.value = b, v
	if bug != bugAcceptKeepsPromise {
		d.promised = max(d.promised, b)
	}
}

// answer says what the acceptor has promised or accepted, once that is durable.
func (n *node) answer(to nodes.ID, m nodes.Message, hash uint64) {
	if n.bug == bugAckBeforeFsync || n.bug == bugCountsItselfUnsynced && to == n.self {
		n.say(posted{to, m, hash})
		return
	}
	n.post(to, m, hash)
}

func (n *node) refuse(to nodes.ID, number uint64, b ballot.Ballot, d *decree) {
	n.send(to, &nack{number, b, d.promised})
}

// settled says whether the decree is known to be decided: then that is the answer to everything.
func (n *node) settled(from nodes.ID, d *decree, number uint64) bool {
	if d.decided == nil {
		n.behind(from, number)
		return false
	}
	n.teach(from, number)
	return true
}
