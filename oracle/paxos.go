package oracle

import (
	"fmt"

	"sunder/nodes"
	ballots "sunder/nodes/ballot"
)

// The names of the oracles of Paxos (Lamport, "Paxos Made Simple", section 2.2).
const (
	// PromiseKept: an acceptor takes part in no ballot below one that it promised, or accepted
	// in, over restarts (P1a).
	PromiseKept = "promise kept"
	// OneValue: what is accepted in a ballot is one value for each decree.
	OneValue = "one value"
	// ChosenStays: after a value was chosen in a ballot, no other is accepted above it (P2b).
	ChosenStays = "chosen stays"
	// DecidedOnce: nobody learns two values of a decree.
	DecidedOnce = "decided once"
)

// acceptors judges what acceptors promise and accept, and what learners learn of it. A decree of
// 0 means all decrees: so Multi-Paxos promises.
type acceptors struct {
	decrees dense[decree]
	others  map[place]seen  // accepted in further ballots of a decree: place.term is the ballot
	floors  []dense[uint64] // by node: the least ballot that it may take part in
	helpers []helper        // by node
}

// decree is what was seen of one.
type decree struct {
	first   seen // accepted; seen.term is the ballot
	highest seen // accepted, in the largest ballot
	chosen  seen // in the least ballot of which a learner says so
	decided seen // whoever says so
}

func (a *acceptors) reset() {
	a.decrees.reset()
	clear(a.others)
	clear(a.helpers)
	for i := range a.floors {
		a.floors[i].reset()
	}
}

// observe takes in a Promised, an Accepted or a Decided.
func (a *acceptors) observe(ob nodes.Observed) *Violation {
	switch ob.Fact {
	case nodes.Promised:
		return a.floor(ob, "promises")
	case nodes.Accepted:
		if v := a.floor(ob, "accepts in"); v != nil {
			return v
		}
		if v := a.accepted(ob); v != nil {
			return v
		}
		return a.helped(ob)
	}
	a.learned(ob)
	return a.decided(ob)
}

// floor holds a ballot against what the acceptor promised before, and raises it.
func (a *acceptors) floor(ob nodes.Observed, does string) *Violation {
	for int(ob.Node) >= len(a.floors) {
		a.floors = append(a.floors, dense[uint64]{})
	}
	least := *a.floors[ob.Node].at(0)
	own := a.floors[ob.Node].at(ob.Index)
	if least = max(least, *own); ob.Term < least {
		return violation(PromiseKept, ob, ob.Node, fmt.Sprintf(
			"%s %s ballot %s%s after it promised %s", ob.Node, does, ballots.Ballot(ob.Term),
			ofDecree(ob.Index), ballots.Ballot(least)))
	}
	*own = ob.Term
	return nil
}

func ofDecree(index uint64) string {
	if index == 0 {
		return ""
	}
	return fmt.Sprintf(" of decree %d", index)
}

func (a *acceptors) accepted(ob nodes.Observed) *Violation {
	d := a.decrees.at(ob.Index)
	own := seen{ob.Hash, ob.Term, ob.Node}
	if v := a.oneValue(ob, d); v != nil {
		return v
	}
	if d.highest.node == 0 || own.term > d.highest.term {
		d.highest = own
	}
	if d.chosen.node != 0 && own.term > d.chosen.term && own.hash != d.chosen.hash {
		return a.replaced(ob, own, d.chosen)
	}
	return nil
}

// oneValue compares a value with what was accepted in the same ballot.
func (a *acceptors) oneValue(ob nodes.Observed, d *decree) *Violation {
	own := seen{ob.Hash, ob.Term, ob.Node}
	first := d.first
	switch {
	case first.node == 0:
		d.first = own
		return nil
	case first.term != ob.Term:
		var known bool
		at := place{ob.Index, ob.Term}
		if first, known = a.others[at]; !known {
			if a.others == nil {
				a.others = make(map[place]seen)
			}
			a.others[at] = own
			return nil
		}
	}
	if first.hash == ob.Hash {
		return nil
	}
	return violation(OneValue, ob, first.node, fmt.Sprintf(
		"%s and %s have different values of decree %d in ballot %s", ob.Node, first.node,
		ob.Index, ballots.Ballot(ob.Term)))
}

// replaced says that a value was accepted above another one that was chosen.
func (a *acceptors) replaced(ob nodes.Observed, above, chosen seen) *Violation {
	other := above.node
	if other == ob.Node {
		other = chosen.node
	}
	return violation(ChosenStays, ob, other, fmt.Sprintf(
		"a value of decree %d was chosen in ballot %s, and %s accepted another in %s", ob.Index,
		ballots.Ballot(chosen.term), above.node, ballots.Ballot(above.term)))
}

func (a *acceptors) decided(ob nodes.Observed) *Violation {
	d := a.decrees.at(ob.Index)
	own := seen{ob.Hash, ob.Term, ob.Node}
	switch {
	case d.decided.node == 0:
		d.decided = own
	case d.decided.hash != ob.Hash:
		return violation(DecidedOnce, ob, d.decided.node, fmt.Sprintf(
			"%s and %s learned different values of decree %d", ob.Node, d.decided.node, ob.Index))
	}
	if ob.Term == 0 { // it was told
		return nil
	}
	if d.chosen.node == 0 || own.term < d.chosen.term {
		d.chosen = own
	}
	if d.highest.term > own.term && d.highest.hash != own.hash {
		return a.replaced(ob, d.highest, own)
	}
	return a.oneValue(ob, d)
}

// dense is one T for each decree. Decrees are dense as a rule, so they are positions in a slice.
type dense[T any] struct {
	near []T
	far  map[uint64]*T
}

// at is the T of a decree. It is good until the next call.
func (t *dense[T]) at(index uint64) *T {
	if index >= nearMax {
		if t.far == nil {
			t.far = make(map[uint64]*T)
		}
		if t.far[index] == nil {
			t.far[index] = new(T)
		}
		return t.far[index]
	}
	for uint64(len(t.near)) <= index {
		var none T
		t.near = append(t.near, none)
	}
	return &t.near[index]
}

func (t *dense[T]) reset() {
	t.near = t.near[:0]
	clear(t.far)
}
