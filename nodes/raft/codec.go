package raft

import (
	"encoding/binary"
	"errors"
	"fmt"

	"sunder/nodes"
	"sunder/nodes/kv"
)

// errEncoding is returned when bytes are not what they should encode.
var errEncoding = errors.New("malformed encoding")

// A message is its fields in order: unsigned numbers as varints, flags as a number, bytes with
// their length before them.

func (m *vote) AppendTo(b []byte) []byte { return put(b, m.term, m.last, m.lastTerm) }

func (m *voteReply) AppendTo(b []byte) []byte { return put(b, m.term, flag(m.granted)) }

func (m *appendEntries) AppendTo(b []byte) []byte {
	b = put(b, m.term, m.prev, m.prevTerm, m.commit, m.round, uint64(len(m.entries)))
	for i := range m.entries {
		e := &m.entries[i]
		b = put(b, e.term, uint64(e.size))
		if !e.noop() {
			b = e.command.AppendTo(b)
		}
	}
	return b
}

func (m *appendReply) AppendTo(b []byte) []byte {
	return put(b, flag(m.ok), m.term, m.prev, m.index, m.round)
}

func (m *installSnapshot) AppendTo(b []byte) []byte {
	b = put(b, m.term, m.mark.index, m.mark.term, m.mark.hash, m.offset, m.total, m.round,
		uint64(len(m.data)))
	return append(b, m.data...)
}

func (m *snapshotReply) AppendTo(b []byte) []byte {
	return put(b, m.term, m.index, m.offset, m.round)
}

func (m *readIndex) AppendTo(b []byte) []byte { return put(b, m.term, m.id) }

func (m *readIndexReply) AppendTo(b []byte) []byte {
	return put(b, flag(m.ok), m.term, m.id, m.index)
}

// decode reads a message of a kind that AppendTo wrote.
func decode(kind uint8, p []byte) (nodes.Message, error) {
	d := decoder{p: p}
	m := d.message(kind)
	if m == nil {
		return nil, fmt.Errorf("decode message: kind %d: %w", kind, errEncoding)
	}
	if d.bad || len(d.p) > 0 {
		return nil, fmt.Errorf("decode message of kind %d and %d bytes: %w",
			kind, len(p), errEncoding)
	}
	return m, nil
}

func put(b []byte, fields ...uint64) []byte {
	for _, f := range fields {
		b = binary.AppendUvarint(b, f)
	}
	return b
}

// decoder reads what put wrote. The first misfit makes it bad, and every later read zero.
type decoder struct {
	p   []byte
	bad bool
}

func (d *decoder) message(kind uint8) nodes.Message {
	switch kind {
	case kindPreVote, kindVote:
		return &vote{pre: kind == kindPreVote, term: d.number(), last: d.number(),
			lastTerm: d.number()}
	case kindPreVoteReply, kindVoteReply:
		return &voteReply{pre: kind == kindPreVoteReply, term: d.number(), granted: d.flag()}
	case kindAppend:
		m := &appendEntries{term: d.number(), prev: d.number(), prevTerm: d.number(),
			commit: d.number(), round: d.number()}
		m.entries = d.entries()
		return m
	case kindAppendReply:
		return &appendReply{ok: d.flag(), term: d.number(), prev: d.number(),
			index: d.number(), round: d.number()}
	case kindSnapshot:
		return &installSnapshot{term: d.number(), mark: d.mark(), offset: d.number(),
			total: d.number(), round: d.number(), data: d.bytes(d.number())}
	case kindSnapshotReply:
		return &snapshotReply{term: d.number(), index: d.number(), offset: d.number(),
			round: d.number()}
	case kindReadIndex:
		return &readIndex{term: d.number(), id: d.number()}
	case kindReadIndexReply:
		return &readIndexReply{ok: d.flag(), term: d.number(), id: d.number(), index: d.number()}
	}
	return nil
}

func (d *decoder) number() uint64 {
	v, n := binary.Uvarint(d.p)
	if n <= 0 {
		d.fail()
		return 0
	}
	d.p = d.p[n:]
	return v
}

func (d *decoder) flag() bool {
	v := d.number()
	if v > 1 {
		d.fail()
	}
	return v == 1
}

func (d *decoder) mark() mark {
	return mark{index: d.number(), term: d.number(), hash: d.number()}
}

func (d *decoder) bytes(n uint64) []byte {
	if n > uint64(len(d.p)) {
		d.fail()
		return nil
	}
	p := d.p[:n:n]
	d.p = d.p[n:]
	return p
}

// entries reads a number of entries. Each takes at least two bytes, so that a short message
// cannot ask for a large allocation.
func (d *decoder) entries() []entry {
	n := d.number()
	if n > uint64(len(d.p)/2) {
		d.fail()
	}
	if n == 0 || d.bad {
		return nil
	}
	list := make([]entry, n)
	for i := range list {
		term := d.number()
		list[i] = d.entry(term, d.bytes(d.number()))
	}
	return list
}

// entry reads an entry of which the term is known already.
func (d *decoder) entry(term uint64, p []byte) entry {
	e := entry{term: term, size: uint32(len(p))}
	if len(p) == 0 {
		return e
	}
	c, err := kv.DecodeCommand(p)
	if err != nil || len(p) > commandMax {
		d.fail()
	}
	e.command = &c
	return e
}

func (d *decoder) fail() { d.bad, d.p = true, nil }
