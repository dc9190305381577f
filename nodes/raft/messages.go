package raft

import "sunder/nodes"

// The kinds of message, in the order of a node's life. Pre-votes are kinds of their own, because
// a nemesis that waits for the first vote means a real one.
const (
	kindPreVote uint8 = iota + 1
	kindPreVoteReply
	kindVote
	kindVoteReply
	kindAppend
	kindAppendReply
	kindSnapshot
	kindSnapshotReply
	kindReadIndex
	kindReadIndexReply
)

// kinds is what people call them.
var kinds = []string{kindPreVote: "pre-vote", kindPreVoteReply: "pre-vote-reply", kindVote: "vote",
	kindVoteReply: "vote-reply", kindAppend: "append", kindAppendReply: "append-reply",
	kindSnapshot: "snapshot", kindSnapshotReply: "snapshot-reply", kindReadIndex: "read-index",
	kindReadIndexReply: "read-index-reply"}

// vote is RequestVote (extended Raft paper, figure 2), or its trial run (Ongaro's thesis, section
// 9.6): then term is the one that the candidate would campaign in.
type vote struct {
	pre            bool
	term           uint64
	last, lastTerm uint64 // the candidate's last entry
}

// voteReply answers a vote in the voter's term; a granted pre-vote, in the term asked for.
type voteReply struct {
	pre, granted bool
	term         uint64
}

// appendEntries is AppendEntries (figure 2), a heartbeat where it carries no entries.
type appendEntries struct {
	term           uint64
	prev, prevTerm uint64 // the entry that the follower must have
	commit         uint64
	round          uint64 // echoed: what the leader had done when it sent this (see reads.go)
	entries        []entry
}

// appendReply says how far the follower's durable log is the leader's, or that prev did not fit.
type appendReply struct {
	ok    bool
	term  uint64
	prev  uint64 // of the appendEntries that this answers
	index uint64 // ok: the logs match up to here; else: where the leader may try next
	round uint64
}

// installSnapshot is one chunk of a snapshot (figure 13).
type installSnapshot struct {
	term   uint64
	mark   mark // the last entry that the snapshot covers
	offset uint64
	total  uint64 // length of the snapshot in bytes
	round  uint64
	data   []byte
}

// snapshotReply says which byte of the snapshot the follower needs next.
type snapshotReply struct {
	term   uint64
	index  uint64 // of the snapshot
	offset uint64
	round  uint64
}

// readIndex asks the leader up to where a follower must have applied to answer a read (Ongaro's
// thesis, section 6.4); id is the follower's.
type readIndex struct {
	term, id uint64
}

// readIndexReply answers it, or says that the node does not lead.
type readIndexReply struct {
	ok    bool
	term  uint64
	id    uint64 // of the readIndex
	index uint64
}

// slab allocates messages of one kind some at a time: nearly all of what a node allocates is these.
type slab[T any] struct{ left []T }

// one is a zero message that nobody else has.
func (s *slab[T]) one() *T {
	if len(s.left) == 0 {
		s.left = make([]T, 16)
	}
	m := &s.left[0]
	s.left = s.left[1:]
	return m
}

func (m *vote) Kind() uint8 {
	if m.pre {
		return kindPreVote
	}
	return kindVote
}

func (m *voteReply) Kind() uint8 {
	if m.pre {
		return kindPreVoteReply
	}
	return kindVoteReply
}

func (m *appendEntries) Kind() uint8   { return kindAppend }
func (m *appendReply) Kind() uint8     { return kindAppendReply }
func (m *installSnapshot) Kind() uint8 { return kindSnapshot }
func (m *snapshotReply) Kind() uint8   { return kindSnapshotReply }
func (m *readIndex) Kind() uint8       { return kindReadIndex }
func (m *readIndexReply) Kind() uint8  { return kindReadIndexReply }

// The identities leave out rounds: they count all that a leader ever sent, so that one message
// fewer would rename all later ones. Equal messages are told apart by their occurrence.

func (m *vote) Ident() uint64      { return ident(m.Kind(), m.term, m.last, m.lastTerm) }
func (m *voteReply) Ident() uint64 { return ident(m.Kind(), m.term, flag(m.granted), 0) }
func (m *appendEntries) Ident() uint64 {
	return ident(m.Kind(), m.term, m.prev, uint64(len(m.entries)))
}
func (m *appendReply) Ident() uint64 { return ident(m.Kind(), m.term, flag(m.ok), m.index) }
func (m *installSnapshot) Ident() uint64 {
	return ident(m.Kind(), m.term, m.mark.index, m.offset)
}
func (m *snapshotReply) Ident() uint64 { return ident(m.Kind(), m.term, m.index, m.offset) }
func (m *readIndex) Ident() uint64     { return ident(m.Kind(), m.term, 0, 0) }
func (m *readIndexReply) Ident() uint64 {
	return ident(m.Kind(), m.term, flag(m.ok), m.index)
}

// ident mixes what names a message.
func ident(kind uint8, a, b, c uint64) uint64 {
	h := mix(uint64(kind), a)
	return mix(mix(h, b), c)
}

// mix is the finisher of MurmurHash3 over h and v: two words that differ in a bit give unrelated
// results.
func mix(h, v uint64) uint64 {
	h ^= v + 0x9e3779b97f4a7c15
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

func flag(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

// All messages of the protocol.
var (
	_ nodes.Message = (*vote)(nil)
	_ nodes.Message = (*voteReply)(nil)
	_ nodes.Message = (*appendEntries)(nil)
	_ nodes.Message = (*appendReply)(nil)
	_ nodes.Message = (*installSnapshot)(nil)
	_ nodes.Message = (*snapshotReply)(nil)
	_ nodes.Message = (*readIndex)(nil)
	_ nodes.Message = (*readIndexReply)(nil)
)
