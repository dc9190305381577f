package etcdraft

import (
	"go.etcd.io/raft/v3"
	pb "go.etcd.io/raft/v3/raftpb"

	"sunder/nodes"
)

// notice tells what became of the node since the last time. The library announces no transitions
// as they happen, so its status is compared after each call; no call makes two that matter.
func (n *node) notice() {
	b := n.rn.BasicStatus()
	was := n.seen
	if b.RaftState == was.RaftState && b.Lead == was.Lead && b.GetTerm() == was.GetTerm() {
		return
	}
	n.seen = b
	anew := b.RaftState != was.RaftState || b.GetTerm() != was.GetTerm()
	if was.RaftState == raft.StateLeader && anew {
		n.abandon()
	}
	switch b.RaftState {
	case raft.StateLeader:
		if anew {
			n.observe(nodes.BecameLeader, b.GetTerm(), mark{}, 0)
		}
	case raft.StateCandidate:
		if anew {
			n.observe(nodes.BecameCandidate, b.GetTerm(), mark{}, 0)
		}
	case raft.StateFollower:
		n.observe(nodes.BecameFollower, b.GetTerm(), mark{}, nodes.ID(b.Lead))
	}
}

// observeVote tells the vote that a hard state holds, when it is durable or is said to others.
func (n *node) observeVote(h *pb.HardState) {
	v := mark{term: h.GetTerm(), index: h.GetVote()}
	if v.index != 0 && v != n.voted {
		n.voted = v
		n.observe(nodes.Voted, v.term, mark{}, nodes.ID(v.index))
	}
}

func (n *node) observe(f nodes.Fact, term uint64, m mark, peer nodes.ID) {
	n.env.Observe(nodes.Observation{Fact: f, Term: term, Index: m.index, Hash: m.hash, Peer: peer})
}

// observeState tells the hash of the machine after an entry.
func (n *node) observeState(m mark, state []byte) {
	h := mark{}.extend(0, state).hash
	n.observe(nodes.Applied, m.term, mark{index: m.index, hash: h}, 0)
}
