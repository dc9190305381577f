package etcdraft

import (
	"encoding/binary"
	"errors"
	"fmt"

	"go.etcd.io/raft/v3"
	pb "go.etcd.io/raft/v3/raftpb"
	"google.golang.org/protobuf/proto"

	"sunder/nodes"
	"sunder/nodes/wal"
)

// snapshotPiece is how much of a snapshot goes into one record of its file, in bytes.
const snapshotPiece = 256 << 10

// A snapshot is the library's: its metadata, and as its data the hash of the log up to there
// (8 bytes, little endian) and the machine's own snapshot.

func newSnapshot(at mark, conf *pb.ConfState, state []byte) *pb.Snapshot {
	data := binary.LittleEndian.AppendUint64(nil, at.hash)
	return &pb.Snapshot{Data: append(data, state...),
		Metadata: &pb.SnapshotMetadata{ConfState: conf, Index: &at.index, Term: &at.term}}
}

func markOf(s *pb.Snapshot) mark {
	m := mark{index: s.GetMetadata().GetIndex(), term: s.GetMetadata().GetTerm()}
	if len(s.GetData()) >= 8 {
		m.hash = binary.LittleEndian.Uint64(s.GetData())
	}
	return m
}

func stateOf(s *pb.Snapshot) []byte { return s.GetData()[min(8, len(s.GetData())):] }

// takeSnapshot begins to write the state as it is. Snapshots are taken at the same entries by
// every node, so that oracles can compare them; one that would begin while another is being
// written is left out.
func (n *node) takeSnapshot(at mark) {
	state := n.machine.Snapshot()
	n.observeState(at, state)
	if n.taking {
		return
	}
	n.taking = true
	_, conf, err := n.storage.InitialState()
	must(err)
	n.write(write{snapshot: newSnapshot(at, conf, state), own: true,
		done: func() { n.taking = false }})
}

// adopt gives a snapshot that is durable to the library's storage, so that the log can be
// rewritten to begin with it.
func (n *node) adopt(w *write) {
	at := markOf(w.snapshot)
	if !w.own {
		must(n.storage.ApplySnapshot(w.snapshot))
		n.disk.base = at
		n.keep(w)
		return
	}
	_, err := n.storage.CreateSnapshot(at.index, nil, w.snapshot.GetData())
	if errors.Is(err, raft.ErrSnapOutOfDate) {
		return // one of the leader's came before
	}
	must(err)
	// A quarter of what lies between two snapshots stays: a follower that is only a little behind
	// should not need the whole state.
	from, known := n.chain.at(at.index - min(at.index, n.every/4))
	if known && from.index > n.disk.base.index {
		must(n.storage.Compact(from.index))
		n.chain.drop(from.index)
		n.disk.base = from
	}
}

// install makes a snapshot of the leader's the state.
func (n *node) install(s *pb.Snapshot) {
	if err := n.machine.Restore(stateOf(s)); err != nil {
		n.stop(fmt.Sprintf("install snapshot: %v", err))
		return
	}
	at := markOf(s)
	n.applied = at.index
	n.observe(nodes.Committed, at.term, at, 0)
	n.observeState(at, stateOf(s))
}

// The snapshot file is the encoded snapshot in pieces, each a record of package wal.

func encodeSnapshot(s *pb.Snapshot) []byte {
	data, err := proto.MarshalOptions{Deterministic: true}.Marshal(s)
	if err != nil {
		panic(fmt.Sprintf("etcdraft: a snapshot always marshals: %v", err))
	}
	var b []byte
	for len(data) > 0 {
		piece := data[:min(len(data), snapshotPiece)]
		data = data[len(piece):]
		at := len(b)
		b = append(wal.Begin(b), piece...)
		wal.End(b, at, 0)
	}
	return b
}

// decodeSnapshot reads a snapshot file. It got its name when it was whole, so anything else is
// damage.
func decodeSnapshot(file []byte) (*pb.Snapshot, error) {
	records, good, err := wal.Records(file)
	if err != nil || good < len(file) {
		return nil, fmt.Errorf("%d of %d bytes are whole: %w", good, len(file), wal.ErrDamaged)
	}
	var data []byte
	for _, piece := range records {
		data = append(data, piece...)
	}
	s := new(pb.Snapshot)
	if err := proto.Unmarshal(data, s); err != nil || raft.IsEmptySnap(s) {
		return nil, fmt.Errorf("%d bytes of snapshot: %w", len(data), errEncoding)
	}
	return s, nil
}
