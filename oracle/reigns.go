package oracle

import (
	"cmp"
	"fmt"
	"slices"

	"sunder/nodes"
)

// reigns judges leader completeness, whatever the order in which nodes tell. It knows a log by
// where it ends: by log matching an entry names all that is before it, and who wrote it, the
// leader of its term, has told where its own log ended when its reign began. So the log below is
// walked from reign to reign.
//
// In which term an entry was committed is nowhere written, and not the entry's own: the leader of
// a later term may have committed it. But it was no later than the term in which a node was that
// knew it, so the leaders of all later terms must have it.
type reigns struct {
	list []reign // ascending by term
	// top is the last entry that was known to be committed in a term, ascending by term and by
	// index: of all that lies before it, it need not be said.
	top []commitment
}

// reign is what is known of a term's leader.
type reign struct {
	term   uint64
	node   nodes.ID
	first  uint64 // from here on the log is its own; 0: not known
	end    place  // where the log ended with which it was elected
	known  bool   // end is known
	blamed bool
}

// commitment is an entry that a node knew to be committed when it was in a term.
type commitment struct {
	term  uint64
	entry place
	node  nodes.ID
}

func (r *reigns) reset() { r.list, r.top = r.list[:0], r.top[:0] }

// at is the place of a term's reign in the list.
func (r *reigns) at(term uint64) (int, bool) {
	if n := len(r.list); n == 0 || r.list[n-1].term < term {
		return n, false
	}
	return slices.BinarySearchFunc(r.list, term,
		func(one reign, term uint64) int { return cmp.Compare(one.term, term) })
}

// leader judges election safety, and completeness where the new leader tells how its log ends.
func (o *Oracle) leader(ob nodes.Observed, l *life) *Violation {
	r := &o.reigns
	i, led := r.at(ob.Term)
	if led && r.list[i].node != ob.Node {
		other := r.list[i].node
		return violation(ElectionSafety, ob, other, fmt.Sprintf(
			"%s leads term %d, which %s leads", ob.Node, ob.Term, other))
	}
	if led {
		return nil
	}
	r.list = slices.Insert(r.list, i, reign{term: ob.Term, node: ob.Node})
	if v := o.role(ob, l); v != nil || ob.Hash == 0 {
		return v
	}
	for _, end := range [...]mark{l.end, l.commit} { // one of them, or the log is not told in full
		if end.index == ob.Index && end.hash == ob.Hash {
			one := &r.list[i]
			one.first, one.end, one.known = ob.Index+1, end.place, true
			return r.judgeFrom(i, ob)
		}
	}
	return nil
}

// begins takes in the first entry that a leader appends in its term.
func (r *reigns) begins(ob nodes.Observed) *Violation {
	i, led := r.at(ob.Term)
	if !led || r.list[i].node != ob.Node || r.list[i].first != 0 {
		return nil
	}
	one := &r.list[i]
	one.first, one.known = ob.Index, ob.Index == 1 // then there is nothing before
	return r.judgeFrom(i, ob)
}

// committed takes in an entry that a node in a term knows to be committed.
func (r *reigns) committed(ob nodes.Observed, term uint64) *Violation {
	k := len(r.top)
	if k > 0 && r.top[k-1].term > term {
		k, _ = slices.BinarySearchFunc(r.top, term+1,
			func(c commitment, term uint64) int { return cmp.Compare(c.term, term) })
	}
	if k > 0 && r.top[k-1].entry.index >= ob.Index {
		return nil
	}
	own := commitment{term, place{ob.Index, ob.Term}, ob.Node}
	if k > 0 && r.top[k-1].term == term {
		k--
		r.top[k] = own
	} else {
		r.top = slices.Insert(r.top, k, own)
	}
	implied := k + 1
	for implied < len(r.top) && r.top[implied].entry.index <= ob.Index {
		implied++
	}
	r.top = slices.Delete(r.top, k+1, implied)
	i, led := r.at(term)
	if led {
		i++
	}
	return r.judgeFrom(i, ob)
}

// judgeFrom judges the leaders from a place of the list on: of those above, it may only now be
// known where their logs come from. It returns the first one that is to blame.
func (r *reigns) judgeFrom(i int, ob nodes.Observed) *Violation {
	for ; i < len(r.list); i++ {
		one := &r.list[i]
		k, _ := slices.BinarySearchFunc(r.top, one.term,
			func(c commitment, term uint64) int { return cmp.Compare(c.term, term) })
		if k == 0 || one.blamed || r.holds(one, r.top[k-1].entry) {
			continue
		}
		one.blamed = true
		c := r.top[k-1]
		ob.Node, ob.Term, ob.Index = one.node, one.term, c.entry.index
		return violation(LeaderCompleteness, ob, c.node, fmt.Sprintf(
			"%s leads term %d without entry %d of term %d, which %s, in term %d, knew to be committed",
			one.node, one.term, c.entry.index, c.entry.term, c.node, c.term))
	}
	return nil
}

// holds says whether the log with which a leader was elected has an entry, or may have it for all
// that is known.
func (r *reigns) holds(one *reign, want place) bool {
	for {
		if one.first != 0 && want.index >= one.first {
			return false // its own entry stands there, or none
		}
		if !one.known {
			return true
		}
		end := one.end
		if want.index >= end.index {
			return want == end
		}
		i, led := r.at(end.term)
		if !led || end.term >= one.term {
			return true
		}
		one = &r.list[i]
		if one.first != 0 && want.index >= one.first {
			return want.term == one.term
		}
	}
}
