package raft

import (
	"sunder/nodes"
	"sunder/nodes/kv"
)

// proposal is a command that waits in the log for its turn.
type proposal struct {
	index   uint64
	request nodes.RequestID
}

// Invoke implements nodes.Node. No write is forwarded: who does not lead refuses, and that is
// definite, because nothing was appended. A follower answers a read with the leader's help.
func (n *node) Invoke(env nodes.Env, r nodes.RequestID, c kv.Command) {
	n.env = env
	if n.stopped {
		return
	}
	local := c.ReadOnly() && (n.reads == "local" || n.bug == bugStaleRead && n.role == leader ||
		n.bug == bugTxnStaleRead && c.Op == kv.Txn)
	switch {
	case c.Check() != nil:
		n.env.Reply(r, kv.Refuse(kv.BadCommand))
	case local:
		n.env.Reply(r, n.machine.Query(c))
	case n.role == follower && c.ReadOnly():
		n.inquire(r, c)
	case n.role != leader && (n.bug != bugFollowerProposes || n.term == 0):
		n.env.Reply(r, n.notLeader())
	case c.ReadOnly() && n.reads != "log":
		n.ask(r, c)
	default:
		n.propose(r, c)
	}
	n.settle()
}

// propose appends a command and sends it off. The fsync and the messages of one batch carry all
// that arrived while those of the batch before were under way (thesis 10.2).
func (n *node) propose(r nodes.RequestID, c kv.Command) {
	if a, known := n.answered[c.Session]; known && a.seq == c.Seq {
		n.env.Reply(r, a.result) // only with the bug dedupe-only-on-leader
		return
	}
	if n.proposals.Len() >= pendingMax {
		n.env.Reply(r, kv.Refuse(kv.Overloaded))
		return
	}
	if !n.append(entry{term: n.term, command: &c}) {
		n.env.Reply(r, kv.Refuse(kv.BadCommand))
		return
	}
	n.proposals.Push(proposal{n.log.last(), r})
	n.observe(nodes.Appended, n.term, n.log.end(), 0)
	n.propagate()
	n.advance()
}

// apply does what is committed, in order, and answers whoever waits for it. One digest of the
// state tells oracles of all that was applied at once.
func (n *node) apply() {
	before := n.applied
	for n.applied < n.commit && !n.stopped {
		n.applied++
		e := n.log.entry(n.applied)
		result := kv.Result{Status: kv.OK}
		if !e.noop() {
			result = n.do(e)
		}
		if n.proposals.Len() > 0 && n.proposals.Front().index == n.applied {
			n.env.Reply(n.proposals.Pop().request, result)
			n.remember(e, result)
		}
		if n.snapshotDue() {
			n.takeSnapshot()
		}
	}
	if h := n.machine.Digest(); n.applied > before && h != 0 && !n.snapshotDue() {
		m := mark{index: n.applied, hash: h}
		n.observe(nodes.Applied, n.log.at(n.applied).term, m, 0)
	}
}

// do lets the machine do the command of the entry that is applied.
func (n *node) do(e *entry) kv.Result {
	c := *e.command
	if n.bug == bugNoSessionDedupe || n.bug == bugDedupeOnlyOnLeader {
		c.Session = 0
	}
	before := n.machine.Digest()
	result := n.machine.Apply(n.applied, c)
	if n.bug == bugTxnNoRollback && result.Code == kv.CASMismatch {
		n.leaveHalf(c.Txn)
	}
	if once := e.command.Once(); once != 0 && n.machine.Digest() != before {
		n.observe(nodes.Executed, e.term, mark{index: n.applied, hash: once}, 0)
	}
	return result
}

// abandon answers all who wait, at the end of a reign. A proposal may still be committed by the
// next leader; a read has changed nothing.
func (n *node) abandon() {
	n.answered = nil
	for n.proposals.Len() > 0 && n.bug != bugProposalsNotAbandoned {
		lost := kv.Doubt(kv.LeadershipLost)
		if n.bug == bugLostLeadershipIsDefinite {
			lost = n.notLeader()
		}
		n.env.Reply(n.proposals.Pop().request, lost)
	}
	for n.questions.Len() > 0 && n.bug != bugReadsNotAbandoned {
		if q := n.questions.Pop(); q.from != 0 {
			n.env.Send(q.from, &readIndexReply{term: n.term, id: q.id})
		} else {
			n.env.Reply(q.request, n.notLeader())
		}
	}
}

func (n *node) notLeader() kv.Result {
	r := kv.Refuse(kv.NotLeader)
	if n.leader != 0 && n.leader != n.self {
		r.Hint = n.leader.String()
	}
	return r
}
