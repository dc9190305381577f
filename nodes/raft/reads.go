package raft

import (
	"sunder/nodes"
	"sunder/nodes/kv"
)

// question is a read that waits for proof that this node still leads.
type question struct {
	request nodes.RequestID
	command kv.Command
	round   uint64 // a quorum must have answered this one
	index   uint64 // the state must be at least this

	from nodes.ID // not 0: a follower asked, under its id; see inquire.go
	id   uint64
}

func (n *node) startRounds() {
	n.asked, n.wanted, n.me.acked = 0, 0, 0
	n.rounds.Start(n.env.Now()) // for inTouch: a quorum just voted for it
}

func (n *node) beginRound() {
	n.rounds.Begin(n.env.Now())
	n.me.acked = n.rounds.Last
}

// acknowledge notes that p answered a round. It may not be news, nor even true of this reign.
func (n *node) acknowledge(p *peer, round uint64) {
	if round > p.acked && round <= n.rounds.Last {
		p.acked = round
		if n.bug == bugLeaseFromAnswer {
			n.rounds.Postpone(round, n.env.Now())
		}
	}
}

// acked is the last round that a quorum answered.
func (n *node) acked() uint64 { return n.quorumOf(func(p *peer) uint64 { return p.acked }) }

// inTouch says whether a quorum answered within the longest election timeout. A leader that is
// cut off stops to lead, so that its clients need not wait for it (check-quorum, thesis 6.2). The
// measure is its own clock, be it right or wrong.
func (n *node) inTouch() bool {
	return n.rounds.Within(electionMax, n.acked(), n.env.Now()) || n.bug == bugStaleRead
}

// ask takes in a read (ReadIndex, thesis 6.4). It is answered from a state that has all that was
// committed when it arrived, once a round that began later proves that this node led then. What
// was committed is up to the commit index or, as long as nothing of the own term is, up to where
// this reign began: a new leader has all committed entries but may not know that they are.
// A lease is the proof without a round.
func (n *node) ask(r nodes.RequestID, c kv.Command) {
	if n.questions.Len() >= pendingMax {
		n.env.Reply(r, kv.Refuse(kv.Overloaded))
		return
	}
	n.question(question{request: r, command: c})
}

// question queues q with what it must wait for.
func (n *node) question(q question) {
	q.index = max(n.commit, n.first)
	if n.bug == bugReadIndexNoCommitInTerm {
		q.index = n.commit
	}
	if n.reads != "lease" || !n.leased() {
		q.round = n.rounds.Last + 1
		if n.bug == bugReadCountsEarlierRound {
			q.round = n.rounds.Last
		}
		n.wanted = q.round
	}
	n.questions.Push(q)
}

// answerReads answers what is proven, and begins a round for what is not, one at a time: reads
// that arrive during a round share the next one.
func (n *node) answerReads() {
	if n.questions.Len() == 0 {
		return
	}
	acked := n.acked()
	if n.wanted > n.rounds.Last && acked >= n.asked {
		n.broadcast()
		n.asked, acked = n.rounds.Last, n.acked()
	}
	for n.questions.Len() > 0 {
		q := n.questions.Front()
		if q.round > acked || q.index > n.applied {
			return
		}
		if q.from != 0 {
			n.env.Send(q.from, &readIndexReply{ok: true, term: n.term, id: q.id, index: q.index})
		} else {
			n.env.Reply(q.request, n.machine.Query(q.command))
		}
		n.questions.Pop()
	}
}
