package generator

import (
	"math"
	"slices"
	"strconv"
	"time"

	"sunder/harness/history"
)

// Keys describes a test of many independent keys: the clients' threads are split into groups, and
// each group works on one key until that is exhausted, and then on the next that nobody had. The
// keys are k0, k1, ... The last group takes the threads that do not fill one.
type Keys struct {
	Of        func(key string) Generator // the work on a key; Reserve makes some threads readers
	Group     int                        // threads that work on one key together; 0: all of them
	Limit     int                        // operations on one key, 90 to 100 % of it; 0: no limit
	Processes int                        // on one key, at least as many as threads; 0: no limit
	Count     int                        // keys; 0: without end
}

// Generator has the work on all keys. Operations that name no key get the one of their group.
func (k Keys) Generator() Generator { return Generator{&keyed{k: &k}} }

type keyed struct {
	k      *Keys
	split  *split   // nil before the first question
	groups []*group // nil: it has no key left
	used   int      // keys that were given out
}

// split is who belongs where. It never changes once it is made.
type split struct {
	all     set
	masks   []set      // by group
	members [][]Thread // by group
	owner   []int32    // group by thread+1; -1: in none
}

// group is a group at work on a key.
type group struct {
	of    state
	key   string
	salt  uint64
	until int  // turns of all its threads together; so an operation changes nothing in here
	spare int  // processes that may still be retired before the key has had enough of them
	fresh bool // nothing was asked yet
	hears bool // of must be told of completions
}

func (s *keyed) next(c Context) (Op, Verdict, time.Duration, state) {
	if s.split == nil {
		s = s.begin(c)
	}
	left := c.on(&s.split.all, c.drawn)
	wait := waiting{verdict: Exhausted}
	for {
		// The group of a free thread, drawn from all, is asked: so each group gets its share.
		t, free, _ := left.pick()
		if !free {
			break
		}
		i := int(s.split.owner[t+1])
		var op Op
		var v Verdict
		var at time.Duration
		if op, v, at, s = s.ask(c, i, t); v == Emit {
			return op, Emit, 0, s
		}
		wait.add(v, at)
		left.mask, left.drawn = without(left.mask, s.split.masks[i]), nobody
	}
	if wait.verdict == Exhausted && slices.ContainsFunc(s.groups, (*group).working) {
		wait.verdict = Pending // on a group whose threads are all busy
	}
	return Op{}, wait.verdict, wait.at, s
}

func (g *group) working() bool { return g != nil }

func (g *group) with(of state, spare int) *group {
	if of == g.of && spare == g.spare && !g.fresh {
		return g
	}
	n := *g
	n.of, n.spare, n.fresh = of, spare, false
	return &n
}

// turns counts the operations that the threads of group i ever had.
func (p *split) turns(c Context, i int) int {
	n := 0
	for _, t := range p.members[i] {
		n += c.threads.turns[t+1]
	}
	return n
}

// ask asks group i, of which thread t is free, and moves it on to a new key when it is time.
func (s *keyed) ask(c Context, i int, t Thread) (Op, Verdict, time.Duration, *keyed) {
	for g := s.groups[i]; g != nil; g = s.groups[i] {
		if g.spare >= 0 && s.split.turns(c, i) < g.until {
			op, v, at, rest := g.of.next(c.salt(g.salt).on(&s.split.masks[i], t))
			if v != Exhausted {
				if v == Emit && op.Key == "" {
					op.Key = g.key
				}
				return op, v, at, s.with(i, g.with(rest, g.spare))
			}
			if g.fresh { // no key has anything to do, it seems
				return Op{}, Exhausted, 0, s.with(i, nil)
			}
		}
		s = s.with(i, nil).take(c, i)
	}
	return Op{}, Exhausted, 0, s
}

// with is s with another state of group i.
func (s *keyed) with(i int, g *group) *keyed {
	if g == s.groups[i] {
		return s
	}
	groups := slices.Clone(s.groups)
	groups[i] = g
	return &keyed{s.k, s.split, groups, s.used}
}

// take gives group i the next key, if there is one. It changes s, which nobody else has yet.
func (s *keyed) take(c Context, i int) *keyed {
	if s.k.Count > 0 && s.used >= s.k.Count {
		return s
	}
	key := "k" + strconv.Itoa(s.used)
	g := &group{of: s.k.Of(key).state(), key: key, until: math.MaxInt, spare: math.MaxInt, fresh: true}
	g.hears = hears(g.of)
	g.salt = mix(saltChild, uint64(s.used))
	if most := s.k.Limit; most > 0 {
		jitter := mix(mix(c.seed, g.salt), saltLimit) % (uint64(most)/10 + 1)
		g.until = s.split.turns(c, i) + most - int(jitter)
	}
	if s.k.Processes > 0 {
		g.spare = max(0, s.k.Processes-len(s.split.members[i]))
	}
	s.groups[i] = g
	s.used++
	return s
}

// begin splits the threads.
func (s *keyed) begin(c Context) *keyed {
	p := &split{all: c.first(math.MaxInt), owner: make([]int32, c.threads.clients+1)}
	n := p.all.len()
	groups := 1
	if s.k.Group > 0 && s.k.Group < n {
		groups = n / s.k.Group
	}
	p.masks, p.members = make([]set, min(groups, n)), make([][]Thread, min(groups, n))
	of := int32(0)
	for t := Nemesis; t < Thread(c.threads.clients); t++ {
		p.owner[t+1] = -1
		if !p.all.has(t) {
			continue
		}
		if int(of) < groups-1 && len(p.members[of]) == s.k.Group {
			of++
		}
		p.masks[of].add(t)
		p.members[of] = append(p.members[of], t)
		p.owner[t+1] = of
	}
	b := &keyed{k: s.k, split: p, groups: make([]*group, len(p.masks))}
	for i := range b.groups {
		b.take(c, i)
	}
	return b
}

func (s *keyed) update(c Context, t Thread, e history.Event) state {
	if s.split == nil {
		return s
	}
	i := s.split.owner[t+1]
	if i < 0 || s.groups[i] == nil {
		return s
	}
	g := s.groups[i]
	of, spare := g.of, g.spare
	if g.hears {
		of = of.update(c.salt(g.salt).on(&s.split.masks[i], nobody), t, e)
	}
	if e.Kind == history.Info && e.Key == g.key {
		spare--
	}
	if of == g.of && spare == g.spare {
		return s // not fresh.with: being told is not being asked
	}
	n := *g
	n.of, n.spare = of, spare
	return s.with(int(i), &n)
}
