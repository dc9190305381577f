package multipaxos

import (
	"time"

	"sunder/nodes"
	"sunder/nodes/ballot"
)

// membersMax is the highest ID of a member: sets of nodes are words.
const membersMax = 64

// Variant is what others of the family do differently. It holds no state: what it says follows
// from what it is told.
type Variant interface {
	// First is the mains of the first configuration.
	First(members []nodes.ID) ballot.Voters
	// Configure is the configuration with those mains.
	Configure(mains ballot.Voters) Configuration
	// Auxiliary says that a node only votes: it executes nothing and serves nobody.
	Auxiliary(id nodes.ID) bool
	// Audience is whom of the electorate a proposer asks.
	Audience(v View) ballot.Voters
	// Change is the mains of the configuration that the leader shall have decided next, or none.
	Change(v View) ballot.Voters
}

// View is how things are, as a proposer sees it.
type View struct {
	Configuration               // in force at the next slot to be executed
	Leading       bool          // else it asks for promises
	Attempts      int           // how often it has asked for them before
	Electorate    ballot.Voters // the acceptors of all slots that may be open
	Asked         ballot.Voters // whom it asks now
	Heard         ballot.Voters // who has answered in its ballot
	// Silent is, for the node of each ID less one, how long ago it answered, or how long it has
	// had the time to.
	Silent    [membersMax]time.Duration
	Settled   bool          // no change of the configuration is under way
	Returning ballot.Voters // who was removed, and has caught up and asked for more ever since
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

func (fixed) Auxiliary(nodes.ID) bool { return false }

func (fixed) Audience(v View) ballot.Voters { return v.Electorate }

func (fixed) Change(View) ballot.Voters { return 0 }
