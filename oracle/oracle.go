// Package oracle judges what nodes observed of themselves: the safety properties of a replicated
// log, which hold at every step, whatever clients get to see.
//
// A white-box oracle finds a broken log long before a client reads something impossible, and says
// which node broke it. It says nothing about reads and sessions: that is the checkers' part. The
// same code judges simulated runs, event by event, and recorded streams of containers. Nothing
// here depends on the order between nodes, only on the order within a node; so a recording can be
// judged although its nodes' clocks cannot be compared.
package oracle

import (
	"fmt"

	"sunder/nodes"
)

// The names of the oracles (extended Raft paper, figure 3).
const (
	// ElectionSafety: a term has at most one leader.
	ElectionSafety = "election safety"
	// OneVote: a node votes for one candidate in a term.
	OneVote = "one vote"
	// LogMatching: logs with an entry of the same index and term are the same up to it.
	LogMatching = "log matching"
	// CommitAgreement: no two nodes commit different entries at an index.
	CommitAgreement = "commit agreement"
	// AppendOnly: a leader only appends to its own log, and what a node knows to be committed
	// only grows while it runs.
	AppendOnly = "append only"
	// StateAgreement: nodes that applied the same entries have the same state.
	StateAgreement = "state agreement"
)

// Violation is a safety property that does not hold, and the observation that showed it.
type Violation struct {
	Oracle string   `json:"oracle"`
	Words  string   `json:"words"`           // a sentence
	Node   nodes.ID `json:"node"`            // who showed it
	Other  nodes.ID `json:"other,omitempty"` // who said otherwise before, maybe Node itself
	Term   uint64   `json:"term"`
	Index  uint64   `json:"index,omitempty"`
}

// Oracle judges observations one by one. The zero Oracle is not ready: see New.
type Oracle struct {
	leaders map[uint64]nodes.ID // of a term
	votes   map[voter]nodes.ID
	entries table          // of one term at each index
	others  map[place]seen // of further terms
	commits table
	states  map[uint64]seen // after an index
	lives   []life          // by node

	acceptors acceptors
}

type voter struct {
	node nodes.ID
	term uint64
}

// place names an entry of a log.
type place struct{ index, term uint64 }

// life is what a node said since it booted.
type life struct {
	boot     uint64
	leads    uint64 // the term that it leads, or 0
	appended uint64 // in that term
	commit   uint64
}

// New is an oracle that has seen nothing.
func New() *Oracle {
	return &Oracle{leaders: map[uint64]nodes.ID{}, votes: map[voter]nodes.ID{},
		others: map[place]seen{}, states: map[uint64]seen{}}
}

// Reset forgets everything but the memory that it takes: a simulation runs thousands of clusters.
func (o *Oracle) Reset() {
	clear(o.leaders)
	clear(o.votes)
	o.entries.reset()
	clear(o.others)
	o.commits.reset()
	clear(o.states)
	clear(o.lives)
	o.acceptors.reset()
}

// Judge judges recorded streams, each of one node and ordered by (Boot, Seq).
func Judge(streams [][]nodes.Observed) []Violation {
	var out []Violation
	o := New()
	for _, stream := range streams {
		for i := range stream {
			if v := o.Observe(stream[i]); v != nil {
				out = append(out, *v)
			}
		}
	}
	return out
}

// Observe takes in the next observation of a node, and returns what it violates, or nil. It
// allocates only for what is new and for violations.
func (o *Oracle) Observe(ob nodes.Observed) *Violation {
	for int(ob.Node) >= len(o.lives) {
		o.lives = append(o.lives, life{})
	}
	l := &o.lives[ob.Node]
	if l.boot != ob.Boot {
		*l = life{boot: ob.Boot}
	}
	var v *Violation
	switch ob.Fact {
	case nodes.BecameLeader:
		l.leads, l.appended = ob.Term, 0
		v = o.leader(ob)
	case nodes.BecameFollower, nodes.BecameCandidate:
		l.leads = 0
	case nodes.Voted:
		v = o.voted(ob)
	case nodes.Appended:
		v = o.appended(ob, l)
	case nodes.Committed:
		v = o.committed(ob, l)
	case nodes.Applied:
		v = o.applied(ob)
	case nodes.Promised, nodes.Accepted, nodes.Decided:
		v = o.acceptors.observe(ob)
	}
	return v
}

func (o *Oracle) leader(ob nodes.Observed) *Violation {
	other, led := o.leaders[ob.Term]
	if led && other != ob.Node {
		return violation(ElectionSafety, ob, other, fmt.Sprintf(
			"%s leads term %d, which %s leads", ob.Node, ob.Term, other))
	}
	o.leaders[ob.Term] = ob.Node
	return nil
}

func (o *Oracle) voted(ob nodes.Observed) *Violation {
	at := voter{ob.Node, ob.Term}
	before, voted := o.votes[at]
	if voted && before != ob.Peer {
		return violation(OneVote, ob, ob.Node, fmt.Sprintf(
			"%s votes for %s in term %d, in which it voted for %s",
			ob.Node, ob.Peer, ob.Term, before))
	}
	o.votes[at] = ob.Peer
	return nil
}

func (o *Oracle) appended(ob nodes.Observed, l *life) *Violation {
	if l.leads != 0 && l.leads == ob.Term {
		if ob.Index <= l.appended {
			return violation(AppendOnly, ob, ob.Node, fmt.Sprintf(
				"%s leads term %d, and its log goes back from entry %d to %d",
				ob.Node, ob.Term, l.appended, ob.Index))
		}
		l.appended = ob.Index
	}
	return o.matches(ob)
}

// matches compares an entry with what other nodes, or other lives, have at that place.
func (o *Oracle) matches(ob nodes.Observed) *Violation {
	at := place{ob.Index, ob.Term}
	own := seen{ob.Hash, ob.Term, ob.Node}
	first := o.entries.get(ob.Index)
	switch {
	case first.node == 0:
		o.entries.put(ob.Index, own)
		return nil
	case first.term != ob.Term:
		var known bool
		if first, known = o.others[at]; !known {
			o.others[at] = own
			return nil
		}
	}
	if first.hash == ob.Hash {
		return nil
	}
	return violation(LogMatching, ob, first.node, fmt.Sprintf(
		"the logs of %s and %s differ at or before entry %d of term %d",
		ob.Node, first.node, ob.Index, ob.Term))
}

func (o *Oracle) committed(ob nodes.Observed, l *life) *Violation {
	if ob.Index < l.commit {
		return violation(AppendOnly, ob, ob.Node, fmt.Sprintf(
			"%s goes back from commit index %d to %d", ob.Node, l.commit, ob.Index))
	}
	l.commit = ob.Index
	first := o.commits.get(ob.Index)
	switch {
	case first.node == 0:
		o.commits.put(ob.Index, seen{ob.Hash, ob.Term, ob.Node})
		return o.matches(ob)
	case first.hash != ob.Hash || first.term != ob.Term:
		return violation(CommitAgreement, ob, first.node, fmt.Sprintf(
			"%s committed entry %d of term %d, %s another one of term %d", ob.Node, ob.Index,
			ob.Term, first.node, first.term))
	}
	return nil
}

func (o *Oracle) applied(ob nodes.Observed) *Violation {
	if ob.Hash == 0 {
		return nil
	}
	first, known := o.states[ob.Index]
	if known && first.hash != ob.Hash {
		return violation(StateAgreement, ob, first.node, fmt.Sprintf(
			"%s and %s have different states after entry %d", ob.Node, first.node, ob.Index))
	}
	if !known {
		o.states[ob.Index] = seen{ob.Hash, ob.Term, ob.Node}
	}
	return nil
}

func violation(oracle string, ob nodes.Observed, other nodes.ID, words string) *Violation {
	return &Violation{Oracle: oracle, Words: words, Node: ob.Node, Other: other,
		Term: ob.Term, Index: ob.Index}
}
