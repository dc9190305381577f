package multipaxos

import (
	"time"

	"sunder/nodes"
	"sunder/nodes/ballot"
	"sunder/nodes/checkpoint"
)

const (
	// learnAfter is how long a node waits for what it lacks to come by itself: messages may only
	// have overtaken each other.
	learnAfter = 10 * time.Millisecond
	// learnAgain is how long it waits for an answer.
	learnAgain = 30 * time.Millisecond
)

// lag notes that another node knows all slots up to one to be decided. If that is news for long,
// this node asks for them.
func (n *node) lag(who nodes.ID, upto uint64) {
	if upto <= n.commit || upto < n.known || n.auxiliary {
		return
	}
	n.known, n.teacher = upto, who
	if !n.learning {
		n.learning = true
		n.env.SetTimer(learnTimer, learnAfter)
	}
}

// onLearnTimer asks. Who was asked before and did not answer may be down: then it asks nobody until
// it hears again that somebody knows more. A leader that must know what only that node can tell it
// leads no more: whoever is elected next may find another quorum.
func (n *node) onLearnTimer() {
	n.learning = false
	switch {
	case n.commit >= n.known:
	case n.inVain == n.commit+1:
		n.known, n.inVain = 0, 0
		switch {
		case n.role == leader && n.commit < n.target:
			n.follow(n.promised, 0)
		case n.role == candidate:
			n.lag(n.promiser, n.target)
		}
	default:
		n.inVain = n.commit + 1
		n.ask()
	}
}

// ask asks for what was decided after all that this node knows. An auxiliary can only say that
// others know more.
func (n *node) ask() {
	if index := n.assembly.Index(); n.variant.Auxiliary(n.teacher) {
		n.seek()
	} else {
		n.env.Send(n.teacher, &learn{from: n.commit + 1, index: index,
			offset: n.assembly.Have(index)})
	}
	n.learning = true
	n.env.SetTimer(learnTimer, learnAgain)
}

// onLearn tells what was decided, or a piece of the snapshot that covers it.
func (n *node) onLearn(p *peer, m *learn) {
	n.sought(p, m.from)
	switch {
	case n.auxiliary:
	case m.from > n.commit:
		n.env.Send(p.id, &learned{ballot: n.promised, first: m.from, commit: n.commit})
	case m.from > n.log.base:
		list := n.log.values(m.from, n.commit, func(*slot) bool { return true })
		n.env.Send(p.id, &learned{ballot: n.promised, first: m.from, commit: n.commit,
			values: list})
	case n.snapshot != nil && n.snapshot.Index >= m.from:
		s, offset := n.snapshot, uint64(0)
		if m.index == s.Index {
			offset = m.offset
		}
		n.env.Send(p.id, &snapshotChunk{ballot: n.promised, offset: offset,
			of:    checkpoint.Snapshot{Index: s.Index, Term: s.Term, Hash: s.Hash},
			total: uint64(len(s.Data)), data: s.Chunk(offset)})
	}
}

// onLearned takes in what was decided, and asks for more. A node that was told what is decided by
// one who takes part in a higher ballot must not lead its own any more: see hearOf.
func (n *node) onLearned(p *peer, m *learned) {
	n.hearOf(m.ballot)
	before := n.commit
	for i, v := range m.values {
		if at := m.first + uint64(i); at == n.commit+1 && !n.stopped {
			n.learn(at, v)
		}
	}
	n.lag(p.id, m.commit)
	outside := !n.schedule.newest().Mains.Has(n.self) // it shows that it has caught up
	if n.commit > before && (n.commit < n.known || outside) && !n.stopped {
		n.teacher = p.id
		n.ask()
	}
}

// learn executes a value that was decided, as another node says. If it is not what this node has
// proposed there, it was decided in a higher ballot, even if who says so has not promised that one:
// those who wait for the slot must not be told what another command did.
func (n *node) learn(at uint64, v *value) {
	s := n.log.grow(at)
	if n.role == leader && n.proposed(s) && s.value.hash != v.hash && n.bug != bugLeadsOvertaken {
		n.follow(n.promised, 0)
	}
	if s.value == nil || s.value.hash != v.hash {
		s.accepted, s.value = 0, v
		n.saveLearned(at, v)
	}
	n.execute(ballot.Ballot(0))
	n.next = max(n.next, n.commit+1) // a leader that lacked what a newer configuration decided
}

// onSnapshotChunk puts a snapshot together and, when all of it is here, has it written. The node
// goes on with what it has until the snapshot is durable.
func (n *node) onSnapshotChunk(p *peer, m *snapshotChunk) {
	n.hearOf(m.ballot)
	if m.of.Index <= n.commit || n.store.Saving() != nil {
		return
	}
	before := n.assembly.Have(m.of.Index)
	whole := n.assembly.Take(m.of, m.offset, m.total, m.data)
	switch {
	case whole != nil:
		n.store.Save(n.env, whole)
	case n.assembly.Have(m.of.Index) > before:
		n.teacher = p.id
		n.ask()
	}
}
