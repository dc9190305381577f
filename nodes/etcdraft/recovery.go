package etcdraft

import (
	"encoding/binary"
	"fmt"

	"go.etcd.io/raft/v3"
	pb "go.etcd.io/raft/v3/raftpb"

	"sunder/nodes"
	"sunder/nodes/kv"
	"sunder/nodes/wal"
)

// found is what the log file says.
type found struct {
	base    mark
	voters  []uint64
	hard    *pb.HardState
	entries []*pb.Entry
}

// recover makes the node's storage and state what its files say. It returns what is to be
// written before anything else.
func (n *node) recover(files []nodes.Recovered) (head []byte, err error) {
	var logFile, snapshotFile []byte
	for _, f := range files {
		switch f.Name {
		case fileLog:
			logFile = f.Data
		case fileSnapshot:
			snapshotFile = f.Data
		case fileLogTemp, fileSnapshotTmp:
			n.env.Remove(f.Name)
		}
	}
	records, good, err := wal.Records(logFile)
	if err != nil {
		return nil, fmt.Errorf("recover log: %w", err)
	}
	if good < len(logFile) {
		n.env.Truncate(fileLog, int64(good))
	}
	n.disk.size = uint64(good)
	var f found
	for i, p := range records {
		if err := f.replay(p); err != nil {
			return nil, fmt.Errorf("recover log: record %d of %d: %w", i, len(records), err)
		}
	}
	var snapshot *pb.Snapshot
	if len(snapshotFile) > 0 {
		if snapshot, err = decodeSnapshot(snapshotFile); err != nil {
			return nil, fmt.Errorf("recover snapshot: %w", err)
		}
	}
	fresh := len(f.voters) == 0 // the head is written in one piece: a torn one is none
	if fresh && snapshot != nil {
		return nil, fmt.Errorf("recover snapshot: %w", errMissing)
	}
	if fresh {
		f = n.origin()
		if n.disk.size = 0; len(logFile) > 0 {
			n.env.Truncate(fileLog, 0)
		}
	}
	if err := n.load(f, snapshot); err != nil {
		return nil, fmt.Errorf("recover snapshot: %w", err)
	}
	if fresh {
		head = n.head(f.hard, &pb.ConfState{Voters: f.voters})
	}
	return head, nil
}

// origin is what a new cluster begins with: all members vote, in term 1.
func (n *node) origin() found {
	f := found{base: origin(), hard: &pb.HardState{Term: new(uint64(1)), Commit: new(uint64(1))}}
	for _, id := range n.members {
		f.voters = append(f.voters, uint64(id))
	}
	return f
}

// load fills the library's storage, and the machine.
func (n *node) load(f found, s *pb.Snapshot) error {
	conf := &pb.ConfState{Voters: f.voters}
	n.storage = raft.NewMemoryStorage()
	n.disk.base = f.base
	n.chain.reset(f.base)
	n.chain.append(f.entries)
	empty := newSnapshot(f.base, conf, new(kv.Machine).Snapshot())
	at := f.base
	if s != nil {
		at = markOf(s)
		if err := n.machine.Restore(stateOf(s)); err != nil {
			return err
		}
	}
	if n.bug == bugConfStateNotRestored && n.disk.size > 0 {
		conf = &pb.ConfState{}
		empty.Metadata.ConfState = conf
	}
	switch m, known := n.chain.at(at.index); {
	case s == nil && f.base != origin(), s != nil && at.index < f.base.index:
		return fmt.Errorf("the log begins after entry %d, the snapshot ends at %d",
			f.base.index, at.index)
	case known && m.term == at.term:
		must(n.storage.ApplySnapshot(empty))
		must(n.storage.Append(f.entries))
		if s != nil && at.index > f.base.index {
			_, err := n.storage.CreateSnapshot(at.index, conf, s.GetData())
			must(err)
		}
	default: // of the leader's: the crash came before the log was rewritten to begin with it
		s.Metadata.ConfState = conf
		must(n.storage.ApplySnapshot(s))
		n.chain.reset(at)
		n.disk.base = at
	}
	n.applied = at.index
	must(n.storage.SetHardState(n.hardState(f.hard, at)))
	if last := n.chain.last(); last.index > origin().index {
		n.observe(nodes.Appended, last.term, last, 0)
	}
	if s != nil {
		n.observe(nodes.Committed, at.term, at, 0)
	}
	return nil
}

// hardState is the one that was found, or later: who has a snapshot knows it to be committed, and
// was in its term.
func (n *node) hardState(h *pb.HardState, at mark) *pb.HardState {
	term, vote, commit := h.GetTerm(), h.GetVote(), max(h.GetCommit(), at.index)
	if term < at.term {
		term, vote = at.term, 0
	}
	if n.bug == bugHardStateNotRestored && n.disk.size > 0 {
		term, vote, commit = 0, 0, at.index
	}
	return &pb.HardState{Term: &term, Vote: &vote, Commit: &commit}
}

// replay takes in one record.
func (f *found) replay(p []byte) error {
	kind, numbers, ok := p[0], []uint64(nil), true
	rest := p[1:]
	for len(rest) > 0 && (kind != recordEntry || len(numbers) < 2) {
		v, size := binary.Uvarint(rest)
		if size <= 0 {
			return fmt.Errorf("kind %d: %w", kind, errEncoding)
		}
		numbers, rest = append(numbers, v), rest[size:]
	}
	switch {
	case kind == recordBase && len(numbers) == 3:
		ok = len(f.entries) == 0
		f.base = mark{numbers[0], numbers[1], numbers[2]}
	case kind == recordConf && len(numbers) > 0:
		f.voters = numbers
	case kind == recordState && len(numbers) == 3:
		f.hard = &pb.HardState{Term: &numbers[0], Vote: &numbers[1], Commit: &numbers[2]}
	case kind == recordEntry && len(numbers) == 2:
		at := numbers[0] - f.base.index - 1
		if ok = numbers[0] > f.base.index && at <= uint64(len(f.entries)); ok {
			f.entries = append(f.entries[:at],
				&pb.Entry{Index: &numbers[0], Term: &numbers[1], Data: rest})
		}
	default:
		ok = false
	}
	if !ok {
		return fmt.Errorf("kind %d, %d bytes: %w", kind, len(p), errEncoding)
	}
	return nil
}
