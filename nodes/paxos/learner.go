package paxos

import (
	"sunder/nodes"
	"sunder/nodes/ballot"
)

// learner is what a node knows to be decided.
type learner struct {
	next  uint64 // the first decree that it does not know; all before are applied
	asked uint64 // it has asked for this one, and waits
	last  uint64 // what next was at the last tick
}

// onAccepted is the learner's part (section 2.3): a value is chosen when a majority of acceptors
// has accepted it in one ballot. It hears of the ballots of its own node, and tells all others.
func (n *node) onAccepted(from nodes.ID, m *accepted) {
	p := &n.proposer
	if p.phase != accepting || m.decree != p.decree ||
		m.ballot != p.ballot && n.bug != bugAcceptsPooled || !n.count(&p.accepts, from) {
		return
	}
	if p.accepts.n < n.quorum && n.bug != bugLearnsFromOne {
		return
	}
	v := p.value
	p.usual += (n.env.Now().Sub(p.began) - p.usual) / 8
	n.broadcast(&decided{p.decree, []*value{v}})
	n.learn(p.decree, p.ballot, v)
}

// onDecided learns what another learner knows.
func (n *node) onDecided(from nodes.ID, m *decided) {
	bytes := 0
	for i, v := range m.values {
		n.learn(m.from+uint64(i), 0, v)
		bytes += v.size
	}
	if len(m.values) > 1 || bytes > batchBytes-commandMax { // there may be more
		n.env.Send(from, &learn{n.learner.next})
		return
	}
	n.behind(from, m.from)
}

// learn takes in that a decree is decided; b is the ballot, if this node saw the majority itself.
// It is written down so that it need not be asked again, but nothing waits for that.
func (n *node) learn(number uint64, b ballot.Ballot, v *value) {
	d := n.at(number)
	if d == nil || d.decided != nil && d.decided.is(v) {
		return
	}
	n.observe(nodes.Decided, b, number, v.hash)
	if d.decided != nil {
		n.stop("a decree is decided twice")
		return
	}
	d.decided = v
	n.saveDecided(number, d)
	n.concede(number)
	if n.bug == bugAppliesPastGap && number > n.learner.next {
		n.learner.next = number
	}
	n.apply()
}

// apply does what is decided, in the order of decrees, and answers whoever waits for it.
func (n *node) apply() {
	l := &n.learner
	before := l.next
	for l.next <= uint64(len(n.decrees)) && n.decrees[l.next-1].decided != nil && !n.stopped {
		n.execute(l.next, n.decrees[l.next-1].decided)
		l.next++
	}
	if h := n.machine.Digest(); l.next > before && h != 0 {
		n.observe(nodes.Applied, 0, l.next-1, h)
	}
}

// teach tells a node what is decided from a decree on, as much as goes into a message.
func (n *node) teach(to nodes.ID, from uint64) {
	if to == n.self || from == 0 || from > uint64(len(n.decrees)) {
		return
	}
	known := n.decrees[from-1:]
	count, bytes := 0, 0
	for count < min(len(known), batchMax) {
		v := n.tells(&known[count])
		if v == nil || bytes > 0 && bytes+v.size > batchBytes {
			break
		}
		count, bytes = count+1, bytes+v.size
	}
	if count == 0 {
		return
	}
	m := &decided{from, make([]*value, count)}
	for i := range m.values {
		m.values[i] = n.tells(&known[i])
	}
	n.env.Send(to, m)
}

// tells is what a learner says of a decree: the chosen value, if it knows that.
func (n *node) tells(d *decree) *value {
	if d.decided == nil && n.bug == bugTellsAccepted {
		return d.value
	}
	return d.decided
}

// behind asks a node that speaks of a later decree for those before it, once.
func (n *node) behind(from nodes.ID, number uint64) {
	l := &n.learner
	if number > l.next && l.asked != l.next && from != n.self {
		l.asked = l.next
		n.env.Send(from, &learn{l.next})
	}
}

// inquire asks a peer whether there is anything new, where none came by itself: who tells it may
// have been cut off, or died.
func (n *node) inquire() {
	l := &n.learner
	came := l.next != l.last
	l.asked, l.last = 0, l.next
	if came || len(n.members) == 1 {
		return
	}
	at := n.env.Rand("peer", uint64(len(n.members)-1))
	if n.members[at] >= n.self { // they ascend, and the node itself is left out
		at++
	}
	n.env.Send(n.members[at], &learn{n.learner.next})
}
