package multipaxos

import (
	"sunder/nodes"
	"sunder/nodes/kv"
)

// question is a read that waits for proof that this node still leads.
type question struct {
	request nodes.RequestID
	command kv.Command
	round   uint64 // a quorum must have answered this one
}

func (n *node) startRounds() {
	n.asked, n.wanted, n.me.acked = 0, 0, 0
	n.rounds.Start(n.env.Now()) // for inTouch: a quorum has just promised
}

func (n *node) beginRound() {
	n.rounds.Begin(n.env.Now())
	n.me.acked = n.rounds.Last
}

// acked is the last round that a quorum answered.
func (n *node) acked() uint64 { return n.quorumOf(func(p *peer) uint64 { return p.acked }) }

// inTouch says whether a quorum answered within the longest wait for a leader. A leader that is cut
// off stops to lead, so that its clients need not wait for it. The measure is its own clock, be it
// right or wrong.
func (n *node) inTouch() bool {
	return n.rounds.Within(suspectMax, n.acked(), n.env.Now()) || n.bug == bugStaleRead
}

// question takes in a read at the leader. It is answered once a round that began later proves that
// this node led when the read arrived. A lease is the proof without a round.
func (n *node) question(r nodes.RequestID, c kv.Command) {
	if n.questions.Len() >= pendingMax {
		n.env.Reply(r, kv.Refuse(kv.Overloaded))
		return
	}
	q := question{request: r, command: c}
	if n.reads != "lease" || !n.leased() {
		q.round = n.rounds.Last + 1
		n.wanted = q.round
	}
	n.questions.Push(q)
}

// tookOver says whether the leader has executed all that may have been decided before its reign:
// what was reported in phase 1 by a quorum of the configuration in force. That may change on the
// way there.
func (n *node) tookOver() bool {
	return n.commit >= max(n.foundMax, n.target) && n.era().decided(n.prepared) ||
		n.bug == bugReadsBeforeTakeover
}

// answerReads answers what is proven, and begins a round for what is not, one at a time: reads
// that arrive during a round share the next one.
func (n *node) answerReads() {
	if n.questions.Len() == 0 {
		return
	}
	if n.wanted > n.rounds.Last && n.acked() >= n.asked {
		n.broadcast(false)
		n.asked = n.rounds.Last
	}
	acked := n.acked()
	for n.questions.Len() > 0 && n.tookOver() {
		q := n.questions.Front()
		if q.round > acked {
			return
		}
		n.env.Reply(q.request, n.machine.Query(q.command))
		n.questions.Pop()
	}
}
