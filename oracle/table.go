package oracle

import "sunder/nodes"

// seen is what the first node said of a place in the log. A node of 0 is nobody.
type seen struct {
	hash, term uint64
	node       nodes.ID
}

// nearMax bounds the indexes that are kept in a slice: a recording may claim any index.
const nearMax = 1 << 20

// table is what was seen at each log index. Indexes are dense as a rule, and a lookup for each
// observation is what an oracle costs, so they are positions in a slice.
type table struct {
	near []seen
	far  map[uint64]seen
}

func (t *table) get(index uint64) seen {
	if index < uint64(len(t.near)) {
		return t.near[index]
	}
	return t.far[index]
}

func (t *table) put(index uint64, s seen) {
	if index >= nearMax {
		if t.far == nil {
			t.far = make(map[uint64]seen)
		}
		t.far[index] = s
		return
	}
	for uint64(len(t.near)) <= index {
		t.near = append(t.near, seen{})
	}
	t.near[index] = s
}

func (t *table) reset() {
	t.near = t.near[:0]
	clear(t.far)
}
