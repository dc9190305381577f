package elle

import (
	"fmt"
	"slices"
	"strings"

	"sunder/checker"
)

// infer draws the arcs that a level asks for.
func (k *knowledge) infer(level string) {
	var clocks [][]int32
	if level == "causal" {
		if clocks = k.clocks(); clocks == nil {
			return // who knew whom goes in a circle already
		}
	}
	for i := range k.t.All {
		t := int32(i)
		for at, s := range k.sees[t] {
			earlier := k.sees[t]
			if level == "read-committed" {
				earlier = earlier[:at]
			}
			for _, e := range earlier {
				if e.from != none && k.writes(e.from, s.key) {
					k.first(e.from, s, t)
				}
			}
			switch level {
			case "read-atomic":
				k.last(k.process[t], k.place[t]-1, s, t)
			case "causal":
				for p, place := range clocks[t] {
					k.last(int32(p), place, s, t)
				}
			}
		}
	}
}

func (k *knowledge) writes(t, key int32) bool {
	return slices.ContainsFunc(k.t.All[t].Mops, func(m Mop) bool { return m.Write && m.Key == key })
}

// last: a reader knew a process up to a place, so it knew the last write of the key by then.
func (k *knowledge) last(process, place int32, s seesKey, reader int32) {
	l := &k.lines[process]
	places := l.writes[s.key]
	if at, _ := slices.BinarySearch(places, place+1); at > 0 {
		k.first(l.txns[places[at-1]-1], s, reader)
	}
}

// first: a reader of a key knew that t wrote it, and read it from another one; t came before that.
func (k *knowledge) first(t int32, s seesKey, reader int32) {
	switch {
	case s.from == t || t == reader:
	case s.from == none:
		if slices.ContainsFunc(k.anomalies, func(x anomaly) bool {
			return x.class == unseenWrite && x.key == s.key && slices.Equal(x.txns, []int32{reader, t})
		}) {
			return
		}
		k.report(unseenWrite, s.key, []int32{reader, t},
			"%s was read as nothing by a transaction that knew of a write to it", k.t.Keys[s.key])
	default:
		pair := [2]int32{t, s.from}
		if _, drawn := k.reasons[pair]; !drawn {
			k.reasons[pair] = reason{reader, s.key}
			k.arcs = append(k.arcs, arc{t, s.from, known})
		}
	}
}

// clocks says of each transaction how far it knew each process, or nil if that goes in a circle.
func (k *knowledge) clocks() [][]int32 {
	n := len(k.t.All)
	g := newGraph(n, k.arcs)
	waits := make([]int32, n)
	for _, a := range k.arcs {
		waits[a.to]++
	}
	var ready []int32
	for i := range n {
		if waits[i] == 0 {
			ready = append(ready, int32(i))
		}
	}
	all := make([]int32, n*len(k.lines))
	clocks := make([][]int32, n)
	for i := range clocks {
		clocks[i] = all[i*len(k.lines) : (i+1)*len(k.lines)]
	}
	done := 0
	for ; len(ready) > 0; done++ {
		t := ready[len(ready)-1]
		ready = ready[:len(ready)-1]
		for _, a := range g.from(t) {
			clock := clocks[a.to]
			for p, place := range clocks[t] {
				clock[p] = max(clock[p], place)
			}
			clock[k.process[t]] = max(clock[k.process[t]], k.place[t])
			if waits[a.to]--; waits[a.to] == 0 {
				ready = append(ready, a.to)
			}
		}
	}
	if done < n {
		return nil
	}
	return clocks
}

// cycles finds one cycle in each component.
func (k *knowledge) cycles(level string) []cycle {
	g := newGraph(len(k.t.All), k.arcs)
	_, knots := g.components(nil, wr|process|known)
	var found []cycle
	for _, knot := range knots[:min(len(knots), cyclesMax)] {
		s := newSeeker(g, knot, len(k.t.All))
		for _, need := range []edge{known, wr, process} {
			if steps := s.find(class{arcs: wr | process | known, need: need, shape: anyRW},
				0); steps != nil {
				found = append(found, cycle{"not-" + level, steps})
				break
			}
		}
	}
	return found
}

// cyclic is a cycle in words, with who knew what.
func (k *knowledge) cyclic(c cycle) checker.Anomaly {
	out := k.analysis.cyclic(c)
	var b strings.Builder
	for i, s := range c.steps {
		next := c.steps[(i+1)%len(c.steps)].txn
		if r, is := k.reasons[[2]int32{s.txn, next}]; is && s.kind == known {
			fmt.Fprintf(&b, "; T%d read %s from T%d and knew T%d, which wrote it too",
				k.t.All[r.reader].Index, k.t.Keys[r.key], k.t.All[next].Index, k.t.All[s.txn].Index)
			out.Ops = append(out.Ops, k.t.All[r.reader].Index)
		}
	}
	out.Words += b.String()
	return out
}
