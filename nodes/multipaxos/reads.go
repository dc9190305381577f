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

// A round is a number that a leader counts up with each broadcast and that acceptors echo. An
// answered round proves that a quorum still took part in no higher ballot when the round began.

// rounds is how many rounds back a leader remembers when it began one. A lease that would rest on
// an older round is not held.
const rounds = 64

func (n *node) startRounds() {
	n.round, n.asked, n.wanted, n.me.acked = 0, 0, 0, 0
	n.roundSent[0] = n.env.Now() // for inTouch: a quorum has just promised
}

func (n *node) beginRound() {
	n.round++
	n.me.acked = n.round
	n.roundSent[n.round%rounds] = n.env.Now()
}

// acked is the last round that a quorum answered.
func (n *node) acked() uint64 { return n.quorumOf(func(p *peer) uint64 { return p.acked }) }

// sent is when a round began, if the leader remembers.
func (n *node) sent(round uint64) (at nodes.Mono, known bool) {
	return n.roundSent[round%rounds], n.round-round < rounds
}

// inTouch says whether a quorum answered within the longest wait for a leader. A leader that is cut
// off stops to lead, so that its clients need not wait for it. The measure is its own clock, be it
// right or wrong.
func (n *node) inTouch() bool {
	sent, known := n.sent(n.acked())
	return known && n.env.Now().Sub(sent) < suspectMax || n.bug == bugStaleRead
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
		q.round = n.round + 1
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
	if n.wanted > n.round && n.acked() >= n.asked {
		n.broadcast(false)
		n.asked = n.round
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
