package multipaxos

import (
	"sunder/nodes"
	"sunder/nodes/ballot"
	"sunder/nodes/wire"
)

// membersMax is the highest ID of a member: sets of nodes are words.
const membersMax = 64

// Variant is what others of the family do differently.
type Variant interface {
	// First is the mains of the first configuration.
	First(members []nodes.ID) ballot.Voters
	// Configure is the configuration with those mains.
	Configure(mains ballot.Voters) Configuration
}

// fixed is Multi-Paxos itself: all members decide, always.
type fixed struct{}

func (fixed) First(members []nodes.ID) (all ballot.Voters) {
	for _, id := range members {
		all.Add(id)
	}
	return all
}

func (fixed) Configure(mains ballot.Voters) Configuration {
	return Configuration{Mains: mains, Acceptors: mains, Quorum: ballot.Majority(mains.Len())}
}

// configure is the variant's configuration with those mains.
func (n *node) configure(mains ballot.Voters) Configuration {
	c := n.variant.Configure(mains)
	if n.bug == bugQuorumHalf {
		c.Quorum = max(1, c.Acceptors.Len()/2)
	}
	return c
}

// era is the configuration in force at the next slot to be executed.
func (n *node) era() *era { return n.schedule.at(n.commit + 1) }

func (n *node) peer(id nodes.ID) *peer {
	if i := int(id) - 1; i >= 0 && i < len(n.peers) && n.peers[i].id == id {
		return &n.peers[i]
	}
	for i := range n.peers {
		if n.peers[i].id == id {
			return &n.peers[i]
		}
	}
	return nil
}

// quorumOf is the largest number that a quorum of the configuration in force has reached, by what
// of tells of each.
func (n *node) quorumOf(of func(*peer) uint64) uint64 {
	e := n.era()
	s := n.ascending[:0]
	for i := range n.peers {
		if !e.Acceptors.Has(n.peers[i].id) {
			continue
		}
		v, at := of(&n.peers[i]), len(s)
		s = append(s, v)
		for at > 0 && s[at-1] > v {
			s[at] = s[at-1]
			at--
		}
		s[at] = v
	}
	return s[len(s)-e.Quorum]
}

// chained is the hash of a chain of values and the next one's.
func chained(chain, hash uint64) uint64 { return wire.Mix(chain, hash) }
