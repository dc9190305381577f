package spacetime

import (
	"cmp"
	"slices"

	"sunder/nodes"
	"sunder/oracle"
)

// rule is an invariant that two facts are enough to break: facts about the same say the same.
// Both functions keep what they are named for of a fact.
type rule struct {
	oracle      string
	fact        nodes.Fact
	about, says func(Fact) Fact
}

var rules = []rule{
	{oracle.ElectionSafety, nodes.BecameLeader,
		func(f Fact) Fact { return Fact{Term: f.Term} },
		func(f Fact) Fact { return Fact{Node: f.Node} }},
	{oracle.OneVote, nodes.Voted,
		func(f Fact) Fact { return Fact{Node: f.Node, Term: f.Term} },
		func(f Fact) Fact { return Fact{Peer: f.Peer} }},
	{oracle.LogMatching, nodes.Appended,
		func(f Fact) Fact { return Fact{Term: f.Term, Index: f.Index} },
		func(f Fact) Fact { return Fact{Hash: f.Hash} }},
	{oracle.CommitAgreement, nodes.Committed,
		func(f Fact) Fact { return Fact{Index: f.Index} },
		func(f Fact) Fact { return Fact{Term: f.Term, Hash: f.Hash} }},
	{oracle.StateAgreement, nodes.Applied,
		func(f Fact) Fact { return Fact{Index: f.Index} },
		func(f Fact) Fact { return Fact{Hash: f.Hash} }},
	{oracle.ExactlyOnce, nodes.Executed,
		func(f Fact) Fact { return Fact{Hash: f.Hash} },
		func(f Fact) Fact { return Fact{Index: f.Index} }},
}

// blame marks the first two facts that break the rule of the anomaly's class, unless it is known
// already who is guilty. Facts come out ordered by time.
func blame(r Run) Run {
	r.Facts = slices.Clone(r.Facts)
	slices.SortStableFunc(r.Facts, func(a, b Fact) int { return cmp.Compare(a.At, b.At) })
	if slices.ContainsFunc(r.Operations, func(o Operation) bool { return o.Guilty }) ||
		slices.ContainsFunc(r.Facts, func(f Fact) bool { return f.Guilty }) {
		return r
	}
	for _, rule := range rules {
		if rule.oracle == r.Class && rule.blame(r.Facts) {
			break
		}
	}
	return r
}

func (r rule) blame(facts []Fact) bool {
	first := map[Fact]int{}
	for i, f := range facts {
		if f.Fact != r.fact || f.Fact == nodes.Applied && f.Hash == 0 { // not every state is hashed
			continue
		}
		about := r.about(f)
		j, said := first[about]
		if said && r.says(facts[j]) != r.says(f) {
			facts[i].Guilty, facts[j].Guilty = true, true
			return true
		}
		if !said {
			first[about] = i
		}
	}
	return false
}
