package multipaxos

import (
	"time"

	"sunder/nodes"
	"sunder/nodes/ballot"
)

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

// electorate is the acceptors of all slots that may be open.
func (n *node) electorate() ballot.Voters {
	var who ballot.Voters
	for i := range n.schedule {
		if i+1 == len(n.schedule) || n.schedule[i+1].from > n.commit+1 {
			who |= n.schedule[i].Acceptors
		}
	}
	return who
}

// review looks at how things are, and asks the variant whom to send to and whether to have another
// configuration decided.
func (n *node) review() {
	v := View{Configuration: n.era().Configuration, Leading: n.role == leader,
		Attempts: n.attempts, Electorate: n.electorate(), Asked: n.audience}
	now := n.env.Now()
	for i := range n.peers {
		p := &n.peers[i]
		if p.heard || p == n.me {
			v.Heard.Add(p.id)
		}
		if p != n.me {
			v.Silent[p.id-1] = now.Sub(p.seen)
		}
		if p.seeks > 1 && now.Sub(p.caughtUp) < seekEvery {
			v.Returning.Add(p.id)
		}
	}
	before := n.audience
	n.audience = n.variant.Audience(v)
	for i := range n.peers {
		if p := &n.peers[i]; n.audience.Has(p.id) && !before.Has(p.id) {
			p.next, p.before, p.flying = n.commit+1, n.commit+1, 0
		}
	}
	if n.role != leader {
		return
	}
	v.Settled = n.changing <= n.commit && n.schedule.newest().from <= n.commit+1 &&
		n.tookOver()
	if v.Settled {
		n.wish = n.variant.Change(v)
	}
}

// reconfigure takes in a configuration that was decided at the slot just executed. It is in force
// window slots later: a leader that is window slots ahead knows it. What lies between is filled
// with no-ops, so that it comes into force though no client asks for anything.
func (n *node) reconfigure(mains ballot.Voters) {
	from := n.commit + n.window
	if n.bug == bugWindowIgnored {
		from = n.commit + 1
	}
	e := era{n.schedule.newest().number + 1, from, n.configure(mains)}
	n.schedule = append(n.schedule.forget(n.commit), e)
	n.observeEra(&e)
	if n.role == leader {
		n.fillTo, n.changed = max(n.fillTo, from-1), true
	}
}

func (n *node) observeEra(e *era) {
	n.observe(nodes.Configured, e.number, e.from, uint64(e.Mains)<<1, 0)
}

// seekEvery is how long a main that is none any more lets pass at most before it asks again for
// what was decided. To ask, and to lack little, is how it shows that it could be one again.
const seekEvery = suspectMax + 100*time.Millisecond

// seek asks all who may know for what was decided.
func (n *node) seek() {
	for i := range n.peers {
		if p := &n.peers[i]; p != n.me && !n.variant.Auxiliary(p.id) {
			n.env.Send(p.id, &learn{from: n.commit + 1})
		}
	}
}

// sought notes that p asked for what was decided from a slot on.
func (n *node) sought(p *peer, from uint64) {
	now := n.env.Now()
	if now.Sub(p.caughtUp) > seekEvery {
		p.seeks = 0
	}
	if from+n.window > n.commit {
		p.seeks++
		p.caughtUp = now
	}
}
