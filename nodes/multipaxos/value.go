package multipaxos

import (
	"encoding/binary"

	"sunder/nodes/ballot"
	"sunder/nodes/kv"
	"sunder/nodes/wire"
)

// value is what a slot is decided to hold: a command, the mains of a new configuration, or nothing
// (a no-op). It is never changed once it was sent or written, so that messages can share it.
type value struct {
	ballot  ballot.Ballot // in which it was first proposed: it tells equal commands apart
	command kv.Command
	mains   ballot.Voters // not empty: those of the configuration that it brings
	size    uint32        // of the body's encoding, in bytes; 0: a no-op
	hash    uint64        // of all of it
}

// appendBody appends what v holds. A command's first byte is its operation, which is not 0.
func (v *value) appendBody(b []byte) []byte {
	switch {
	case v.mains != 0:
		return wire.Put(append(b, 0), uint64(v.mains))
	case v.command.Op != 0:
		return v.command.AppendTo(b)
	}
	return b
}

// seal notes what follows from v's body, once it is encoded.
func (v *value) seal(body []byte) {
	v.size = uint32(len(body))
	v.hash = wire.Hash(wire.Mix(0, uint64(v.ballot)), body)
}

// readValue reads a value of which the body is all that is left of r.
func readValue(first ballot.Ballot, body []byte, r *wire.Reader) *value {
	v := &value{ballot: first}
	v.seal(body)
	switch {
	case len(body) == 0:
	case body[0] == 0:
		mains, n := binary.Uvarint(body[1:])
		if n <= 0 || n != len(body)-1 || mains == 0 {
			r.Fail()
		}
		v.mains = ballot.Voters(mains)
	default:
		var err error
		if v.command, err = kv.DecodeCommand(body); err != nil || len(body) > commandMax {
			r.Fail()
		}
	}
	return v
}

// slot is one place of the log, as far as this node knows it.
type slot struct {
	accepted ballot.Ballot // in which the node accepted value; 0: it was told, or has none
	votes    ballot.Voters // leader: who has accepted value in its ballot
	value    *value
}

// log is the slots after base. Slots are accepted in any order, so some of them may be empty, but
// never the last.
type log struct {
	base  uint64
	slots []slot
}

// last is the highest slot that holds something.
func (l *log) last() uint64 { return l.base + uint64(len(l.slots)) }

// has says whether the slot holds something.
func (l *log) has(at uint64) bool {
	return at > l.base && at <= l.last() && l.slots[at-l.base-1].value != nil
}

// at is a slot after base, up to last.
func (l *log) at(at uint64) *slot { return &l.slots[at-l.base-1] }

// grow makes room up to a slot, and is that slot.
func (l *log) grow(at uint64) *slot {
	for l.last() < at {
		l.slots = append(l.slots, slot{})
	}
	return l.at(at)
}

// drop forgets the slots up to one, and their memory.
func (l *log) drop(upto uint64) {
	if upto >= l.last() {
		*l = log{base: upto}
		return
	}
	l.slots = append([]slot(nil), l.slots[upto-l.base:]...)
	l.base = upto
}

// values are those of a run of slots from one on: as many as a message may carry, none after upto,
// and none after one that is empty or that does not please.
func (l *log) values(from, upto uint64, pleases func(*slot) bool) []*value {
	if from <= l.base {
		return nil
	}
	upto = min(upto, l.last(), from+batchValues-1)
	bytes, end := 0, from
	for ; end <= upto; end++ {
		s := l.at(end)
		if s.value == nil || !pleases(s) {
			break
		}
		if bytes += int(s.value.size); end > from && bytes > batchBytes {
			break
		}
	}
	if end == from {
		return nil
	}
	list := make([]*value, 0, end-from)
	for ; from < end; from++ {
		list = append(list, l.at(from).value)
	}
	return list
}
