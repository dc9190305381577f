package figures

import (
	"fmt"
	"time"

	"sunder/nodes"
	"sunder/nodes/ballot"
)

// Reign is a stretch of time in which a node believed to have one role in one term.
type Reign struct {
	Node     string
	Role     nodes.Fact // BecameLeader, BecameFollower or BecameCandidate
	Term     uint64
	From, To time.Duration
}

// Reigns reads the roles of nodes from their observations, each node's in order, to the end of
// the run. A new boot ends what the last one believed.
func Reigns(observed []nodes.Observed, end time.Duration) []Reign {
	var out []Reign
	current := make(map[nodes.ID]int) // node → its reign's place in out
	boots := make(map[nodes.ID]uint64)
	last := make(map[nodes.ID]time.Duration)
	for _, o := range observed {
		i, reigns := current[o.Node]
		if reigns && boots[o.Node] != o.Boot {
			out[i].To = last[o.Node]
			delete(current, o.Node)
			reigns = false
		}
		boots[o.Node], last[o.Node] = o.Boot, o.Time
		switch o.Fact {
		case nodes.BecameLeader, nodes.BecameFollower, nodes.BecameCandidate:
		default:
			continue
		}
		if reigns && out[i].Role == o.Fact && out[i].Term == o.Term {
			continue
		}
		if reigns {
			out[i].To = o.Time
		}
		current[o.Node] = len(out)
		out = append(out, Reign{Node: o.Node.String(), Role: o.Fact, Term: o.Term, From: o.Time, To: end})
	}
	return out
}

// Term says which term a number is: term 3, or in the systems that count ballots, ballot 3.n2.
func Term(term uint64) string {
	if b := ballot.Ballot(term); b.Round() > 0 {
		return "ballot " + b.String()
	}
	return fmt.Sprintf("term %d", term)
}
