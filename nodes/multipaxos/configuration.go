package multipaxos

import (
	"slices"

	"sunder/nodes/ballot"
	"sunder/nodes/wire"
)

// Configuration is who decides a slot: any Quorum of the Acceptors. Any two quorums must meet.
type Configuration struct {
	Mains     ballot.Voters // who execute what is decided; any of them may lead
	Acceptors ballot.Voters
	Quorum    int
}

// decided says whether those nodes are a quorum.
func (c *Configuration) decided(by ballot.Voters) bool {
	return (by & c.Acceptors).Len() >= c.Quorum
}

// era is a configuration and the slots at which it is in force: from one on, until the next.
type era struct {
	number uint64 // counts from 1
	from   uint64
	Configuration
}

// schedule is the configurations in force at the slots that matter, ascending. What is decided at a
// slot says who decides window slots later, so a leader that proposes no further than that knows
// for each slot who decides it (Lamport, "Paxos Made Simple", section 3).
type schedule []era

// at is the era of a slot.
func (s schedule) at(slot uint64) *era {
	i := len(s) - 1
	for i > 0 && s[i].from > slot {
		i--
	}
	return &s[i]
}

// newest is the last era that is known.
func (s schedule) newest() *era { return &s[len(s)-1] }

// forget drops the eras that ended at or before a slot.
func (s schedule) forget(upto uint64) schedule {
	i := 0
	for i+1 < len(s) && s[i+1].from <= upto+1 {
		i++
	}
	return slices.Delete(s, 0, i)
}

// A schedule goes into a snapshot as number, first slot and mains of each era.

func (s schedule) appendTo(b []byte) []byte {
	b = wire.Put(b, uint64(len(s)))
	for i := range s {
		b = wire.Put(b, s[i].number, s[i].from, uint64(s[i].Mains))
	}
	return b
}

func (n *node) readSchedule(r *wire.Reader) schedule {
	list := make(schedule, r.Count(3))
	for i := range list {
		number, from := r.Number(), r.Number()
		mains := ballot.Voters(r.Number())
		if mains == 0 || number == 0 || i > 0 && (from <= list[i-1].from) {
			r.Fail()
			return nil
		}
		list[i] = era{number, from, n.variant.Configure(mains)}
	}
	if len(list) == 0 {
		r.Fail()
	}
	return list
}
