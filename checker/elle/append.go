package elle

import (
	"fmt"
	"slices"

	"sunder/harness/history"
)

// anomaly is an impossibility that is no cycle.
type anomaly struct {
	class string
	key   int32
	txns  []int32
	words string
}

// version names what one append, or one write, left behind.
type version struct {
	key   int32
	value int64
}

// analysis is what is known of the transactions.
type analysis struct {
	t         *Txns
	writer    map[version]int32
	last      map[version]bool // the writer's last write of the key, where it has several
	anomalies []anomaly
	counts    map[string]int
	arcs      []arc
}

// anomaliesMax bounds how many anomalies of one class are kept.
const anomaliesMax = 10

func (a *analysis) report(class string, key int32, txns []int32, format string, args ...any) {
	if a.counts[class]++; a.counts[class] <= anomaliesMax {
		a.anomalies = append(a.anomalies, anomaly{class, key, txns, fmt.Sprintf(format, args...)})
	}
}

// newAnalysis learns who wrote what. It is false where a value was written twice: then nothing can
// be said.
func newAnalysis(t *Txns) (a *analysis, twice string) {
	a = &analysis{t: t, writer: make(map[version]int32, 2*len(t.All)),
		last: make(map[version]bool), counts: make(map[string]int)}
	for i := range t.All {
		for k, m := range t.All[i].Mops {
			if !m.Write {
				continue
			}
			v := version{m.Key, m.Value}
			if w, written := a.writer[v]; written {
				return nil, fmt.Sprintf("events %d and %d both write %s to %s", t.All[w].Index,
					t.All[i].Index, t.say(m.Value), t.Keys[m.Key])
			}
			a.writer[v] = int32(i)
			for _, later := range t.All[i].Mops[k+1:] {
				if later.Write && later.Key == m.Key {
					a.last[v] = false
					break
				}
			}
		}
	}
	return a, ""
}

// happened is the transaction that wrote v, unless there is none, or only a failed one.
func (a *analysis) happened(v version) (int32, bool) {
	w, written := a.writer[v]
	return w, written && a.t.All[w].Kind != history.Fail
}

// intermediate says that the writer of v wrote the key once more.
func (a *analysis) intermediate(v version) bool {
	last, known := a.last[v]
	return known && !last
}

// appends analyses lists: the longest read of each key is the order of its versions.
func (a *analysis) appends() {
	longest := make([][]int64, len(a.t.Keys))
	reader := make([]int32, len(a.t.Keys))
	for i := range a.t.All {
		if a.t.All[i].Kind != history.OK {
			continue
		}
		a.internalAppends(int32(i))
		for _, m := range a.t.All[i].Mops {
			if !m.Write && len(m.List) > len(longest[m.Key]) {
				longest[m.Key], reader[m.Key] = m.List, int32(i)
			}
		}
	}
	for k, list := range longest {
		a.order(int32(k), list, reader[k])
	}
	place := a.places(longest)
	for i := range a.t.All {
		if a.t.All[i].Kind == history.OK {
			a.reads(int32(i), longest, place, reader)
		}
	}
	a.unseen(longest, place)
}

// places is where each version stands in the longest read of its key.
func (a *analysis) places(longest [][]int64) map[version]int {
	place := make(map[version]int, len(a.writer))
	for k, list := range longest {
		for p, v := range list {
			place[version{int32(k), v}] = p
		}
	}
	return place
}

// order draws the ww arcs of one key, and looks at what the longest read holds.
func (a *analysis) order(key int32, list []int64, reader int32) {
	seen := make(map[int64]bool, len(list))
	before := int32(-1)
	for _, v := range list {
		if seen[v] {
			a.report("duplicate-elements", key, []int32{reader}, "%s of %s is in the list twice",
				a.t.say(v), a.t.Keys[key])
		}
		seen[v] = true
		w, written := a.happened(version{key, v})
		if !written {
			before = -1
			continue
		}
		if before >= 0 && before != w {
			a.arcs = append(a.arcs, arc{before, w, ww})
		}
		before = w
	}
}

// reads looks at what transaction i read: draws wr arcs from the writers of versions and rw arcs to
// the writers of the next ones.
func (a *analysis) reads(i int32, longest [][]int64, place map[version]int, reader []int32) {
	txn := &a.t.All[i]
	for k, m := range txn.Mops {
		if m.Write || !m.Known {
			continue
		}
		list := m.List
		full := longest[m.Key]
		if !slices.Equal(list, full[:len(list)]) {
			a.report("incompatible-order", m.Key, []int32{i, reader[m.Key]},
				"%s was read as %s and as %s: neither begins with the other", a.t.Keys[m.Key],
				a.t.list(list), a.t.list(full))
			continue
		}
		own := 0 // appends of its own before the read
		for _, earlier := range txn.Mops[:k] {
			if earlier.Write && earlier.Key == m.Key {
				own++
			}
		}
		list = list[:max(0, len(list)-own)]
		if len(list) > 0 {
			a.readsFrom(i, version{m.Key, list[len(list)-1]})
		}
		for _, v := range list {
			a.aborted(i, version{m.Key, v})
		}
		if own == 0 && len(list) < len(full) {
			if w, written := a.happened(version{m.Key, full[len(list)]}); written && w != i {
				a.arcs = append(a.arcs, arc{i, w, rw})
			}
		}
	}
}

// readsFrom draws a wr arc.
func (a *analysis) readsFrom(i int32, v version) {
	w, written := a.writer[v]
	if !written || w == i {
		return
	}
	if a.t.All[w].Kind != history.Fail {
		a.arcs = append(a.arcs, arc{w, i, wr})
	}
	if a.intermediate(v) {
		a.report("G1b", v.key, []int32{i, w},
			"%s of %s was read, though its transaction wrote the key once more",
			a.t.say(v.value), a.t.Keys[v.key])
	}
}

// aborted looks whether a version that was read can have existed at all.
func (a *analysis) aborted(i int32, v version) {
	w, written := a.writer[v]
	if !written {
		a.report("phantom-read", v.key, []int32{i}, "%s of %s was read, but nobody wrote it",
			a.t.say(v.value), a.t.Keys[v.key])
	} else if a.t.All[w].Kind == history.Fail {
		a.report("G1a", v.key, []int32{i, w},
			"%s of %s was read, but the transaction that wrote it failed",
			a.t.say(v.value), a.t.Keys[v.key])
	}
}

// unseenMax bounds the arcs of one key from those who read all of it.
const unseenMax = 4096

// unseen draws rw arcs from those who read the longest list of a key to those whose appends to it
// succeeded, but are not in it: they came later.
func (a *analysis) unseen(longest [][]int64, place map[version]int) {
	late := make([][]int32, len(longest))
	for i := range a.t.All {
		if a.t.All[i].Kind != history.OK {
			continue
		}
		for _, m := range a.t.All[i].Mops {
			if _, seen := place[version{m.Key, m.Value}]; m.Write && !seen {
				late[m.Key] = append(late[m.Key], int32(i))
			}
		}
	}
	drawn := make([]int, len(longest))
	for i := range a.t.All {
		if a.t.All[i].Kind != history.OK {
			continue
		}
		for _, m := range a.t.All[i].Mops {
			if m.Write || len(m.List) != len(longest[m.Key]) || len(late[m.Key]) == 0 {
				continue
			}
			for _, w := range late[m.Key] {
				if drawn[m.Key]++; w != int32(i) && drawn[m.Key] <= unseenMax {
					a.arcs = append(a.arcs, arc{int32(i), w, rw})
				}
			}
		}
	}
}

// internalAppends looks whether a transaction sees its own work: a read after reads and appends of
// the same key is the last read with the appends since.
func (a *analysis) internalAppends(i int32) {
	mops := a.t.All[i].Mops
	for k, m := range mops {
		if m.Write || !m.Known {
			continue
		}
		var tail []int64
		base, known := []int64(nil), false
		for _, e := range mops[:k] {
			switch {
			case e.Key != m.Key:
			case e.Write:
				tail = append(tail, e.Value)
			case e.Known:
				base, known, tail = e.List, true, nil
			}
		}
		if !known && len(tail) == 0 {
			continue
		}
		if known && !slices.Equal(m.List, append(slices.Clone(base), tail...)) ||
			len(m.List) < len(tail) || !slices.Equal(m.List[len(m.List)-len(tail):], tail) {
			a.report("internal", m.Key, []int32{i},
				"%s was read as %s, which does not fit what the same transaction read and wrote before",
				a.t.Keys[m.Key], a.t.list(m.List))
		}
	}
}
