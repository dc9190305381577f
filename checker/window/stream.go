package window

import "slices"

// Stream judges one object while its history grows. It keeps every configuration that the history
// so far leaves possible, and an operation is placed no sooner than when one completes that may
// need it (Lowe's just-in-time linearization). So it holds as much as the window of concurrency
// asks for, whatever the length of the history, and the first completion that nothing explains is
// the end: no event that follows can mend it.
//
// It walks breadth first and cannot be lucky: past its limit it gives up, and Search must judge.
type Stream[S, O comparable] struct {
	step       func(S, O) (S, bool)
	readOnly   func(O) bool
	overwrites bool
	limit      int

	holder   [Width]O
	open     slots
	readers  slots
	optional slots // those that may not have happened
	endless  []O
	offered  []int32 // how many there are of each of endless
	now      frontier[S]
	next     frontier[S]
	tried    frontier[S]
	room     []O // to be used again
}

// possible is a configuration: what of the open operations is placed, the state, and how often
// each of the endless operations was used.
type possible[S comparable] struct {
	placed slots
	state  S
	used   []int32 // places in endless, ascending, as often as used; shared, never written
	bare   S       // the state before the endless operation that led here
	needs  bool    // what comes next must be impossible from bare
}

// NewStream is an object that starts in init, and gives up with more than limit configurations.
// The rest is as in NewTyped.
func NewStream[S, O comparable](init S, step func(S, O) (S, bool), readOnly func(O) bool,
	overwrites bool, limit int) *Stream[S, O] {
	s := &Stream[S, O]{step: step, readOnly: readOnly, overwrites: overwrites, limit: limit}
	s.now.add(possible[S]{state: init}, s.optional)
	return s
}

// Call opens an operation and names the slot that it holds until it returns. There is none where
// more than Width are open.
func (s *Stream[S, O]) Call(o O) (slot uint8, room bool) {
	slot, room = s.open.free()
	if !room {
		return 0, false
	}
	s.holder[slot] = o
	s.open.set(slot)
	if s.readOnly == nil || !s.readOnly(o) {
		return slot, true
	}
	s.readers.set(slot)
	for i := range s.now.all {
		if p := &s.now.all[i]; s.can(p.state, o) {
			p.placed.set(slot)
		}
	}
	return slot, true
}

// CallOptional opens an operation that happens before it returns, or never.
func (s *Stream[S, O]) CallOptional(o O) (slot uint8, room bool) {
	if slot, room = s.Call(o); room {
		s.optional.set(slot)
	}
	return slot, room
}

// Never opens an operation that may happen at any time from now, or never.
func (s *Stream[S, O]) Never(o O) {
	at := slices.Index(s.endless, o)
	if at < 0 {
		at = len(s.endless)
		s.endless, s.offered = append(s.endless, o), append(s.offered, 0)
	}
	s.offered[at]++
}

// Return completes the operation in a slot: unless it is optional, it must have been placed by now.
// The answer is Legal if that is possible, Illegal if not, or Tired; then the stream can say
// nothing more.
func (s *Stream[S, O]) Return(slot uint8) Answer {
	s.next.reset()
	s.tried.reset()
	for _, p := range s.now.all {
		if s.optional.has(slot) && !p.placed.has(slot) {
			s.next.add(p, s.optional)
		}
		s.reach(p, slot)
	}
	for at := 0; at < len(s.tried.all); at++ {
		if len(s.tried.all)+len(s.next.all) > s.limit ||
			s.tried.looks+s.next.looks > looksMax*s.limit {
			return Tired
		}
		s.expand(s.tried.all[at], slot)
	}
	s.now, s.next = s.next, s.now
	s.open.clear(slot)
	s.readers.clear(slot)
	s.optional.clear(slot)
	if len(s.now.all) == 0 {
		return Illegal
	}
	s.spend()
	return Legal
}

// reach takes a configuration: done where the operation in slot is placed, else to be expanded.
func (s *Stream[S, O]) reach(p possible[S], slot uint8) {
	if p.placed.has(slot) {
		p.placed.clear(slot)
		p.needs = false
		s.next.add(p, s.optional)
	} else {
		s.tried.add(p, s.optional)
	}
}

// expand reaches whatever one more operation can make of p. The rules are those of gather.
func (s *Stream[S, O]) expand(p possible[S], slot uint8) {
	open := s.open.minus(p.placed)
	for open = open.minus(s.readers); !open.empty(); {
		o := open.take()
		to, can := s.step(p.state, s.holder[o])
		if !can || p.needs && s.can(p.bare, s.holder[o]) {
			continue
		}
		q := possible[S]{placed: p.placed, state: to, used: p.used, bare: p.state,
			needs: s.overwrites && s.optional.has(o)}
		q.placed.set(o)
		s.settle(&q)
		s.reach(q, slot)
	}
	stuck := s.stuck(&p)
	for i, o := range s.endless {
		to, can := s.step(p.state, o)
		if !can || to == p.state || p.needs && s.can(p.bare, o) || s.overwrites &&
			!slices.ContainsFunc(stuck, func(o O) bool { return s.can(to, o) }) {
			continue
		}
		at, _ := slices.BinarySearch(p.used, int32(i)+1)
		if times := at - below(p.used, int32(i)); times == int(s.offered[i]) {
			continue
		}
		q := possible[S]{placed: p.placed, state: to, bare: p.state, needs: s.overwrites,
			used: slices.Insert(slices.Clone(p.used), at, int32(i))}
		s.settle(&q)
		s.reach(q, slot)
	}
}

// stuck lists what is impossible at p: what an endless operation can be needed by.
func (s *Stream[S, O]) stuck(p *possible[S]) []O {
	s.room = s.room[:0]
	for open := s.open.minus(p.placed); !open.empty(); {
		if o := s.holder[open.take()]; !s.can(p.state, o) {
			s.room = append(s.room, o)
		}
	}
	for _, o := range s.endless {
		if !s.can(p.state, o) {
			s.room = append(s.room, o)
		}
	}
	return s.room
}

func below(used []int32, i int32) int {
	at, _ := slices.BinarySearch(used, i)
	return at
}

// settle places the read-only operations that are possible now: they close no other way.
func (s *Stream[S, O]) settle(p *possible[S]) {
	open := s.open.minus(p.placed)
	for open = open.and(s.readers); !open.empty(); {
		if slot := open.take(); s.can(p.state, s.holder[slot]) {
			p.placed.set(slot)
			p.needs = false
		}
	}
}

func (s *Stream[S, O]) can(at S, o O) bool {
	_, can := s.step(at, o)
	return can
}

// spend forgets endless operations that were certainly used: those of the only configuration.
func (s *Stream[S, O]) spend() {
	if len(s.now.all) > 1 || len(s.now.all[0].used) == 0 {
		return
	}
	for _, i := range s.now.all[0].used {
		s.offered[i]--
	}
	s.now.all[0].used = nil
	for i := len(s.endless) - 1; i >= 0; i-- {
		if s.offered[i] == 0 {
			s.endless = slices.Delete(s.endless, i, i+1)
			s.offered = slices.Delete(s.offered, i, i+1)
		}
	}
}

// frontier is a set of configurations, without those that can do nothing that another cannot.
type frontier[S comparable] struct {
	all   []possible[S]
	first map[spot[S]]int32 // the latest at a spot, + 1
	older []int32           // the one before it, + 1
	looks int               // how often two at one spot were compared
}

// looksMax is how many looks a stream may take for each configuration that it may hold. There are
// objects whose configurations differ in nothing but what was used up.
const looksMax = 16

type spot[S comparable] struct {
	placed slots
	state  S
}

func (f *frontier[S]) reset() {
	f.all, f.older, f.looks = f.all[:0], f.older[:0], 0
	clear(f.first)
}

func (f *frontier[S]) add(p possible[S], optional slots) {
	at := spot[S]{p.placed.minus(optional), p.state}
	for i := f.first[at]; i > 0; i = f.older[i-1] {
		f.looks++
		if f.all[i-1].covers(&p) {
			return
		}
	}
	if f.first == nil {
		f.first = make(map[spot[S]]int32)
	}
	f.all, f.older = append(f.all, p), append(f.older, f.first[at])
	f.first[at] = int32(len(f.all))
}

// covers says that p can do all that q can, at the same spot: it is bound by no more, and used no
// more.
func (p *possible[S]) covers(q *possible[S]) bool {
	if p.needs && (!q.needs || p.bare != q.bare) || !p.placed.minus(q.placed).empty() {
		return false
	}
	at := 0
	for _, u := range q.used {
		if at < len(p.used) && p.used[at] == u {
			at++
		}
	}
	return at == len(p.used)
}

// Clone is a stream that goes on from here by itself.
func (s *Stream[S, O]) Clone() *Stream[S, O] {
	c := *s
	c.endless, c.offered = slices.Clone(s.endless), slices.Clone(s.offered)
	c.now, c.next, c.tried, c.room = frontier[S]{}, frontier[S]{}, frontier[S]{}, nil
	for _, p := range s.now.all {
		c.now.add(p, c.optional)
	}
	return &c
}
