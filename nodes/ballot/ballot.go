// Package ballot numbers the attempts of Paxos proposers and counts who answered them.
package ballot

import (
	"fmt"
	"math/bits"

	"sunder/nodes"
)

// Ballot is a proposal number: a round, and the node whose it is. Ballots of different nodes never
// are the same, and they are ordered as the numbers that they are: by round, then by node. The
// zero Ballot is below all others and nobody's.
type Ballot uint64

// roundMax is the last round: what is left of a word beside an ID.
const roundMax = 1<<48 - 1

// New is the node's ballot of a round.
func New(round uint64, of nodes.ID) Ballot {
	if round > roundMax {
		panic(fmt.Sprintf("ballot: round %d is above the last, %d", round, uint64(roundMax)))
	}
	return Ballot(round<<16 | uint64(of))
}

// Round is how many rounds led to b.
func (b Ballot) Round() uint64 { return uint64(b) >> 16 }

// Node is whose ballot b is.
func (b Ballot) Node() nodes.ID { return nodes.ID(b) }

// Next is the node's first ballot of the round after b's: above b, whosever b is.
func (b Ballot) Next(of nodes.ID) Ballot { return New(b.Round()+1, of) }

// String is the ballot as people read it, 3.n2 for round 3 of n2.
func (b Ballot) String() string {
	if b.Node() == 0 {
		return fmt.Sprintf("%d", b.Round())
	}
	return fmt.Sprintf("%d.%s", b.Round(), b.Node())
}

// Majority is the least number of so many members of which any two such numbers share one.
func Majority(members int) int { return members/2 + 1 }

// Voters is a set of nodes, n1 to n64: who has answered counts once, however often it was heard.
type Voters uint64

// Add takes a node in.
func (v *Voters) Add(id nodes.ID) { *v |= 1 << (id - 1) }

// Has says whether the node is in.
func (v Voters) Has(id nodes.ID) bool { return v>>(id-1)&1 == 1 }

// Len is how many nodes are in.
func (v Voters) Len() int { return bits.OnesCount64(uint64(v)) }
