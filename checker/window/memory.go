package window

import "math"

// memory is the configurations that were entered. One that comes again, having used up the same
// open-ended operations or more, is dead: it can do nothing that the first could not.
type memory struct {
	limit int64
	table []entry // open addressing; pos -1: free
	count int
	sets  []int32 // what entries used up: a length, then classes and counts
	full  int     // length of sets at which to look what can go
}

type entry struct {
	placed slots
	pos    int32
	state  int32
	used   int32 // where in sets; 0: nothing
	bare   int32 // as in frame: it restricts what may come next
}

const entrySize = 32

// dominators is how many configurations that differ only in what they used up are compared with.
// There can be thousands; past this number only the very same ones are found again.
const dominators = 8

// add remembers f, and is false if f is dead.
func (m *memory) add(f *frame, used *supply) bool {
	if m.count*4 >= len(m.table)*3 || len(m.sets) > m.full {
		m.grow(f.pos)
	}
	at, dead := m.find(f.placed, f.pos, f.state, used.sum, func(e *entry) bool {
		return (e.bare == none || e.bare == f.bare) && m.within(e.used, used)
	})
	if dead {
		return false
	}
	*at = entry{f.placed, f.pos, f.state, m.write(used), f.bare}
	m.count++
	return true
}

// find looks at the entries like the one asked for until one covers it, or there is a free place.
// The first few stand where the configuration alone puts them, the others where what was used up
// does too.
func (m *memory) find(p slots, pos, state int32, sum uint64, covers func(*entry) bool) (*entry,
	bool) {
	h, alike := hash(p, pos, state), 0
	mask := uint64(len(m.table) - 1)
	for ; m.table[h&mask].pos >= 0; h++ {
		e := &m.table[h&mask]
		if e.placed != p || e.pos != pos || e.state != state {
			continue
		}
		if covers(e) {
			return e, true
		}
		if alike++; alike == dominators {
			h = hash(slots{h, sum}, pos, state)
		}
	}
	return &m.table[h&mask], false
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

// Where many configurations are remembered, those of positions long past go first: the search
// hardly ever goes back that far. To forget one is always sound: it may be tried again.
const (
	many     = 32 << 20 // bytes
	longPast = 4096     // positions
)

// grow makes room at a position: it forgets what is long past, or makes a larger table, or, where
// that would pass the limit, forgets everything.
func (m *memory) grow(pos int32) {
	old, sets := m.table, m.sets
	since := int32(0)
	if len(old)*entrySize+len(sets)*4 >= many {
		since = pos - longPast
	}
	kept := 0
	for i := range old {
		if old[i].pos >= since {
			kept++
		}
	}
	size := max(64, len(old))
	if kept*2 >= size {
		size *= 2
	}
	if int64(size)*entrySize*3/2+int64(len(sets))*8 > m.limit && len(old) > 0 {
		size, since = len(old), math.MaxInt32
	}
	m.table, m.sets, m.count = make([]entry, size), append(make([]int32, 0, len(sets)/2), 0), 0
	for i := range m.table {
		m.table[i].pos = -1
	}
	for i := range old {
		e := old[i]
		if e.pos < since || e.pos < 0 {
			continue
		}
		at, _ := m.find(e.placed, e.pos, e.state, sum(sets, e.used), func(*entry) bool { return false })
		if e.used > 0 {
			set := sets[e.used : e.used+1+2*sets[e.used]]
			e.used = int32(len(m.sets))
			m.sets = append(m.sets, set...)
		}
		*at = e
		m.count++
	}
	m.full = max(many/8, 2*len(m.sets))
}

// sum is supply's sum for a set that was written.
func sum(sets []int32, at int32) (sum uint64) {
	if at == 0 {
		return 0
	}
	for i := at + 1; i <= at+2*sets[at]; i += 2 {
		sum += uint64(sets[i+1]) * scatter(sets[i])
	}
	return sum
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
