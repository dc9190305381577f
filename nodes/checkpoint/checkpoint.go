// Package checkpoint is the snapshot of a node's state: how it gets into a file and is found
// there again, and how it is put together from the chunks in which it travels.
package checkpoint

import (
	"fmt"

	"sunder/nodes"
	"sunder/nodes/wal"
	"sunder/nodes/wire"
)

// ChunkMax is how much of a snapshot goes into one record or message, in bytes.
const ChunkMax = 32 << 10

// Snapshot is the state after an entry of the log. It is never changed once it is complete.
type Snapshot struct {
	Index uint64 // of the last entry that it covers
	Term  uint64 // of that entry, where the protocol has one
	Hash  uint64 // chain hash of the log up to there
	Data  []byte
}

// Same says whether two snapshots are of the same entry.
func (s *Snapshot) Same(t *Snapshot) bool {
	return s.Index == t.Index && s.Term == t.Term && s.Hash == t.Hash
}

// Digest is a hash of the state, for oracles to compare.
func (s *Snapshot) Digest() uint64 { return wire.Hash(0xcbf29ce484222325, s.Data) }

// Chunk is the part of the state that begins at offset, at most ChunkMax of it.
func (s *Snapshot) Chunk(offset uint64) []byte {
	offset = min(offset, uint64(len(s.Data)))
	return s.Data[offset:min(offset+ChunkMax, uint64(len(s.Data)))]
}

// Encode is the file that holds s: records in the framing of package wal. The first has the index,
// the term, the hash and the length; then comes the state in pieces.
func Encode(s *Snapshot) []byte {
	b := wire.Put(wal.Begin(nil), s.Index, s.Term, s.Hash, uint64(len(s.Data)))
	wal.End(b, 0, 0)
	for offset := 0; offset < len(s.Data); offset += ChunkMax {
		at := len(b)
		b = append(wal.Begin(b), s.Chunk(uint64(offset))...)
		wal.End(b, at, 0)
	}
	return b
}

// Decode reads such a file. It got its name when it was whole, so anything else is damage.
func Decode(file []byte) (*Snapshot, error) {
	records, good, err := wal.Records(file)
	if err != nil || good < len(file) || len(records) == 0 {
		return nil, fmt.Errorf("decode snapshot: %d of %d bytes are whole: %w",
			good, len(file), wal.ErrDamaged)
	}
	r := wire.Read(records[0])
	s := &Snapshot{Index: r.Number(), Term: r.Number(), Hash: r.Number()}
	size := r.Number()
	for _, piece := range records[1:] {
		s.Data = append(s.Data, piece...)
	}
	if !r.Done() || size != uint64(len(s.Data)) {
		return nil, fmt.Errorf("decode snapshot: %d bytes of state: %w", len(s.Data),
			wire.ErrMalformed)
	}
	return s, nil
}

// Store keeps the newest snapshot in a file. It is written into a temporary one, which takes the
// name when it is durable; when the name is durable too, the snapshot may be relied on.
type Store struct {
	file, temp nodes.File
	token      nodes.Token
	unsynced   bool
	saving     *Snapshot
	renamed    bool
}

// NewStore is a store in that file, whose Syncs have that token.
func NewStore(file, temp nodes.File, token nodes.Token) Store {
	return Store{file: file, temp: temp, token: token}
}

// RenameUnsynced makes the store give a snapshot its name before its bytes are durable: the
// planted bug snapshot-unsynced.
func (s *Store) RenameUnsynced() { s.unsynced = true }

// Saving is the snapshot that is being written, or nil.
func (s *Store) Saving() *Snapshot { return s.saving }

// Save begins to write a snapshot; none may be under way.
func (s *Store) Save(env nodes.Env, snap *Snapshot) {
	s.saving, s.renamed = snap, false
	env.Append(s.temp, Encode(snap))
	if s.unsynced {
		s.Synced(env)
		return
	}
	env.Sync(s.temp, s.token)
}

// Synced takes the next step after a Sync that succeeded. It returns the snapshot when that may be
// relied on.
func (s *Store) Synced(env nodes.Env) *Snapshot {
	switch {
	case s.saving == nil:
		return nil
	case !s.renamed:
		s.renamed = true
		env.Rename(s.temp, s.file)
		env.Sync(nodes.Dir, s.token)
		return nil
	}
	done := s.saving
	s.saving = nil
	return done
}

// Assembly puts a snapshot together from its chunks, in order. What is out of order is left for
// the sender to repeat.
type Assembly struct{ snap *Snapshot }

// Have is how many bytes there are of the snapshot of that index.
func (a *Assembly) Have(index uint64) uint64 {
	if a.snap == nil || a.snap.Index != index {
		return 0
	}
	return uint64(len(a.snap.Data))
}

// Index is that of the snapshot which is being put together, or 0.
func (a *Assembly) Index() uint64 {
	if a.snap == nil {
		return 0
	}
	return a.snap.Index
}

// Take adds a chunk of the snapshot that of names, which has total bytes. It returns the snapshot
// when it is complete, and begins anew.
func (a *Assembly) Take(of Snapshot, offset, total uint64, data []byte) *Snapshot {
	if a.snap == nil || !a.snap.Same(&of) {
		a.snap = &Snapshot{Index: of.Index, Term: of.Term, Hash: of.Hash}
	}
	s := a.snap
	if offset == uint64(len(s.Data)) && offset < total {
		s.Data = append(s.Data, data...)
	}
	if uint64(len(s.Data)) < total {
		return nil
	}
	a.snap = nil
	return s
}
