package nemesis

import (
	"fmt"
	"slices"
)

// Grudge says whose packets each node drops, in ascending order; a node that hears everybody is
// absent.
type Grudge map[string][]string

// Edges is the number of cut edges: each is one direction of one link.
func (g Grudge) Edges() (n int) {
	for _, senders := range g {
		n += len(senders)
	}
	return n
}

// Drops says whether receiver drops what sender sends.
func (g Grudge) Drops(receiver, sender string) bool {
	return slices.Contains(g[receiver], sender)
}

// A shape cuts nodes apart by their place in an order. The first nodes of the order are those it
// singles out, so who stands first decides who is isolated, and a shape needs no randomness but
// one number, which settles a size or a direction.
type shape struct {
	name, doc string
	least     int  // it needs that many nodes
	leader    bool // the node that is believed to lead goes first
	cut       func(n int, pick uint64) cut
}

// cut is what a shape does to n nodes in order.
type cut struct {
	singled int // so many of the first are singled out
	drops   func(receiver, sender int) bool
}

// shapes are the partitions there are, after jepsen.nemesis.
var shapes = []shape{
	{"one", "one node hears nobody and is heard by nobody", 2, false,
		func(int, uint64) cut { return sides(1) }},
	{"halves", "two halves; of an even number neither is a majority", 2, false,
		func(n int, _ uint64) cut { return sides(n / 2) }},
	{"majority-minority", "a minority of any size on its own", 3, false,
		func(n int, pick uint64) cut { return sides(1 + int(pick%uint64(minority(n)))) }},
	{"majorities-ring", "each node hears a majority, no two the same one", 4, false, ring},
	{"bridge", "two halves that only hear one node between them", 3, false, bridge},
	{"one-way", "one half is heard by the other and hears nothing of it", 2, false, oneWay},
	{"leader-isolated", "the leader on its own", 2, true,
		func(int, uint64) cut { return sides(1) }},
	{"primaries-with-minority", "the leader with the largest minority", 3, true,
		func(n int, _ uint64) cut { return sides(minority(n)) }},
}

// minority is the size of the largest minority of n nodes, and 1 where there is none.
func minority(n int) int { return max(1, (n-1)/2) }

func majority(n int) int { return n/2 + 1 }

// sides cuts the first k nodes from the others.
func sides(k int) cut {
	return cut{k, func(r, s int) bool { return (r < k) != (s < k) }}
}

// ring leaves each node the nearest ones to both sides: as few as make a majority with itself.
func ring(n int, _ uint64) cut {
	reach := majority(n) / 2 // 2·reach+1 ≥ n/2+1, and < n from 4 nodes on
	return cut{0, func(r, s int) bool {
		apart := max(r-s, s-r)
		return min(apart, n-apart) > reach
	}}
}

func bridge(n int, _ uint64) cut {
	half := (n - 1) / 2
	return cut{1, func(r, s int) bool {
		return r > 0 && s > 0 && (r <= half) != (s <= half)
	}}
}

// oneWay is told by pick which half is deaf: the first, or the others.
func oneWay(n int, pick uint64) cut {
	half, others := n/2, pick%2 == 1
	return cut{half, func(r, s int) bool { return (r < half) != (s < half) && (r < half) != others }}
}

// apply is the grudge of the shape over nodes in the given order, and the nodes it singles out.
func (s shape) apply(order []string, pick uint64) ([]string, Grudge) {
	c := s.cut(len(order), pick)
	g := make(Grudge)
	for r, receiver := range order {
		for s, sender := range order {
			if r != s && c.drops(r, s) {
				g[receiver] = append(g[receiver], sender)
			}
		}
		slices.Sort(g[receiver])
	}
	return slices.Sorted(slices.Values(order[:c.singled])), g
}

// shapeNamed is the shape of that name, if n nodes are enough for it.
func shapeNamed(name string, n int) (shape, error) {
	at := slices.IndexFunc(shapes, func(s shape) bool { return s.name == name })
	if at < 0 {
		return shape{}, fmt.Errorf("shape %.40q is none of %s", name, names(shapes))
	}
	if n < shapes[at].least {
		return shape{}, fmt.Errorf("shape %s needs %d nodes, there are %d", name, shapes[at].least, n)
	}
	return shapes[at], nil
}
