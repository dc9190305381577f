package etcdraft

import (
	"fmt"

	"go.etcd.io/raft/v3"
	pb "go.etcd.io/raft/v3/raftpb"

	"sunder/nodes"
	"sunder/nodes/kv"
)

// take does what a Ready asks for (see the library's doc.go, "Usage").
func (n *node) take(rd raft.Ready) {
	n.answered(rd.ReadStates)
	if n.async {
		n.takeAsync(rd)
		return
	}
	n.extend(rd.Snapshot, rd.Entries)
	early, late := []*pb.Message(nil), rd.Messages
	if n.bug == bugSendBeforeDurable {
		n.observeVote(rd.HardState)
		early, late = late, nil
	}
	n.deliver(early)
	n.out = true
	n.write(write{hard: rd.HardState, entries: rd.Entries, snapshot: rd.Snapshot, must: rd.MustSync,
		done: func() {
			n.deliver(late)
			n.apply(rd.CommittedEntries)
			n.rn.Advance(rd)
			n.out = false
		}})
}

// takeAsync does the same with AsyncStorageWrites: messages to the two storage threads stand
// among those to the other members. The append thread is the disk, in order; its answers are
// delivered when what they stand behind is durable. Applying is done at once.
func (n *node) takeAsync(rd raft.Ready) {
	for _, m := range rd.Messages {
		switch m.GetTo() {
		case raft.LocalAppendThread:
			n.appendThread(m)
		case raft.LocalApplyThread:
			n.apply(m.GetEntries())
			n.deliver(m.GetResponses())
		default:
			n.deliver([]*pb.Message{m})
		}
	}
}

func (n *node) appendThread(m *pb.Message) {
	hard := &pb.HardState{Term: m.Term, Vote: m.Vote, Commit: m.Commit}
	n.extend(m.GetSnapshot(), m.GetEntries())
	late := m.GetResponses()
	if n.bug == bugSendBeforeDurable {
		n.observeVote(hard)
		var own []*pb.Message
		for _, r := range late {
			if r.GetTo() == uint64(n.self) {
				own = append(own, r)
			} else {
				n.send(r)
			}
		}
		late = own
	}
	n.write(write{hard: hard, entries: m.GetEntries(), snapshot: m.GetSnapshot(),
		must: len(m.GetResponses()) > 0, done: func() { n.deliver(late) }})
}

// extend lets the hashes follow the log.
func (n *node) extend(s *pb.Snapshot, entries []*pb.Entry) {
	if !raft.IsEmptySnap(s) {
		n.chain.reset(markOf(s))
	}
	if len(entries) > 0 {
		n.chain.append(entries)
		last := n.chain.last()
		n.observe(nodes.Appended, last.term, last, 0)
	}
}

// deliver sends messages, or hands them back to the library.
func (n *node) deliver(list []*pb.Message) {
	for _, m := range list {
		if m.GetTo() == uint64(n.self) {
			_ = n.rn.Step(m) // of a storage thread: never refused
			n.notice()
		} else {
			n.send(m)
		}
	}
}

func (n *node) send(m *pb.Message) {
	to := nodes.ID(m.GetTo())
	if m.GetType() == pb.MsgSnap {
		n.sent[to] = n.ticks
	}
	n.next++
	for _, part := range pack(m, n.next) {
		n.env.Send(to, part)
	}
}

// apply does what is committed, in order, and answers whoever waits for it.
func (n *node) apply(entries []*pb.Entry) {
	for i, e := range entries {
		if n.stopped {
			return
		}
		at, known := n.chain.at(e.GetIndex())
		if !known {
			panic(fmt.Sprintf("etcdraft: entry %d is applied and not in the log", e.GetIndex()))
		}
		n.observe(nodes.Committed, at.term, at, 0)
		n.applied = e.GetIndex()
		if len(e.GetData()) > 0 {
			n.applyCommand(e)
		}
		if n.every > 0 && n.applied%n.every == 0 {
			n.takeSnapshot(at)
		} else if h := n.machine.Digest(); h != 0 && i == len(entries)-1 {
			n.observe(nodes.Applied, at.term, mark{index: at.index, hash: h}, 0)
		}
	}
}

func (n *node) applyCommand(e *pb.Entry) {
	who, command, err := readProposal(e.GetData())
	if err != nil {
		n.stop(fmt.Sprintf("apply entry %d: %v", e.GetIndex(), err))
		return
	}
	before := n.machine.Digest()
	result := n.machine.Apply(e.GetIndex(), command)
	if once := command.Once(); once != 0 && n.machine.Digest() != before {
		n.observe(nodes.Executed, e.GetTerm(), mark{index: e.GetIndex(), hash: once}, 0)
	}
	if len(n.proposals) > 0 && who == n.identity(n.proposals[0].id) {
		n.env.Reply(n.proposals[0].request, result)
		n.proposals = n.proposals[1:]
	}
}

// abandon answers all who wait, at the end of a reign. A proposal may still be committed by the
// next leader; a read has changed nothing.
func (n *node) abandon() {
	for _, p := range n.proposals {
		n.env.Reply(p.request, kv.Doubt(kv.LeadershipLost))
	}
	n.proposals = nil
	for _, q := range n.questions {
		n.env.Reply(q.request, n.notLeader())
	}
	n.questions = nil
}
