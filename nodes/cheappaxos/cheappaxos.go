// Package cheappaxos is Cheap Paxos (Lamport and Massa, "Cheap Paxos", DSN 2004): f+1 main
// processors do all the work while none of them fails, and f auxiliaries, which may be slow and
// cheap, help to go on when one does.
//
// It is Multi-Paxos with configurations that the log decides. All mains together are a quorum, and
// so is any other set of as many acceptors: with m mains there are at most m-1 auxiliaries among
// them, so that two quorums meet. As long as all mains answer, only they are asked. When one is
// suspected, the auxiliaries are asked too, and complete what is open; when it stays silent, the
// leader has a configuration without it decided, in which one auxiliary less has a say. Then they
// forget, and are idle again. A main that was removed asks for what was decided, and is added back
// when it has caught up.
//
// The protocol bears f failures of which each is repaired, or answered by a reconfiguration, before
// the next; as the paper says, it stops when all mains that know what was decided are down.
//
// This package holds what sets it apart, as a Variant of package multipaxos: who decides, who is
// asked, when a main is removed and added. What an auxiliary does, and how configurations come into
// force, is there.
package cheappaxos

import (
	"time"

	"sunder/nodes"
	"sunder/nodes/ballot"
	"sunder/nodes/multipaxos"
)

// A main is suspected, and the auxiliaries are asked, after suspectAfter without an answer: four
// heartbeats. It is removed only after removeAfter: to ask the auxiliaries for a while costs
// little, to change the configuration back and forth costs a window of slots each time.
const (
	suspectAfter = 200 * time.Millisecond
	removeAfter  = 600 * time.Millisecond
	// hasty is both with the planted bug no-hysteresis: one late answer.
	hasty = 60 * time.Millisecond
)

// Protocol is Cheap Paxos as environments run it.
func Protocol() nodes.Protocol {
	p := multipaxos.Protocol()
	p.Name = "cheappaxos"
	p.Doc = "Cheap Paxos: f+1 mains, and f auxiliaries that only help to replace one"
	p.Successive = true
	p.Bugs = append(ownBugs[:len(ownBugs):len(ownBugs)], multipaxos.ChangingBugs()...)
	p.New = func(c nodes.Config) (nodes.Node, error) {
		return multipaxos.New(p, c, newScheme(c.Members, c.Bug))
	}
	return p
}

// scheme is who decides and who is asked.
type scheme struct {
	mains       ballot.Voters // all that may ever be
	auxiliaries []nodes.ID
	bug         bug
}

// newScheme makes the first members mains: just more than half of them.
func newScheme(members []nodes.ID, bug string) scheme {
	s := scheme{bug: bugNamed(bug)}
	for i, id := range members {
		if i < ballot.Majority(len(members)) {
			s.mains.Add(id)
		} else {
			s.auxiliaries = append(s.auxiliaries, id)
		}
	}
	return s
}

// First implements multipaxos.Variant.
func (s scheme) First([]nodes.ID) ballot.Voters { return s.mains }

// Configure implements multipaxos.Variant.
func (s scheme) Configure(mains ballot.Voters) multipaxos.Configuration {
	c := multipaxos.Configuration{Mains: mains, Acceptors: mains, Quorum: mains.Len()}
	if s.bug == bugMainsOnly {
		c.Quorum = max(1, mains.Len()-1)
		return c
	}
	for i := 0; i < len(s.auxiliaries) && i < mains.Len()-1; i++ {
		c.Acceptors.Add(s.auxiliaries[i])
	}
	return c
}

// Auxiliary implements multipaxos.Variant.
func (s scheme) Auxiliary(id nodes.ID) bool { return !s.mains.Has(id) }

// Audience implements multipaxos.Variant: the mains alone, as long as none is suspected.
func (s scheme) Audience(v multipaxos.View) ballot.Voters {
	mains := v.Electorate & s.mains
	switch {
	case !v.Leading && v.Attempts == 0:
		return mains
	case s.bug == bugNeverIdle && v.Asked&^s.mains != 0:
		return v.Electorate | v.Asked
	case !v.Leading:
		return v.Electorate
	}
	for id := nodes.ID(1); mains>>(id-1) != 0; id++ {
		if mains.Has(id) && (!v.Heard.Has(id) || v.Silent[id-1] > s.patience(suspectAfter)) {
			return v.Electorate
		}
	}
	return mains
}

// Change implements multipaxos.Variant: one main less where one is silent for long, or one more
// where one has returned.
func (s scheme) Change(v multipaxos.View) ballot.Voters {
	for id := nodes.ID(1); s.mains>>(id-1) != 0; id++ {
		one := ballot.Voters(0)
		one.Add(id)
		switch {
		case v.Mains.Has(id) && v.Silent[id-1] > s.patience(removeAfter) && v.Mains != one:
			return v.Mains &^ one
		case s.mains.Has(id) && !v.Mains.Has(id) && v.Returning.Has(id):
			return v.Mains | one
		}
	}
	return 0
}

// patience is how long a main may be silent.
func (s scheme) patience(usual time.Duration) time.Duration {
	if s.bug == bugNoHysteresis {
		return hasty
	}
	return usual
}
