package elle

import "sunder/harness/history"

// registers analyses registers. The order of versions is inferred only where it is certain: the
// initial value comes first, and within a transaction what was read before what was then written.
func (a *analysis) registers() {
	next := make(map[version][]int64)
	for i := range a.t.All {
		if a.t.All[i].Kind == history.Fail {
			continue
		}
		a.within(int32(i), next)
	}
	for i := range a.t.All {
		if a.t.All[i].Kind == history.OK {
			a.internalRegisters(int32(i))
		}
	}
	for v, values := range a.afterNothing(next) {
		next[v] = values
	}
	a.versionArcs(next)
}

// within learns which version follows which from one transaction.
func (a *analysis) within(i int32, next map[version][]int64) {
	txn := &a.t.All[i]
	at := make(map[int32]int64)
	for _, m := range txn.Mops {
		if !m.Write {
			if m.Known {
				at[m.Key] = m.Value
			}
			continue
		}
		if before, known := at[m.Key]; known && before != m.Value {
			next[version{m.Key, before}] = append(next[version{m.Key, before}], m.Value)
		}
		at[m.Key] = m.Value
	}
}

// afterNothing is, for keys that somebody read as nothing, all values: they came later.
func (a *analysis) afterNothing(next map[version][]int64) map[version][]int64 {
	read := make(map[int32]bool)
	for i := range a.t.All {
		for _, m := range a.t.All[i].Mops {
			if !m.Write && m.Known && m.Value == nothing && a.t.All[i].Kind == history.OK {
				read[m.Key] = true
			}
		}
	}
	out := make(map[version][]int64)
	for i := range a.t.All {
		if a.t.All[i].Kind != history.OK {
			continue
		}
		for _, m := range a.t.All[i].Mops {
			if v := (version{m.Key, nothing}); m.Write && read[m.Key] && len(out[v]) < unseenMax {
				out[v] = append(out[v], m.Value)
			}
		}
	}
	return out
}

// versionArcs draws ww, wr and rw arcs.
func (a *analysis) versionArcs(next map[version][]int64) {
	for i := range a.t.All {
		txn := &a.t.All[i]
		if txn.Kind == history.Fail {
			continue
		}
		wrote := make(map[int32]bool)
		for _, m := range txn.Mops {
			v := version{m.Key, m.Value}
			kind := ww
			switch {
			case m.Write:
				wrote[m.Key] = true
			case !m.Known || wrote[m.Key]:
				continue
			default:
				kind = rw
				if m.Value != nothing {
					w := a.writer(v)
					a.aborted(int32(i), v, w)
					if w != nil {
						a.readsFrom(int32(i), w)
					}
				}
			}
			for _, later := range next[v] {
				if w := a.writer(version{m.Key, later}); a.happened(w) && w.txn != int32(i) {
					a.arcs = append(a.arcs, arc{int32(i), w.txn, kind})
				}
			}
		}
	}
}

// internalRegisters looks whether a transaction reads what it read or wrote before.
func (a *analysis) internalRegisters(i int32) {
	at := make(map[int32]int64)
	for _, m := range a.t.All[i].Mops {
		if before, known := at[m.Key]; known && !m.Write && m.Known && before != m.Value {
			a.report("internal", m.Key, []int32{i}, "%s was read as %s after %s in the same transaction",
				a.t.Keys[m.Key], a.t.say(m.Value), a.t.say(before))
		}
		if m.Write || m.Known {
			at[m.Key] = m.Value
		}
	}
}
