package window

import (
	"cmp"
	"slices"
)

// search is a history prepared for searching, and where in it the search is.
type search struct {
	ops        []Op
	machine    Machine
	overwrites bool

	slot    []uint8 // the slot of each operation that ended
	calls   []int32 // operations that ended, by invocation
	returns []int32 // the same, by completion
	called  []int32 // at each position: how many of calls have been invoked
	endless []int32 // operations that never ended, by invocation
	begun   []int32 // at each position: how many of endless have been invoked

	pos      int32 // operations before it in returns have completed
	open     slots // slots in use
	readers  slots // slots that hold read-only operations
	holder   [Width]int32
	consumed supply
	order    []int32
	dead     memory

	candidates []candidate
}

// prepare sorts the history and gives slots. It is false if they do not suffice.
func (s *search) prepare() bool {
	classes := int32(0)
	for i, o := range s.ops {
		classes = max(classes, o.Class+1)
		if o.Return == Open {
			s.endless = append(s.endless, int32(i))
		} else {
			s.calls = append(s.calls, int32(i))
		}
	}
	s.returns = slices.Clone(s.calls)
	slices.SortFunc(s.returns, func(a, b int32) int {
		return cmp.Compare(s.ops[a].Return,
			s.ops[b].Return)
	})
	s.slot = make([]uint8, len(s.ops))
	s.called = make([]int32, len(s.returns)+1)
	s.begun = make([]int32, len(s.returns)+1)
	s.consumed = newSupply(s.ops, s.endless, int(classes))
	var used slots
	c, e := 0, 0
	for p, r := range s.returns {
		end := s.ops[r].Return
		for ; c < len(s.calls) && s.ops[s.calls[c]].Call < end; c++ {
			slot, free := used.free()
			if !free {
				return false
			}
			used.set(slot)
			s.slot[s.calls[c]] = slot
		}
		for e < len(s.endless) && s.ops[s.endless[e]].Call < end {
			e++
		}
		s.called[p], s.begun[p] = int32(c), int32(e)
		used.clear(s.slot[r])
	}
	s.called[len(s.returns)] = int32(c)
	s.begun[len(s.returns)] = int32(e)
	s.pos = -1
	s.goTo(0)
	return true
}

// goTo moves to a position, forward or back: what is open there is a matter of the history alone.
func (s *search) goTo(pos int32) {
	for s.pos < pos {
		from, begun := int32(0), int32(0)
		if s.pos >= 0 {
			s.open.clear(s.slot[s.returns[s.pos]])
			s.readers.clear(s.slot[s.returns[s.pos]])
			from, begun = s.called[s.pos], s.begun[s.pos]
		}
		s.pos++
		for _, op := range s.calls[from:s.called[s.pos]] {
			s.hold(op)
		}
		for _, op := range s.endless[begun:s.begun[s.pos]] {
			s.consumed.offer(s.ops[op].Class, 1)
		}
	}
	for s.pos > pos {
		s.pos--
		for _, op := range s.calls[s.called[s.pos]:s.called[s.pos+1]] {
			s.open.clear(s.slot[op])
			s.readers.clear(s.slot[op])
		}
		for _, op := range s.endless[s.begun[s.pos]:s.begun[s.pos+1]] {
			s.consumed.offer(s.ops[op].Class, -1)
		}
		s.hold(s.returns[s.pos])
	}
}

func (s *search) hold(op int32) {
	slot := s.slot[op]
	s.open.set(slot)
	s.holder[slot] = op
	if s.machine.ReadOnly(s.ops[op].Class) {
		s.readers.set(slot)
	}
}

// supply is the operations that never ended: how many of each class were invoked, and how many of
// those were used. Those of one class are alike, so which of them is used does not matter.
type supply struct {
	of      [][]int32 // by class: the operations, by invocation
	offered []int32
	used    []int32
	classes []int32 // those that exist
	total   int     // used of all classes
	sum     uint64  // a hash of used
}

func newSupply(ops []Op, endless []int32, classes int) supply {
	s := supply{of: make([][]int32, classes), offered: make([]int32, classes),
		used: make([]int32, classes)}
	for _, op := range endless {
		c := ops[op].Class
		if s.of[c] == nil {
			s.classes = append(s.classes, c)
		}
		s.of[c] = append(s.of[c], op)
	}
	return s
}

func (s *supply) offer(class, n int32) { s.offered[class] += n }

func (s *supply) has(class int32) bool { return s.used[class] < s.offered[class] }

func (s *supply) take(class int32) int32 {
	op := s.of[class][s.used[class]]
	s.used[class]++
	s.total++
	s.sum += scatter(class)
	return op
}

func (s *supply) give(class int32) {
	s.used[class]--
	s.total--
	s.sum -= scatter(class)
}

// scatter is a number for each class such that sums of them rarely meet.
func scatter(class int32) uint64 { return hash(slots{}, class, -1) }
