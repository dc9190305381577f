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
	// LeaderCompleteness: the log of a new leader holds every entry that was committed in an
	// earlier term.
	LeaderCompleteness = "leader completeness"
	// OneVote: a node votes for one candidate in a term.
	OneVote = "one vote"
	// MonotoneTerm: a node never takes part in a term below one in which it voted, or below that of
	// an entry that it has.
	MonotoneTerm = "monotone term"
	// LogMatching: logs with an entry of the same index and term are the same up to it.
	LogMatching = "log matching"
	// CommitAgreement: no two nodes commit different entries at an index.
	CommitAgreement = "commit agreement"
	// AppendOnly: a leader only appends to its own log, and what a node knows to be committed
	// only grows while it runs.
	AppendOnly = "append only"
	// StateAgreement: nodes that applied the same entries have the same state.
	StateAgreement = "state agreement"
	// ExactlyOnce: a command of a session takes effect at one place of the log.
	ExactlyOnce = "exactly once"
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
	reigns  reigns
	entries table          // of one term at each index
	others  map[place]seen // of further terms
	commits table
	states  table           // after an index
	done    map[uint64]deed // of sessions
	lives   []life          // by node
	votes   []ballot        // by node

	acceptors acceptors
}

// place names an entry of a log.
type place struct{ index, term uint64 }

// mark is a place with its chain hash.
type mark struct {
	place
	hash uint64
}

// life is what a node said since it booted.
type life struct {
	boot     uint64
	term     uint64 // of its last role; 0: it has told none yet
	leads    uint64 // the term that it leads, or 0
	appended uint64 // in that term
	end      mark   // the last that it appended
	commit   mark
}

// ballot is the last vote of a node, over all its lives: it had to be durable.
type ballot struct {
	term uint64
	peer nodes.ID
}

// deed is where a command of a session was done, and who said so first.
type deed struct {
	index uint64
	node  nodes.ID
}

// New is an oracle that has seen nothing.
func New() *Oracle {
	return &Oracle{others: map[place]seen{}, done: map[uint64]deed{}}
}

// Reset forgets everything but the memory that it takes: a simulation runs thousands of clusters.
func (o *Oracle) Reset() {
	o.reigns.reset()
	o.entries.reset()
	clear(o.others)
	o.commits.reset()
	o.states.reset()
	clear(o.done)
	clear(o.lives)
	clear(o.votes)
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
		o.lives, o.votes = append(o.lives, life{}), append(o.votes, ballot{})
	}
	l := &o.lives[ob.Node]
	if l.boot != ob.Boot {
		*l = life{boot: ob.Boot}
	}
	var v *Violation
	switch ob.Fact {
	case nodes.BecameLeader:
		l.term, l.leads, l.appended = ob.Term, ob.Term, 0
		v = o.leader(ob, l)
	case nodes.BecameFollower, nodes.BecameCandidate:
		l.term, l.leads = ob.Term, 0
		v = o.role(ob, l)
	case nodes.Voted:
		v = o.voted(ob, l)
	case nodes.Appended:
		v = o.appended(ob, l)
	case nodes.Committed:
		v = o.committed(ob, l)
	case nodes.Applied:
		v = o.applied(ob)
	case nodes.Executed:
		v = o.executed(ob)
	case nodes.Promised, nodes.Accepted, nodes.Decided:
		v = o.acceptors.observe(ob)
	}
	return v
}

// role judges that a node takes part in a term.
func (o *Oracle) role(ob nodes.Observed, l *life) *Violation {
	if voted := o.votes[ob.Node].term; ob.Term < voted {
		return violation(MonotoneTerm, ob, ob.Node, fmt.Sprintf(
			"%s takes part in term %d after it voted in term %d", ob.Node, ob.Term, voted))
	}
	if ob.Term < l.end.term {
		return violation(MonotoneTerm, ob, ob.Node, fmt.Sprintf(
			"%s takes part in term %d with entry %d of term %d at the end of its log",
			ob.Node, ob.Term, l.end.index, l.end.term))
	}
	return nil
}

func (o *Oracle) voted(ob nodes.Observed, l *life) *Violation {
	before := &o.votes[ob.Node]
	switch {
	case before.term > ob.Term:
		return o.role(ob, l)
	case before.term == ob.Term && before.peer != ob.Peer:
		return violation(OneVote, ob, ob.Node, fmt.Sprintf(
			"%s votes for %s in term %d, in which it voted for %s",
			ob.Node, ob.Peer, ob.Term, before.peer))
	}
	*before = ballot{ob.Term, ob.Peer}
	return nil
}

func (o *Oracle) appended(ob nodes.Observed, l *life) *Violation {
	l.end = markOf(ob)
	if l.leads != 0 && l.leads == ob.Term {
		if l.appended == 0 {
			if v := o.reigns.begins(ob); v != nil {
				return v
			}
		}
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
	if ob.Index < l.commit.index {
		return violation(AppendOnly, ob, ob.Node, fmt.Sprintf(
			"%s goes back from commit index %d to %d", ob.Node, l.commit.index, ob.Index))
	}
	l.commit = markOf(ob)
	first := o.commits.get(ob.Index)
	switch {
	case first.node == 0:
		o.commits.put(ob.Index, seen{ob.Hash, ob.Term, ob.Node})
		if v := o.matches(ob); v != nil {
			return v
		}
	case first.hash != ob.Hash || first.term != ob.Term:
		return violation(CommitAgreement, ob, first.node, fmt.Sprintf(
			"%s committed entry %d of term %d, %s another one of term %d", ob.Node, ob.Index,
			ob.Term, first.node, first.term))
	}
	if l.term == 0 {
		return nil // told at a boot: nobody knows in which term it was committed
	}
	return o.reigns.committed(ob, l.term)
}

func (o *Oracle) applied(ob nodes.Observed) *Violation {
	if ob.Hash == 0 {
		return nil
	}
	first := o.states.get(ob.Index)
	switch {
	case first.node == 0:
		o.states.put(ob.Index, seen{ob.Hash, ob.Term, ob.Node})
	case first.hash != ob.Hash:
		return violation(StateAgreement, ob, first.node, fmt.Sprintf(
			"%s and %s have different states after entry %d", ob.Node, first.node, ob.Index))
	}
	return nil
}

func (o *Oracle) executed(ob nodes.Observed) *Violation {
	first, done := o.done[ob.Hash]
	switch {
	case !done:
		o.done[ob.Hash] = deed{ob.Index, ob.Node}
	case first.index != ob.Index:
		return violation(ExactlyOnce, ob, first.node, fmt.Sprintf(
			"%s does a command of a session at entry %d, which %s did at entry %d",
			ob.Node, ob.Index, first.node, first.index))
	}
	return nil
}

func markOf(ob nodes.Observed) mark { return mark{place{ob.Index, ob.Term}, ob.Hash} }

func violation(oracle string, ob nodes.Observed, other nodes.ID, words string) *Violation {
	return &Violation{Oracle: oracle, Words: words, Node: ob.Node, Other: other,
		Term: ob.Term, Index: ob.Index}
}
