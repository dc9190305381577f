package search

import "sunder/nodes"

// States is the states that runs reached, as far as they tell protocols apart: who leads, whose
// term is ahead, whose log has more, who knows more to be committed, each by rank and not by
// number. A plan that reaches a new one is a step into the unknown, and worth to be varied
// (coverage feedback, as fuzzers have it).
type States struct {
	seen  map[uint64]struct{}
	fresh int // of the present run
	now   []standing
}

// standing is what a node last said of itself.
type standing struct {
	role                nodes.Fact
	term, log, commit   uint64
	lastTerm, committed uint64
}

// NewStates is no states yet.
func NewStates() *States { return &States{seen: map[uint64]struct{}{}} }

// begin forgets where nodes stood: another run begins.
func (s *States) begin() {
	clear(s.now)
	s.fresh = 0
}

// Fresh is how many states the present run was the first to reach.
func (s *States) Fresh() int { return s.fresh }

// Len is how many states were reached.
func (s *States) Len() int { return len(s.seen) }

func (s *States) observe(o nodes.Observed) {
	for int(o.Node) >= len(s.now) {
		s.now = append(s.now, standing{})
	}
	n := &s.now[o.Node]
	n.term = max(n.term, o.Term)
	switch o.Fact {
	case nodes.BecameLeader, nodes.BecameFollower, nodes.BecameCandidate:
		n.role = o.Fact
	case nodes.Appended, nodes.Accepted:
		n.log, n.lastTerm = o.Index, o.Term
	case nodes.Committed, nodes.Decided:
		n.commit, n.committed = o.Index, o.Term
	case nodes.Voted, nodes.Promised:
	default:
		return
	}
	h := s.hash()
	if _, old := s.seen[h]; !old {
		s.seen[h] = struct{}{}
		s.fresh++
	}
}

// hash is of the nodes' relations: for each pair, which of both is ahead in what.
func (s *States) hash() uint64 {
	h := uint64(0xcbf29ce484222325)
	for i := 1; i < len(s.now); i++ {
		a := &s.now[i]
		word := uint64(len(a.role)) // each role has its own length
		for k := 1; k < i; k++ {
			b := &s.now[k]
			word = word*243 + order(a.term, b.term)*81 + order(a.log, b.log)*27 +
				order(a.lastTerm, b.lastTerm)*9 + order(a.commit, b.commit)*3 +
				order(a.committed, b.committed)
		}
		h = (h ^ word) * 0x100000001b3
		h ^= h >> 29
	}
	return h
}

func order(a, b uint64) uint64 {
	switch {
	case a < b:
		return 0
	case a > b:
		return 2
	}
	return 1
}
