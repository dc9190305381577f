package elle

// edge says why one transaction comes before another.
type edge uint8

const (
	ww       edge = 1 << iota // the second wrote the version after the first's
	wr                        // the second read what the first wrote
	rw                        // the second wrote the version after the one the first read
	process                   // the same process did the first and then the second
	realtime                  // the first had completed before the second was invoked
	known                     // somebody read a key from the second and knew that the first wrote it
)

var edgeNames = map[edge]string{ww: "ww", wr: "wr", rw: "rw", process: "process",
	realtime: "realtime", known: "known"}

// arc is an edge between two nodes.
type arc struct {
	from, to int32
	kind     edge
}

// graph is nodes 0 to n-1 and the arcs that leave each. The first are transactions, in order; the
// others stand for moments of time, so that arcs stay few.
type graph struct {
	n     int
	start []int32 // where in out the arcs of a node begin
	out   []target
}

type target struct {
	to   int32
	kind edge
}

func newGraph(n int, arcs []arc) *graph {
	g := &graph{n: n, start: make([]int32, n+1), out: make([]target, len(arcs))}
	for _, a := range arcs {
		g.start[a.from+1]++
	}
	for i := range n {
		g.start[i+1] += g.start[i]
	}
	at := append([]int32(nil), g.start...)
	for _, a := range arcs {
		g.out[at[a.from]] = target{a.to, a.kind}
		at[a.from]++
	}
	return g
}

func (g *graph) from(v int32) []target { return g.out[g.start[v]:g.start[v+1]] }

// components finds the strongly connected components of the subgraph of nodes within (nil: all)
// and arcs of kinds (Tarjan, SIAM J. Comput. 1(2), 1972). It gives each node a number, equal within
// a component, and lists those components that have more than one node.
func (g *graph) components(within []int32, kinds edge) (of []int32, cyclic [][]int32) {
	t := tarjan{g: g, kinds: kinds, index: make([]int32, g.n), low: make([]int32, g.n),
		of: make([]int32, g.n)}
	if within == nil {
		for v := range int32(g.n) {
			if t.index[v] == 0 {
				t.visit(v)
			}
		}
		return t.of, t.cyclic
	}
	for v := range t.index {
		t.index[v] = outside
	}
	for _, v := range within {
		t.index[v] = 0
	}
	for _, v := range within {
		if t.index[v] == 0 {
			t.visit(v)
		}
	}
	return t.of, t.cyclic
}

const outside = int32(-1)

type tarjan struct {
	g          *graph
	kinds      edge
	index, low []int32 // index: order of discovery, 0: not yet
	of         []int32 // component, 0: none yet
	found      int32
	count      int32
	stack      []int32
	calls      []visit
	cyclic     [][]int32
}

type visit struct {
	v  int32
	at int32 // next arc
}

// visit explores from v without recursion: paths are as long as histories.
func (t *tarjan) visit(v int32) {
	t.enter(v)
	for len(t.calls) > 0 {
		c := &t.calls[len(t.calls)-1]
		if c.at < t.g.start[c.v+1] {
			a := t.g.out[c.at]
			c.at++
			if a.kind&t.kinds == 0 || t.index[a.to] == outside {
				continue
			}
			if t.index[a.to] == 0 {
				t.enter(a.to)
			} else if t.of[a.to] == 0 {
				t.low[c.v] = min(t.low[c.v], t.index[a.to])
			}
			continue
		}
		done := c.v
		t.calls = t.calls[:len(t.calls)-1]
		if len(t.calls) > 0 {
			up := t.calls[len(t.calls)-1].v
			t.low[up] = min(t.low[up], t.low[done])
		}
		if t.low[done] == t.index[done] {
			t.leave(done)
		}
	}
}

func (t *tarjan) enter(v int32) {
	t.count++
	t.index[v], t.low[v] = t.count, t.count
	t.stack = append(t.stack, v)
	t.calls = append(t.calls, visit{v, t.g.start[v]})
}

// leave takes the component of root off the stack.
func (t *tarjan) leave(root int32) {
	t.found++
	at := len(t.stack) - 1
	for ; ; at-- {
		t.of[t.stack[at]] = t.found
		if t.stack[at] == root {
			break
		}
	}
	if len(t.stack)-at > 1 {
		t.cyclic = append(t.cyclic, append([]int32(nil), t.stack[at:]...))
	}
	t.stack = t.stack[:at]
}
