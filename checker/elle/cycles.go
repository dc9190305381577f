package elle

import "slices"

// step is one arc of a cycle, from a transaction to the next.
type cycleStep struct {
	txn  int32
	kind edge // how the next follows
}

// class is a kind of cycle: which arcs it may take, and how many anti-dependencies (rw).
type class struct {
	name  string
	arcs  edge
	need  edge // at least one arc of this kind is in it
	shape shape
}

// shape limits the rw arcs of a cycle.
type shape uint8

const (
	anyRW   shape = iota // any number
	oneRW                // exactly one
	apartRW              // two or more, none next to another
	noRW                 // none
)

// classes are the cycles of Adya (Weak Consistency, 1999) with the names of Elle, the worst first.
var classes = []class{
	{"G0", ww, ww, noRW},
	{"G1c", ww | wr, wr, noRW},
	{"G-single", ww | wr | rw, rw, oneRW},
	{"G-nonadjacent", ww | wr | rw, rw, apartRW},
	{"G2-item", ww | wr | rw, rw, anyRW},
}

// orders are what else may order transactions, and what the class is then called.
var orders = []struct {
	suffix string
	arcs   edge
}{{"", 0}, {"-process", process}, {"-realtime", process | realtime}}

// cycle is an anomaly: transactions each of which comes before the next, and the last before the
// first.
type cycle struct {
	class string
	steps []cycleStep
}

// cycles finds one cycle of each class that there is: short ones, one a component. A class with
// more orders is looked for only where the class itself was not found.
func (g *graph) cycles(txns int) []cycle {
	_, knots := g.components(nil, ww|wr|rw|process|realtime)
	var found []cycle
	for _, knot := range knots {
		if len(found) >= cyclesMax {
			break
		}
		found = append(found, newSeeker(g, knot, txns).all()...)
	}
	return found
}

// all finds a cycle of each class in the component. One anti-dependency is worse than several, so
// where a G-single or a G-nonadjacent was found, G2-item is not looked for.
func (s *seeker) all() []cycle {
	var found []cycle
	done := make(map[string]bool)
	single := false
	for _, o := range orders {
		for _, c := range classes {
			if done[c.name] || single && c.shape != noRW {
				continue
			}
			if steps := s.find(c, o.arcs); steps != nil {
				found = append(found, cycle{c.name + o.suffix, steps})
				done[c.name] = true
				single = single || c.shape == oneRW || c.shape == apartRW
			}
		}
	}
	return found
}

// Limits: cycles reported, and arcs tried as the beginning of one in a component.
const (
	cyclesMax = 40
	beginMax  = 20_000
	enough    = 100 // arcs tried, once there is a cycle, for a shorter one
)

// seeker looks for cycles in one component.
type seeker struct {
	g     *graph
	knot  []int32
	txns  int
	in    []bool // by node: in the component at hand
	seen  []int32
	round int32
	prev  []hop
}

// hop is how a search came to a state.
type hop struct {
	state int32
	kind  edge
}

func newSeeker(g *graph, knot []int32, txns int) *seeker {
	return &seeker{g: g, knot: knot, txns: txns, in: make([]bool, g.n), seen: make([]int32, 2*g.n),
		prev: make([]hop, 2*g.n)}
}

// find returns a cycle of a class, with arcs of extra kinds allowed, or nil.
func (s *seeker) find(c class, extra edge) []cycleStep {
	arcs := c.arcs | extra
	of, parts := s.g.components(s.knot, arcs)
	for _, part := range parts {
		slices.Sort(part)
		for _, v := range part {
			s.in[v] = true
		}
		best := s.shortest(part, of, c, arcs)
		for _, v := range part {
			s.in[v] = false
		}
		if best != nil {
			return best
		}
	}
	return nil
}

// shortest tries arcs that the class needs as the beginning of a cycle.
func (s *seeker) shortest(part, of []int32, c class, arcs edge) (best []cycleStep) {
	begins := 0
	for _, v := range part {
		for _, a := range s.g.from(v) {
			if a.kind&c.need == 0 || !s.in[a.to] || of[a.to] != of[v] {
				continue
			}
			if begins++; begins > beginMax || best != nil && begins > enough {
				return best
			}
			if steps := s.close(v, a, arcs, c.shape, len(best)); steps != nil {
				best = steps
			}
		}
	}
	return best
}

// close looks for the shortest way back to v after the arc a, breadth first over states: a node,
// and whether the arc that led there was an rw.
func (s *seeker) close(v int32, a target, arcs edge, sh shape, below int) []cycleStep {
	s.round++
	first := state(a.to, a.kind)
	queue := []int32{first}
	s.seen[first] = s.round
	s.prev[first] = hop{-1, a.kind}
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		for _, b := range s.g.from(at >> 1) {
			if b.kind&arcs == 0 || !s.in[b.to] {
				continue
			}
			if b.kind == rw && (sh == oneRW || sh == noRW || sh == apartRW && at&1 == 1) {
				continue
			}
			if b.to == v && (sh != apartRW || b.kind != rw) {
				return s.steps(v, at, b.kind, below)
			}
			next := state(b.to, b.kind)
			if s.seen[next] == s.round {
				continue
			}
			s.seen[next] = s.round
			s.prev[next] = hop{at, b.kind}
			queue = append(queue, next)
		}
	}
	return nil
}

func state(v int32, kind edge) int32 {
	if kind == rw {
		return v<<1 | 1
	}
	return v << 1
}

// steps writes a cycle down from its end. Nodes that are no transactions are passed over: what
// leads into them says how the next transaction follows.
func (s *seeker) steps(v, end int32, last edge, below int) []cycleStep {
	kinds := []edge{last}
	nodes := []int32{}
	for at := end; at >= 0; at = s.prev[at].state {
		nodes = append(nodes, at>>1)
		kinds = append(kinds, s.prev[at].kind)
	}
	nodes = append(nodes, v)
	slices.Reverse(nodes)
	slices.Reverse(kinds)
	var out []cycleStep
	for i, n := range nodes {
		if int(n) < s.txns {
			out = append(out, cycleStep{n, kinds[i]})
		}
	}
	if below > 0 && len(out) >= below {
		return nil
	}
	return out
}
