package multipaxos

import (
	"sunder/nodes"
	"sunder/nodes/kv"
)

// command waits for a slot.
type command struct {
	request nodes.RequestID
	command kv.Command
}

// request waits for its slot to be executed.
type request struct {
	slot    uint64
	request nodes.RequestID
}

// Invoke implements nodes.Node. No write is forwarded: who does not lead refuses, and that is
// definite, because nothing was proposed. A read is answered by any node.
func (n *node) Invoke(env nodes.Env, r nodes.RequestID, c kv.Command) {
	n.env = env
	if n.stopped {
		return
	}
	reads := c.ReadOnly()
	switch {
	case c.Check() != nil || n.tooLarge(c):
		n.env.Reply(r, kv.Refuse(kv.BadCommand))
	case n.auxiliary:
		n.env.Reply(r, kv.Refuse(kv.ServesNobody))
	case reads && n.bug == bugRemovedServes:
		n.env.Reply(r, n.machine.Query(c))
	case reads && (n.reads == "local" || n.bug == bugStaleRead && n.role == leader):
		n.env.Reply(r, n.machine.Query(c))
	case reads && (n.reads == "quorum" || n.role != leader):
		n.inquire(r, c)
	case n.role != leader:
		n.env.Reply(r, n.notLeader())
	case reads && n.reads != "log":
		n.question(r, c)
	case n.waiting.Len()+n.open.Len() >= pendingMax:
		n.env.Reply(r, kv.Refuse(kv.Overloaded))
	default:
		n.waiting.Push(command{r, c})
	}
	n.settle()
}

// tooLarge says whether a command would not fit into a message. Only a transaction can be.
func (n *node) tooLarge(c kv.Command) bool {
	if len(c.Txn) == 0 {
		return false
	}
	n.scratch = c.AppendTo(n.scratch[:0])
	return len(n.scratch) > commandMax
}

// apply does what a slot holds, and answers whoever waits for it.
func (n *node) apply(v *value) {
	var result kv.Result
	if c := v.command; c.Op != 0 {
		if n.bug == bugNoSessionDedupe {
			c.Session = 0
		}
		before := n.machine.Digest()
		result = n.machine.Apply(n.commit, c)
		if once := v.command.Once(); once != 0 && n.machine.Digest() != before {
			n.observe(nodes.Executed, uint64(v.ballot), n.commit, once, 0)
		}
	}
	if n.open.Len() > 0 && n.open.Front().slot == n.commit {
		n.env.Reply(n.open.Pop().request, result)
	}
}

// abandon answers all who wait, at the end of a reign. What was proposed may still be decided under
// the next leader; what was not, and a read, has changed nothing.
func (n *node) abandon() {
	for n.open.Len() > 0 {
		n.env.Reply(n.open.Pop().request, kv.Doubt(kv.LeadershipLost))
	}
	for n.waiting.Len() > 0 {
		n.env.Reply(n.waiting.Pop().request, n.notLeader())
	}
	for n.questions.Len() > 0 {
		n.env.Reply(n.questions.Pop().request, n.notLeader())
	}
}

func (n *node) notLeader() kv.Result {
	r := kv.Refuse(kv.NotLeader)
	if n.leader != 0 && n.leader != n.self {
		r.Hint = n.leader.String()
	}
	return r
}
