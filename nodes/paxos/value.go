package paxos

import (
	"sunder/nodes"
	"sunder/nodes/kv"
	"sunder/nodes/wire"
)

// value is what a decree may be decided to be: a client's command. Equal commands are told apart by
// the node that proposed them and the round in which it did so first: rounds are never used again,
// in any life. Values are never changed once they were proposed.
type value struct {
	origin  nodes.ID
	round   uint64 // 0: it was not proposed yet
	command kv.Command
	size    int    // of the encoded command, in bytes
	hash    uint64 // of all, once it was proposed
}

// newValue is a value that waits to be proposed.
func newValue(origin nodes.ID, c kv.Command) *value {
	var room [64]byte
	encoded := c.AppendTo(room[:0])
	return &value{origin: origin, command: c, size: len(encoded), hash: wire.Hash(0, encoded)}
}

// propose names the value by the round in which it is proposed first.
func (v *value) propose(round uint64) {
	if v.round == 0 {
		v.round = round
		v.hash = wire.Mix(wire.Mix(v.hash, uint64(v.origin)), round) | 1 // 0 means no value
	}
}

// is says whether two values are the same.
func (v *value) is(w *value) bool {
	return v == w || v != nil && w != nil &&
		v.origin == w.origin && v.round == w.round && v.hash == w.hash
}

// appendTo appends v: origin, round, length of the command, command.
func (v *value) appendTo(b []byte) []byte {
	return v.command.AppendTo(wire.Put(b, uint64(v.origin), v.round, uint64(v.size)))
}

// readValue reads what appendTo wrote.
func readValue(r *wire.Reader) *value {
	origin, round := r.Number(), r.Number()
	encoded := r.Bytes(r.Number())
	if !r.Good() {
		return nil
	}
	c, err := kv.DecodeCommand(encoded)
	id := nodes.ID(origin)
	if err != nil || len(encoded) > commandMax || round == 0 || uint64(id) != origin {
		r.Fail()
		return nil
	}
	v := &value{origin: id, command: c, size: len(encoded), hash: wire.Hash(0, encoded)}
	v.propose(round)
	return v
}
