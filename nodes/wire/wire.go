// Package wire is how protocols write their messages and records: unsigned numbers as varints,
// flags as a number, and all of a message mixed into its identity.
package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// ErrMalformed is returned when bytes are not what they should encode.
var ErrMalformed = errors.New("malformed encoding")

// Put appends numbers.
func Put(b []byte, fields ...uint64) []byte {
	for _, f := range fields {
		b = binary.AppendUvarint(b, f)
	}
	return b
}

// Flag is a bool as a number.
func Flag(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

// Reader reads what Put wrote. The first misfit makes it bad, and every later read zero.
type Reader struct {
	rest []byte
	bad  bool
}

// Read is a Reader of p, which it aliases.
func Read(p []byte) Reader { return Reader{rest: p} }

// Number reads one number.
func (r *Reader) Number() uint64 {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 {
		r.Fail()
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

// Flag reads a bool.
func (r *Reader) Flag() bool {
	v := r.Number()
	if v > 1 {
		r.Fail()
	}
	return v == 1
}

// Bytes reads the n bytes that follow.
func (r *Reader) Bytes(n uint64) []byte {
	if n > uint64(len(r.rest)) {
		r.Fail()
		return nil
	}
	p := r.rest[:n:n]
	r.rest = r.rest[n:]
	return p
}

// Count reads a number of things that take at least least bytes each, so that a short message
// cannot ask for a large allocation.
func (r *Reader) Count(least uint64) uint64 {
	n := r.Number()
	if n > uint64(len(r.rest))/least {
		r.Fail()
		return 0
	}
	return n
}

// Left is how many bytes were not read.
func (r *Reader) Left() int { return len(r.rest) }

// Fail says that what was read makes no sense.
func (r *Reader) Fail() { r.bad, r.rest = true, nil }

// Good says that all read so far was well formed.
func (r *Reader) Good() bool { return !r.bad }

// Done says that all was well formed, and nothing is left.
func (r *Reader) Done() bool { return !r.bad && len(r.rest) == 0 }

// Decode reads a whole message with read, which answers the zero M for a kind that it does not
// know.
func Decode[M comparable](kind uint8, p []byte, read func(uint8, *Reader) M) (M, error) {
	r := Read(p)
	var none M
	m := read(kind, &r)
	if m == none || !r.Done() {
		return none, fmt.Errorf("decode message of kind %d and %d bytes: %w", kind, len(p),
			ErrMalformed)
	}
	return m, nil
}

// Mix is the finisher of MurmurHash3 over h and v: two words that differ in a bit give unrelated
// results. The first h should be 0 or a result: small numbers h and v would meet each other.
func Mix(h, v uint64) uint64 {
	h ^= v + 0x9e3779b97f4a7c15
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

// Ident mixes what names a message.
func Ident(kind uint8, a, b, c uint64) uint64 {
	return Mix(Mix(Mix(Mix(0, uint64(kind)), a), b), c)
}

// Hash continues h over bytes, as FNV-1a does.
func Hash(h uint64, p []byte) uint64 {
	const prime = 0x100000001b3
	for _, c := range p {
		h = (h ^ uint64(c)) * prime
	}
	return h
}
