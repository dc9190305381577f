package nemesis

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"sunder/harness/plan"
)

// resolver finds the nodes that a symbolic target means. What the target leaves open is picked by
// the fault's own number, nodes first on which the fault can be seen: a kill of one node takes one
// that lives.
type resolver struct {
	nodes []string
	f     plan.Fault
	v     View
	now   map[string]State
}

func (s resolver) resolve(r *Record) {
	rng := rand.New(rand.NewPCG(s.f.Pick, 0))
	if s.f.Kind == partition {
		s.cut(r, rng)
		return
	}
	order, n := s.order(r, s.f.Target, rng)
	r.Targets = slices.Sorted(slices.Values(order[:n]))
}

// order puts the n nodes that the target means first, and the others after them.
func (s resolver) order(r *Record, target string, rng *rand.Rand) (order []string, n int) {
	order = slices.Clone(s.nodes)
	rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	slices.SortStableFunc(order, func(a, b string) int { return s.hidden(a) - s.hidden(b) })
	switch target {
	case "one":
		return order, 1
	case "minority":
		return order, minority(len(order))
	case "majority":
		return order, majority(len(order))
	case "all":
		return order, len(order)
	case "leader":
		if slices.Contains(s.nodes, s.v.Leader) && s.hidden(s.v.Leader) == 0 {
			return first(order, s.v.Leader), 1
		}
		r.Notes = append(r.Notes, fmt.Sprintf("no live leader was known: %s was picked", order[0]))
		return order, 1
	case "self", "others", "sender", "receiver":
		return s.place(order, target)
	case "":
		return order, 0
	}
	named := strings.Split(target, ",")
	slices.Sort(named)
	return first(order, named...), len(named)
}

// place puts first the node on which the event of the trigger happened, or all others.
func (s resolver) place(order []string, target string) ([]string, int) {
	switch target {
	case "sender":
		return first(order, s.v.Sender), 1
	case "receiver":
		return first(order, s.v.Receiver), 1
	case "others":
		rest := slices.DeleteFunc(slices.Clone(order), func(n string) bool { return n == s.v.Self })
		return append(rest, s.v.Self), len(rest)
	default:
		return first(order, s.v.Self), 1
	}
}

// first moves the named nodes to the front.
func first(order []string, named ...string) []string {
	rest := slices.DeleteFunc(order, func(n string) bool { return slices.Contains(named, n) })
	return append(slices.Clone(named), rest...)
}

// hidden is more than 0 if nothing would be seen of the fault on node n.
func (s resolver) hidden(n string) int {
	if s.now[n].Killed || slices.Contains(s.v.Dead, n) {
		return 2
	}
	if s.now[n].Paused && s.f.Kind != kill {
		return 1
	}
	return 0
}

// cutTries bounds the search for an order in which the shape parts two nodes that are alive.
const cutTries = 32

func (s resolver) cut(r *Record, rng *rand.Rand) {
	shape, err := shapeNamed(s.f.Shape, len(s.nodes))
	if err != nil {
		panic(fmt.Sprintf("nemesis: a checked fault cannot be resolved: %v", err))
	}
	target := s.f.Target
	if target == "" && shape.leader {
		target = "leader"
	}
	for i := range cutTries {
		var try Record
		order, n := s.order(&try, target, rng)
		if n == 0 {
			n = i % 2 // now the first one lives, if any does, now it is left to chance, too
		}
		rest := order[n:]
		rng.Shuffle(len(rest), func(i, j int) { rest[i], rest[j] = rest[j], rest[i] })
		r.Targets, r.Grudge = shape.apply(order, rng.Uint64())
		r.Notes = try.Notes
		if s.seen(r.Grudge) {
			return
		}
	}
	r.Notes = append(r.Notes, "it parts no two nodes that are alive")
}

// seen says whether the grudge cuts an edge on which packets can be dropped.
func (s resolver) seen(g Grudge) bool {
	for _, receiver := range slices.Sorted(maps.Keys(g)) {
		for _, sender := range g[receiver] {
			if s.hidden(receiver) == 0 && s.hidden(sender) == 0 {
				return true
			}
		}
	}
	return false
}
