package raft

import (
	"fmt"

	"sunder/nodes"
	"sunder/nodes/wal"
)

// snapshotChunk is how much of a snapshot goes into one record of its file, in bytes.
const snapshotChunk = 32 << 10

// snapshot is the state machine after an entry. It is never changed once it is complete.
type snapshot struct {
	mark    mark
	data    []byte
	renamed bool // the file has its name, though perhaps not durably
}

// snapshotDue says whether a snapshot belongs to the last entry that was applied.
func (n *node) snapshotDue() bool { return n.every > 0 && n.applied%n.every == 0 }

// takeSnapshot begins to write the state as it is (section 7). Snapshots are taken at the same
// entries by every node, so that oracles can compare them; one that would begin while another is
// being written is left out.
func (n *node) takeSnapshot() {
	s := &snapshot{mark: n.log.at(n.applied), data: n.machine.Snapshot()}
	if n.bug == bugSnapshotLabelledCommit {
		s.mark = n.log.at(n.commit)
	}
	n.observeState(s)
	if n.saving == nil || n.bug == bugSnapshotsOverlap {
		n.save(s)
	}
}

func (n *node) observeState(s *snapshot) {
	h := uint64(0xcbf29ce484222325) // FNV-1a
	for _, c := range s.data {
		h = (h ^ uint64(c)) * 0x100000001b3
	}
	n.observe(nodes.Applied, s.mark.term, mark{index: s.mark.index, hash: h}, 0)
}

// save writes s into a temporary file. When that is durable it takes the place of the snapshot
// before; when that is durable too, the log is freed of what s covers.
func (n *node) save(s *snapshot) {
	n.saving = s
	n.env.Append(fileSnapshotTmp, encodeSnapshot(s))
	if n.bug == bugSnapshotUnsynced {
		n.snapshotSynced()
		return
	}
	n.env.Sync(fileSnapshotTmp, tokenSnapshot)
}

// snapshotSynced takes the next step: the file first, then its name.
func (n *node) snapshotSynced() {
	if n.saving == nil {
		return
	}
	if s := n.saving; !s.renamed {
		s.renamed = true
		n.env.Rename(fileSnapshotTmp, fileSnapshot)
		if n.bug != bugSnapshotNameUnsynced {
			n.env.Sync(nodes.Dir, tokenSnapshot)
			return
		}
	}
	s := n.saving
	n.saving = nil
	if s.mark.index > n.commit || n.bug == bugSnapshotInstalledLate {
		n.installed(s)
		return
	}
	n.snapshot = s
	n.forget(s)
}

// forget drops the entries that s covers, except a quarter of what lies between two snapshots:
// a follower that is only a little behind should not need the whole state.
func (n *node) forget(s *snapshot) {
	keep := n.every / 4
	if s.mark.index > n.log.base.index+keep {
		n.log.drop(s.mark.index - keep)
	}
	n.disk.trim = true
}

// The snapshot file is records in the framing of package wal: index, term, chain hash and length,
// then the state in pieces.

func encodeSnapshot(s *snapshot) []byte {
	b := put(wal.Begin(nil), s.mark.index, s.mark.term, s.mark.hash, uint64(len(s.data)))
	wal.End(b, 0, 0)
	for data := s.data; len(data) > 0; {
		piece := data[:min(len(data), snapshotChunk)]
		data = data[len(piece):]
		at := len(b)
		b = append(wal.Begin(b), piece...)
		wal.End(b, at, 0)
	}
	return b
}

// decodeSnapshot reads a snapshot file. It got its name when it was whole, so anything else is
// damage.
func decodeSnapshot(file []byte) (*snapshot, error) {
	records, good, err := wal.Records(file)
	if err != nil || good < len(file) || len(records) == 0 {
		return nil, fmt.Errorf("%d of %d bytes are whole: %w", good, len(file), wal.ErrDamaged)
	}
	d := decoder{p: records[0]}
	s := &snapshot{mark: d.mark()}
	size := d.number()
	for _, piece := range records[1:] {
		s.data = append(s.data, piece...)
	}
	if d.bad || len(d.p) > 0 || size != uint64(len(s.data)) {
		return nil, fmt.Errorf("%d bytes of state: %w", len(s.data), errEncoding)
	}
	return s, nil
}
