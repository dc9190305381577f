package lww

import (
	"cmp"
	"fmt"
	"slices"

	"sunder/nodes"
	"sunder/nodes/journal"
	"sunder/nodes/kv"
	"sunder/nodes/wal"
	"sunder/nodes/wire"
)

const (
	fileLog  nodes.File  = "log"
	tokenLog nodes.Token = 1
)

// update is one change that a node took from a client. It is never changed.
type update struct {
	origin nodes.ID
	seq    uint64 // of the origin's updates, from 1
	wall   int64  // the origin's time of day, in nanoseconds since 1970
	op     kv.Op
	key    string
	arg    int64
}

// object is what a key holds.
type object struct {
	value   int64
	written update // the last write; its seq is 0 before there is any
	set     []int64
}

// later says whether u wins over v. Two updates of one origin at one time go by their order.
func (u *update) later(v *update) bool {
	return cmp.Or(cmp.Compare(u.wall, v.wall), cmp.Compare(u.origin, v.origin),
		cmp.Compare(u.seq, v.seq)) > 0
}

// merge takes an update in. The result does not depend on the order in which updates come.
func (o *object) merge(u *update) {
	if u.op == kv.SetAdd {
		if at, found := slices.BinarySearch(o.set, u.arg); !found {
			o.set = slices.Insert(o.set, at, u.arg)
		}
		return
	}
	if o.written.seq == 0 || u.later(&o.written) {
		o.value, o.written = u.arg, *u
	}
}

// elements is the set as it is now.
func (o *object) elements() []int64 { return slices.Clone(o.set) }

// take merges the next update of its origin and writes it down. There is no order on which nodes
// could agree, so an observation says how many updates a node has, and nothing of its state.
func (n *node) take(u *update) {
	n.merge(u)
	n.env.Observe(nodes.Observation{Fact: nodes.Applied, Index: n.known})
	b, at := n.journal.Begin()
	n.journal.End(u.appendTo(b), at)
}

func (n *node) merge(u *update) {
	if n.objects[u.key] == nil {
		n.objects[u.key] = &object{}
	}
	n.objects[u.key].merge(u)
	n.logs[u.origin] = append(n.logs[u.origin], u)
	n.known++
}

// recover reads the log again: one update a record.
func (n *node) recover(files []nodes.Recovered) error {
	var data []byte
	for _, f := range files {
		if f.Name == fileLog {
			data = f.Data
		}
	}
	records, good, err := wal.Records(data)
	if err != nil {
		return fmt.Errorf("recover log: %w", err)
	}
	for i, p := range records {
		r := wire.Read(p)
		u := readUpdate(&r)
		if !r.Done() || u.seq != uint64(len(n.logs[u.origin]))+1 {
			return fmt.Errorf("recover log: record %d of %d: %w", i, len(records),
				wire.ErrMalformed)
		}
		n.merge(u)
	}
	if good < len(data) {
		n.env.Truncate(fileLog, int64(good))
	}
	n.journal = journal.Open[posted](fileLog, tokenLog, good)
	return nil
}

// appendTo appends u: its fields in order, the key with its length before it.
func (u *update) appendTo(b []byte) []byte {
	b = wire.Put(b, uint64(u.origin), u.seq, uint64(u.wall), uint64(u.op), uint64(u.arg),
		uint64(len(u.key)))
	return append(b, u.key...)
}

// readUpdate reads what appendTo wrote.
func readUpdate(r *wire.Reader) *update {
	origin := r.Number()
	u := &update{origin: nodes.ID(origin), seq: r.Number(), wall: int64(r.Number())}
	op := r.Number()
	u.op, u.arg = kv.Op(op), int64(r.Number())
	u.key = string(r.Bytes(r.Number()))
	known := op == uint64(kv.Write) || op == uint64(kv.CAS) || op == uint64(kv.Propose) ||
		op == uint64(kv.SetAdd)
	if !known || u.seq == 0 || origin != uint64(u.origin) || len(u.key) > kv.KeyMax {
		r.Fail()
	}
	return u
}
