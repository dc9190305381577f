package etcdraft

import (
	"encoding/binary"
	"fmt"

	"go.etcd.io/raft/v3"

	"sunder/nodes"
	"sunder/nodes/kv"
)

// proposal is a command that waits in the log for its turn. The library does not tell the index
// of what it takes in, so an entry says whose it is: the node and an identity before the command.
type proposal struct {
	id      uint64
	request nodes.RequestID
}

// question is a read that waits for its index, and then for the state to reach it.
type question struct {
	id      uint64
	request nodes.RequestID
	command kv.Command
	since   int // in ticks
	index   uint64
	known   bool
}

// identity makes an identity of this node one of the cluster.
func (n *node) identity(id uint64) [2]uint64 { return [2]uint64{uint64(n.self), id} }

// Invoke implements nodes.Node. No write is forwarded: who does not lead drops it, and that is
// definite, because nothing was appended. A follower answers a read with the leader's help.
func (n *node) Invoke(env nodes.Env, r nodes.RequestID, c kv.Command) {
	if !n.enter(env) {
		return
	}
	logged := n.reads == "log" && n.rn.BasicStatus().RaftState == raft.StateLeader
	switch {
	case c.Check() != nil:
		env.Reply(r, kv.Refuse(kv.BadCommand))
	case c.ReadOnly() && !logged:
		n.ask(r, c)
	default:
		n.propose(r, c)
	}
	n.settle()
}

func (n *node) propose(r nodes.RequestID, c kv.Command) {
	n.next++
	data := binary.AppendUvarint(nil, uint64(n.self))
	data = c.AppendTo(binary.AppendUvarint(data, n.next))
	leads := n.rn.BasicStatus().RaftState == raft.StateLeader
	err := n.rn.Propose(data)
	switch {
	case err == nil:
		n.proposals = append(n.proposals, proposal{n.next, r})
	case n.bug == bugDroppedAcked:
		n.env.Reply(r, kv.Result{Status: kv.OK})
	case leads: // MaxUncommittedEntriesSize: nothing was appended
		n.env.Reply(r, kv.Refuse(kv.Overloaded))
	default:
		n.env.Reply(r, n.notLeader())
	}
}

func readProposal(data []byte) (who [2]uint64, c kv.Command, err error) {
	for i := range who {
		v, size := binary.Uvarint(data)
		if size <= 0 {
			return who, c, fmt.Errorf("read proposal: %w", errEncoding)
		}
		who[i], data = v, data[size:]
	}
	c, err = kv.DecodeCommand(data)
	return who, c, err
}

// ask asks the library for a read index. It drops the question in silence where it knows no
// leader, so that is looked at first.
func (n *node) ask(r nodes.RequestID, c kv.Command) {
	switch {
	case n.rn.BasicStatus().Lead == raft.None:
		n.env.Reply(r, n.notLeader())
		return
	case len(n.questions) >= readsMax:
		n.env.Reply(r, kv.Refuse(kv.Overloaded))
		return
	}
	n.next++
	n.questions = append(n.questions, question{id: n.next, request: r, command: c, since: n.ticks})
	n.rn.ReadIndex(binary.LittleEndian.AppendUint64(nil, n.next))
}

// answered notes read indexes.
func (n *node) answered(states []raft.ReadState) {
	for _, s := range states {
		if len(s.RequestCtx) != 8 {
			continue
		}
		id := binary.LittleEndian.Uint64(s.RequestCtx)
		for i := range n.questions {
			if n.questions[i].id == id {
				n.questions[i].index, n.questions[i].known = s.Index, true
			}
		}
	}
}

// answerReads answers what is known and applied.
func (n *node) answerReads() {
	n.sift(func(q question) bool {
		if n.stopped || !q.known || q.index > n.applied {
			return true
		}
		n.env.Reply(q.request, n.machine.Query(q.command))
		return false
	})
}

// expire refuses reads that have waited too long, and tells the library of snapshots that did
// not arrive: it would wait for them forever.
func (n *node) expire() {
	n.sift(func(q question) bool {
		if n.ticks-q.since < patience {
			return true
		}
		n.env.Reply(q.request, n.notLeader())
		return false
	})
	for _, id := range n.members {
		if at, sent := n.sent[id]; sent && n.ticks-at >= patience {
			delete(n.sent, id)
			n.rn.ReportSnapshot(uint64(id), raft.SnapshotFailure)
		}
	}
}

// sift keeps the questions for which keep says so, in order.
func (n *node) sift(keep func(question) bool) {
	left := n.questions[:0]
	for _, q := range n.questions {
		if keep(q) {
			left = append(left, q)
		}
	}
	n.questions = left
}

func (n *node) notLeader() kv.Result {
	r := kv.Refuse(kv.NotLeader)
	if lead := n.rn.BasicStatus().Lead; lead != raft.None && lead != uint64(n.self) {
		r.Hint = nodes.ID(lead).String()
	}
	return r
}
