package etcdraft

import pb "go.etcd.io/raft/v3/raftpb"

// mark names a place of the log. The hash covers the entry and all before it, so oracles can see
// whether two logs that should be the same are.
type mark struct{ index, term, hash uint64 }

// extend is the mark of the entry after m.
func (m mark) extend(term uint64, data []byte) mark {
	const prime = 0x100000001b3 // of FNV-1a
	h := (m.hash ^ term) * prime
	h ^= h >> 29
	for _, c := range data {
		h = (h ^ uint64(c)) * prime
	}
	h ^= h >> 32
	return mark{m.index + 1, term, max(h, 1)}
}

// origin is where every log begins: before the first entry that anybody proposes. The library
// wants its members to start from a snapshot at an index above 0 (see NewRawNode).
func origin() mark { return mark{index: 1, term: 1, hash: 1} }

// chain is the marks from base to the end of the log. The library keeps the log and tells no
// hashes, so they are kept beside it, and follow what its Readys say.
type chain struct {
	base  mark
	marks []mark // after base
}

func (c *chain) last() mark {
	if len(c.marks) == 0 {
		return c.base
	}
	return c.marks[len(c.marks)-1]
}

// at is the mark of an index, if it is known.
func (c *chain) at(index uint64) (mark, bool) {
	switch {
	case index == c.base.index:
		return c.base, true
	case index < c.base.index || index > c.last().index:
		return mark{}, false
	}
	return c.marks[index-c.base.index-1], true
}

// append takes in entries that follow or replace what is there.
func (c *chain) append(entries []*pb.Entry) {
	for _, e := range entries {
		if e.GetIndex() <= c.base.index || e.GetIndex() > c.last().index+1 {
			continue // covered by the base
		}
		c.marks = c.marks[:e.GetIndex()-c.base.index-1]
		c.marks = append(c.marks, c.last().extend(e.GetTerm(), e.GetData()))
	}
}

// drop forgets what lies before an index that is known.
func (c *chain) drop(index uint64) {
	if m, known := c.at(index); known {
		c.marks = append([]mark(nil), c.marks[index-c.base.index:]...)
		c.base = m
	}
}

func (c *chain) reset(m mark) { *c = chain{base: m} }
