package elle

import (
	"fmt"
	"math/bits"
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

// written is a version that somebody wrote.
type written struct {
	version
	txn   int32
	place int32 // in the longest read of its key, or unread
	again bool  // its transaction wrote the key once more
}

const unread = int32(-1)

// analysis is what is known of the transactions.
type analysis struct {
	t         *Txns
	versions  []written // in the order of transactions
	places    []int32   // of versions by hash, + 1: open addressing, at most half full
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

// newAnalysis learns who wrote what. It is nil where a value was written twice, and says where:
// then nothing can be inferred.
func newAnalysis(t *Txns) (a *analysis, twice string) {
	writes := 0
	for i := range t.All {
		for k := range t.All[i].Mops {
			if t.All[i].Mops[k].Write {
				writes++
			}
		}
	}
	a = &analysis{t: t, places: make([]int32, 1<<bits.Len(uint(2*writes))),
		counts: make(map[string]int), versions: make([]written, 0, writes),
		arcs: make([]arc, 0, 6*len(t.All))}
	for i := range t.All {
		mops := t.All[i].Mops
		for k := range mops {
			m := &mops[k]
			if !m.Write {
				continue
			}
			v := version{m.Key, m.Value}
			place := a.find(v)
			if *place > 0 {
				return nil, fmt.Sprintf("events %d and %d both write %s to %s",
					t.All[a.versions[*place-1].txn].Index, t.All[i].Index, t.say(m.Value), t.Keys[m.Key])
			}
			again := slices.ContainsFunc(mops[k+1:], func(n Mop) bool { return n.Write && n.Key == m.Key })
			a.versions = append(a.versions, written{v, int32(i), unread, again})
			*place = int32(len(a.versions))
		}
	}
	return a, ""
}

// find is where the number of a version stands, or will.
func (a *analysis) find(v version) *int32 {
	h := uint64(v.value)*0x9e3779b97f4a7c15 + uint64(uint32(v.key))*0xc2b2ae3d27d4eb4f
	mask := uint64(len(a.places) - 1)
	for h ^= h >> 32; ; h++ {
		place := &a.places[h&mask]
		if *place == 0 || a.versions[*place-1].version == v {
			return place
		}
	}
}

// writer is what is known of a version, or nil if nobody wrote it.
func (a *analysis) writer(v version) *written {
	if at := *a.find(v); at > 0 {
		return &a.versions[at-1]
	}
	return nil
}

// happened says that w may have taken effect: somebody wrote it, and did not fail.
func (a *analysis) happened(w *written) bool {
	return w != nil && a.t.All[w.txn].Kind != history.Fail
}

// list is the longest read of a key: the order of its versions.
type list struct {
	values  []int64
	reader  int32
	writers []*written // of the values; nil where there is none
	bad     []int32    // places of values that cannot have existed
}

// appends analyses lists.
func (a *analysis) appends() {
	lists := make([]list, len(a.t.Keys))
	for i := range a.t.All {
		if a.t.All[i].Kind != history.OK {
			continue
		}
		a.internalAppends(int32(i))
		for k := range a.t.All[i].Mops {
			m := &a.t.All[i].Mops[k]
			if l := &lists[m.Key]; !m.Write && len(m.List) > len(l.values) {
				l.values, l.reader = m.List, int32(i)
			}
		}
	}
	for k := range lists {
		a.order(int32(k), &lists[k])
	}
	for i := range a.t.All {
		if a.t.All[i].Kind == history.OK {
			a.reads(int32(i), lists)
		}
	}
	a.unseen(lists)
}

// order draws the ww arcs of one key, and looks at what the longest read holds.
func (a *analysis) order(key int32, l *list) {
	l.writers = make([]*written, len(l.values))
	var before *written
	for p, v := range l.values {
		w := a.writer(version{key, v})
		l.writers[p] = w
		if w != nil && w.place != unread {
			a.report("duplicate-elements", key, []int32{l.reader}, "%s of %s is in the list twice",
				a.t.say(v), a.t.Keys[key])
		}
		if w != nil {
			w.place = int32(p)
		}
		if !a.happened(w) {
			l.bad = append(l.bad, int32(p))
			before = nil
			continue
		}
		if before != nil && before.txn != w.txn {
			a.arcs = append(a.arcs, arc{before.txn, w.txn, ww})
		}
		before = w
	}
}

// reads looks at what transaction i read: draws wr arcs from the writers of versions and rw arcs to
// the writers of the next ones.
func (a *analysis) reads(i int32, lists []list) {
	txn := &a.t.All[i]
	for k := range txn.Mops {
		m := &txn.Mops[k]
		if m.Write || !m.Known {
			continue
		}
		l := &lists[m.Key]
		if !slices.Equal(m.List, l.values[:len(m.List)]) {
			a.report("incompatible-order", m.Key, []int32{i, l.reader},
				"%s was read as %s and as %s: neither begins with the other", a.t.Keys[m.Key],
				a.t.list(m.List), a.t.list(l.values))
			continue
		}
		own := 0 // appends of its own before the read
		for _, earlier := range txn.Mops[:k] {
			if earlier.Write && earlier.Key == m.Key {
				own++
			}
		}
		n := max(0, len(m.List)-own)
		if n > 0 && l.writers[n-1] != nil {
			a.readsFrom(i, l.writers[n-1])
		}
		for _, p := range l.bad {
			if int(p) < n {
				a.aborted(i, version{m.Key, l.values[p]}, l.writers[p])
			}
		}
		if own == 0 && n < len(l.values) {
			if w := l.writers[n]; a.happened(w) && w.txn != i {
				a.arcs = append(a.arcs, arc{i, w.txn, rw})
			}
		}
	}
}

// readsFrom draws a wr arc.
func (a *analysis) readsFrom(i int32, w *written) {
	if w.txn == i {
		return
	}
	if a.happened(w) {
		a.arcs = append(a.arcs, arc{w.txn, i, wr})
	}
	if w.again {
		a.report("G1b", w.key, []int32{i, w.txn},
			"%s of %s was read, though its transaction wrote the key once more",
			a.t.say(w.value), a.t.Keys[w.key])
	}
}

// aborted tells that a version that was read cannot have existed.
func (a *analysis) aborted(i int32, v version, w *written) {
	if w == nil {
		a.report("phantom-read", v.key, []int32{i}, "%s of %s was read, but nobody wrote it",
			a.t.say(v.value), a.t.Keys[v.key])
	} else if a.t.All[w.txn].Kind == history.Fail {
		a.report("G1a", v.key, []int32{i, w.txn},
			"%s of %s was read, but the transaction that wrote it failed", a.t.say(v.value),
			a.t.Keys[v.key])
	}
}

// unseenMax bounds the arcs of one key from those who read all of it.
const unseenMax = 4096

// unseen draws rw arcs from those who read the longest list of a key to those whose appends to it
// succeeded, but are not in it: they came later.
func (a *analysis) unseen(lists []list) {
	late := make([][]int32, len(lists))
	for i := range a.versions {
		if w := &a.versions[i]; w.place == unread && a.t.All[w.txn].Kind == history.OK {
			late[w.key] = append(late[w.key], w.txn)
		}
	}
	drawn := make([]int, len(lists))
	for i := range a.t.All {
		if a.t.All[i].Kind != history.OK {
			continue
		}
		for _, m := range a.t.All[i].Mops {
			if m.Write || len(m.List) != len(lists[m.Key].values) {
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
	for k := range mops {
		m := &mops[k]
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
