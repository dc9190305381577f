package kv

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// Limits of a command, checked where it enters the system.
const (
	KeyMax = 1 << 10 // bytes of a key
	TxnMax = 128     // commands in a transaction
)

// ErrEncoding is returned when bytes are not what they should encode.
var ErrEncoding = errors.New("malformed encoding")

// Check says what is wrong with a command that came from outside.
func (c Command) Check() error {
	switch {
	case c.Op == 0 || int(c.Op) >= len(opNames):
		return fmt.Errorf("check command: no operation %s", c.Op)
	case len(c.Key) > KeyMax:
		return fmt.Errorf("check command: key of %d bytes, at most %d", len(c.Key), KeyMax)
	case len(c.Txn) > TxnMax:
		return fmt.Errorf("check command: transaction of %d, at most %d", len(c.Txn), TxnMax)
	case c.Op != Txn && len(c.Txn) > 0:
		return fmt.Errorf("check command: %s with commands inside", c.Op)
	case c.Session != 0 && c.Seq == 0: // it would be taken for a repetition of the session's opening
		return fmt.Errorf("check command: %s of session %d without a seq", c.Op, c.Session)
	}
	for _, sub := range c.Txn {
		if sub.Op == Txn || sub.Op == OpenSession || sub.Session != 0 {
			return fmt.Errorf("check command: %s or a session inside a transaction", sub.Op)
		}
		if err := sub.Check(); err != nil {
			return err
		}
	}
	return nil
}

// AppendTo appends c's encoding to b: equal commands have equal encodings.
func (c Command) AppendTo(b []byte) []byte {
	b = append(b, byte(c.Op))
	b = appendString(b, c.Key)
	b = binary.AppendVarint(b, c.Arg)
	b = binary.AppendVarint(b, c.Old)
	b = binary.AppendUvarint(b, c.Session)
	b = binary.AppendUvarint(b, c.Seq)
	b = binary.AppendUvarint(b, uint64(len(c.Txn)))
	for _, sub := range c.Txn {
		b = sub.AppendTo(b)
	}
	return b
}

// DecodeCommand reads a command that fills p entirely and passes Check.
func DecodeCommand(p []byte) (Command, error) {
	d := decoder{p: p}
	c := d.command(0)
	if d.bad || len(d.p) > 0 {
		return Command{}, fmt.Errorf("decode command of %d bytes: %w", len(p), ErrEncoding)
	}
	return c, c.Check()
}

// Snapshot is the machine's whole state; equal machines give equal bytes.
func (m *Machine) Snapshot() []byte {
	b := binary.LittleEndian.AppendUint64(nil, m.digest)
	keys := make([]string, 0, len(m.objects))
	for k := range m.objects { // sorted below
		keys = append(keys, k)
	}
	slices.Sort(keys)
	b = binary.AppendUvarint(b, uint64(len(keys)))
	for _, k := range keys {
		o := m.objects[k]
		b = appendString(b, k)
		b = binary.AppendVarint(b, o.register)
		b = append(b, boolByte(o.written))
		for _, n := range [...]int64{o.counter, o.owner, o.token} {
			b = binary.AppendVarint(b, n)
		}
		for _, s := range [...][]int64{o.list, o.set, o.queue} {
			b = appendInts(b, s)
		}
	}
	ids := make([]uint64, 0, len(m.sessions))
	for id := range m.sessions { // sorted below
		ids = append(ids, id)
	}
	slices.Sort(ids)
	b = binary.AppendUvarint(b, uint64(len(ids)))
	for _, id := range ids {
		s := m.sessions[id]
		b = binary.AppendUvarint(b, id)
		b = binary.AppendUvarint(b, s.seq)
		b = binary.AppendUvarint(b, s.used)
		b = appendResult(b, s.result)
	}
	return b
}

// Restore makes the machine what it was when p was taken as its snapshot. After an error it is
// unchanged.
func (m *Machine) Restore(p []byte) error {
	if len(p) < 8 {
		return fmt.Errorf("restore snapshot of %d bytes: %w", len(p), ErrEncoding)
	}
	d := decoder{p: p[8:]}
	n := Machine{digest: binary.LittleEndian.Uint64(p)}
	count := d.count(1)
	n.objects = make(map[string]object, count)
	for range count {
		k := d.string()
		o := object{register: d.varint(), written: d.byte() != 0, counter: d.varint(),
			owner: d.varint(), token: d.varint(), list: d.ints(), set: d.ints(), queue: d.ints()}
		n.objects[k] = o
	}
	count = d.count(3)
	n.sessions = make(map[uint64]session, count)
	for range count {
		id := d.uvarint()
		n.sessions[id] = session{seq: d.uvarint(), used: d.uvarint(), result: d.result(0)}
	}
	if d.bad || len(d.p) > 0 {
		return fmt.Errorf("restore snapshot of %d bytes: %w", len(p), ErrEncoding)
	}
	*m = n
	return nil
}

func boolByte(v bool) byte {
	if v {
		return 1
	}
	return 0
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func appendInts(b []byte, s []int64) []byte {
	b = binary.AppendUvarint(b, uint64(len(s)))
	for _, n := range s {
		b = binary.AppendVarint(b, n)
	}
	return b
}

func appendResult(b []byte, r Result) []byte {
	b = append(b, byte(r.Status))
	b = appendString(b, r.Code)
	b = append(b, boolByte(r.Found))
	b = binary.AppendVarint(b, r.Value)
	b = appendInts(b, r.Values)
	b = binary.AppendUvarint(b, uint64(len(r.Txn)))
	for _, sub := range r.Txn {
		b = appendResult(b, sub)
	}
	return b
}

// decoder reads what the append functions wrote. The first misfit makes it bad, and every later
// read zero.
type decoder struct {
	p   []byte
	bad bool
}

func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.p)
	if n <= 0 {
		d.bad, d.p = true, nil
		return 0
	}
	d.p = d.p[n:]
	return v
}

func (d *decoder) varint() int64 {
	v, n := binary.Varint(d.p)
	if n <= 0 {
		d.bad, d.p = true, nil
		return 0
	}
	d.p = d.p[n:]
	return v
}

func (d *decoder) byte() byte {
	if len(d.p) == 0 {
		d.bad = true
		return 0
	}
	v := d.p[0]
	d.p = d.p[1:]
	return v
}

// count reads a number of things that take at least least bytes each, so that a short input
// cannot ask for a large allocation.
func (d *decoder) count(least int) int {
	n := d.uvarint()
	if n > uint64(len(d.p)/least) {
		d.bad, d.p = true, nil
		return 0
	}
	return int(n)
}

func (d *decoder) string() string {
	n := d.count(1)
	s := string(d.p[:n])
	d.p = d.p[n:]
	return s
}

func (d *decoder) ints() []int64 {
	n := d.count(1)
	if n == 0 {
		return nil
	}
	s := make([]int64, n)
	for i := range s {
		s[i] = d.varint()
	}
	return s
}

// nestMax is how deep a command or result may nest: a transaction's parts have no parts.
const nestMax = 1

func (d *decoder) command(depth int) Command {
	c := Command{Op: Op(d.byte()), Key: d.string(), Arg: d.varint(), Old: d.varint(),
		Session: d.uvarint(), Seq: d.uvarint()}
	n := d.count(7)
	if n > 0 && depth >= nestMax {
		d.bad = true
		return c
	}
	for range n {
		c.Txn = append(c.Txn, d.command(depth+1))
	}
	return c
}

func (d *decoder) result(depth int) Result {
	r := Result{Status: Status(d.byte()), Code: d.string(), Found: d.byte() != 0,
		Value: d.varint(), Values: d.ints()}
	n := d.count(6)
	if n > 0 && depth >= nestMax {
		d.bad = true
		return r
	}
	for range n {
		r.Txn = append(r.Txn, d.result(depth+1))
	}
	return r
}
