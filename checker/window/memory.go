package window

// memory is the configurations that were entered. One that comes again, having used up the same
// open-ended operations or more, is dead: it can do nothing that the first could not.
type memory struct {
	limit int64
	table []entry // open addressing; pos -1: free
	count int
	sets  []int32 // what entries used up: a length, then classes and counts
}

type entry struct {
	placed slots
	pos    int32
	state  int32
	used   int32 // where in sets; 0: nothing
}

const entrySize = 32

// add remembers f, and is false if f is dead.
func (m *memory) add(f *frame, used *supply) bool {
	if m.count*4 >= len(m.table)*3 || int64(len(m.sets))*8 > m.limit {
		m.grow()
	}
	mask := uint64(len(m.table) - 1)
	for h := hash(f.placed, f.pos, f.state); ; h++ {
		e := &m.table[h&mask]
		if e.pos < 0 {
			*e = entry{f.placed, f.pos, f.state, m.write(used)}
			m.count++
			return true
		}
		if e.placed == f.placed && e.pos == f.pos && e.state == f.state && m.within(e.used, used) {
			return false
		}
	}
}

// within says that a set that was written is part of what is used now.
func (m *memory) within(at int32, used *supply) bool {
	if at == 0 {
		return true
	}
	n := m.sets[at]
	for i := at + 1; i <= at+2*n; i += 2 {
		if used.used[m.sets[i]] < m.sets[i+1] {
			return false
		}
	}
	return true
}

func (m *memory) write(used *supply) int32 {
	if used.total == 0 {
		return 0
	}
	at := int32(len(m.sets))
	m.sets = append(m.sets, 0)
	for _, c := range used.classes {
		if used.used[c] > 0 {
			m.sets[at]++
			m.sets = append(m.sets, c, used.used[c])
		}
	}
	return at
}

// grow makes room: a larger table, or, where that would pass the limit, an empty one.
func (m *memory) grow() {
	old := m.table
	size := max(64, 2*len(old))
	forget := int64(size)*entrySize*3/2+int64(len(m.sets))*8 > m.limit && len(old) > 0
	if forget {
		size, m.count = len(old), 0
	}
	if forget || len(m.sets) == 0 {
		m.sets = append(m.sets[:0], 0)
	}
	m.table = make([]entry, size)
	for i := range m.table {
		m.table[i].pos = -1
	}
	if forget {
		return
	}
	mask := uint64(size - 1)
	for _, e := range old {
		if e.pos < 0 {
			continue
		}
		h := hash(e.placed, e.pos, e.state)
		for m.table[h&mask].pos >= 0 {
			h++
		}
		m.table[h&mask] = e
	}
}

// hash mixes a configuration (the finalizer of MurmurHash3 over a sum of products).
func hash(p slots, pos, state int32) uint64 {
	h := p.lo*0x9e3779b97f4a7c15 ^ p.hi*0xc2b2ae3d27d4eb4f ^
		uint64(uint32(pos))*0x165667b19e3779f9 ^ uint64(uint32(state))*0x27d4eb2f165667c5
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}
