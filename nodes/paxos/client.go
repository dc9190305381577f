package paxos

import (
	"sunder/nodes"
	"sunder/nodes/kv"
)

// proposal is a client's command on its way to a decree.
type proposal struct {
	request nodes.RequestID
	value   *value
}

// Invoke implements nodes.Node. A command waits until those before it have their decrees. What is
// once proposed is never given up: its decree may be decided for it long after.
func (n *node) Invoke(env nodes.Env, r nodes.RequestID, c kv.Command) {
	n.env = env
	if n.stopped {
		return
	}
	if c.Check() != nil {
		n.env.Reply(r, kv.Refuse(kv.BadCommand))
		return
	}
	if n.bug == bugStaleRead && c.ReadOnly() {
		n.env.Reply(r, n.machine.Query(c))
		return
	}
	v := newValue(n.self, c)
	switch {
	case v.size > commandMax:
		n.env.Reply(r, kv.Refuse(kv.BadCommand))
	case n.pending.Len() >= pendingMax:
		n.env.Reply(r, kv.Refuse(kv.Overloaded))
	default:
		n.pending.Push(proposal{r, v})
		n.settle()
	}
}

// execute does a decided command, and answers its client if that is this node's. Another value
// than the one that this node proposed there says nothing about that: it goes to the next decree.
func (n *node) execute(number uint64, v *value) {
	c := v.command
	if n.bug == bugNoSessionDedupe {
		c.Session = 0
	}
	before := n.machine.Digest()
	result := n.machine.Apply(number, c)
	if once := v.command.Once(); once != 0 && n.machine.Digest() != before {
		n.observe(nodes.Executed, 0, number, once)
	}
	if n.pending.Len() == 0 {
		return
	}
	mine := n.pending.Front().value.is(v) ||
		n.bug == bugAnyDecisionIsMine && n.proposer.decree == number
	if mine {
		n.env.Reply(n.pending.Front().request, result)
		n.pending.Pop()
		n.proposer.failures = 0
	}
}
