// Package paxos is Basic Paxos as a pure state machine: many decrees, each decided once, by a run
// of the single-decree protocol of its own.
//
// It follows Lamport, "Paxos Made Simple", 2001; "section" means that paper. Every node has all
// three roles. As a proposer it takes its clients' commands, one after the other, to the first
// decree that it does not know to be decided, with a ballot of its own; several nodes do that at
// once, and duel. As an acceptor it promises and accepts, and says so only after an fsync. As a
// learner it learns what a majority accepted in one of its ballots, tells all others, and asks
// them for what it missed. What is decided is applied in the order of decrees to the machine of
// package kv. Reads take a decree too: there is no leader that could answer them alone.
//
// Nothing here makes one proposer distinguished (section 2.4). Duels end by randomised back-off;
// a stable leader is Multi-Paxos, which is another package. Decrees are kept for ever.
//
// A node has one idea a file: paxos.go, its parts and what calls them; proposer.go, acceptor.go
// and learner.go, the roles; client.go, commands and their answers; value.go, messages.go,
// codec.go and describe.go, what is said; recovery.go, what is written and read again; bugs.go,
// the planted mistakes, off unless named.
package paxos

import (
	"time"

	"sunder/nodes"
	"sunder/nodes/ballot"
	"sunder/nodes/fifo"
	"sunder/nodes/journal"
	"sunder/nodes/kv"
)

const (
	// tickEvery is how often a node asks a peer what it missed, and looks whether its attempt
	// got stuck: messages were lost, or it is cut off.
	tickEvery = 100 * time.Millisecond
	// usualFirst is what an attempt is thought to take before one has succeeded, and backoffMax
	// the longest that a proposer waits after a failure.
	usualFirst = 5 * time.Millisecond
	backoffMax = 160 * time.Millisecond
	// attemptMax is the longest that a proposer waits for a majority.
	attemptMax = 800 * time.Millisecond

	pendingMax = 1024     // commands that a proposer holds; more are refused
	commandMax = 24 << 10 // bytes of a command: one always fits into a message
	batchMax   = 64       // values in a message
	batchBytes = 32 << 10 // of their commands; a message stays below 64 KiB
	farMax     = 1 << 16  // decrees ahead of what is known: nobody is further
)

// The timers of a node.
const (
	tickTimer nodes.TimerID = iota + 1
	backoffTimer
)

// Protocol is Basic Paxos as environments run it.
func Protocol() nodes.Protocol {
	return nodes.Protocol{
		Name: "paxos",
		Doc:  "Basic Paxos: a decree for each operation, proposers everywhere, no leader",
		New:  newNode,
		Decode: func(kind uint8, p []byte) (nodes.Message, error) {
			return decode(kind, p)
		},
		Kinds: kinds,
		Bugs:  plantedBugs,
		Ops: []kv.Op{kv.Read, kv.Write, kv.CAS, kv.Propose, kv.Append, kv.ReadList, kv.Add, kv.SetAdd,
			kv.ReadSet, kv.Enqueue, kv.Dequeue, kv.Lock, kv.Unlock, kv.Txn, kv.OpenSession,
			kv.ReadCounter, kv.ReadQueue, kv.ReadLock},
		Clock: func(map[string]string) nodes.ClockAssumption {
			return nodes.ClockAssumption{Words: "no clock can make it wrong: time only decides " +
				"when to try again"}
		},
	}
}

// node is a member: a proposer, an acceptor and a learner over the same decrees.
type node struct {
	env     nodes.Env // of the call that runs
	self    nodes.ID
	members []nodes.ID
	quorum  int
	bug     bug
	stopped bool

	decrees  []decree // from 1 on
	proposer proposer
	learner  learner
	pending  fifo.Queue[proposal] // commands that wait for their decree
	machine  kv.Machine

	journal journal.Journal[posted]
}

// decree is what a node knows of one instance of the protocol.
type decree struct {
	promised ballot.Ballot // acceptor: it takes part in nothing below
	accepted ballot.Ballot // acceptor: the last proposal that it accepted, and its value
	value    *value
	decided  *value // learner: the chosen value, if it is known
}

// posted is a message that waits until it may be said; hash is that of an accepted value.
type posted struct {
	to   nodes.ID // maybe the node itself
	m    nodes.Message
	hash uint64
}

func newNode(c nodes.Config) (nodes.Node, error) {
	p := Protocol()
	if err := p.Check(c); err != nil {
		return nil, err
	}
	n := &node{self: c.Self, members: c.Members, quorum: ballot.Majority(len(c.Members)),
		bug: bugNamed(c.Bug)}
	if n.bug == bugQuorumHalf {
		n.quorum = max(1, len(c.Members)/2)
	}
	n.learner.next = 1
	n.proposer.usual = usualFirst
	return n, nil
}

// Start implements nodes.Node.
func (n *node) Start(env nodes.Env, files []nodes.Recovered) {
	n.env = env
	if err := n.recover(files); err != nil {
		n.stop(err.Error())
		return
	}
	n.apply()
	n.learner.last = n.learner.next
	env.SetTimer(tickTimer, tickEvery/2+time.Duration(env.Rand("first tick", uint64(tickEvery))))
}

// Recv implements nodes.Node.
func (n *node) Recv(env nodes.Env, from nodes.ID, m nodes.Message) {
	n.env = env
	if n.stopped || from == n.self {
		return
	}
	n.handle(from, m)
	n.settle()
}

func (n *node) handle(from nodes.ID, m nodes.Message) {
	switch m := m.(type) {
	case *prepare:
		n.onPrepare(from, m)
	case *promise:
		n.onPromise(from, m)
	case *accept:
		n.onAccept(from, m)
	case *accepted:
		n.onAccepted(from, m)
	case *nack:
		n.onNack(m)
	case *learn:
		n.teach(from, m.from)
	case *decided:
		n.onDecided(from, m)
	}
}

// Timer implements nodes.Node.
func (n *node) Timer(env nodes.Env, t nodes.TimerID) {
	n.env = env
	if n.stopped {
		return
	}
	switch t {
	case tickTimer:
		n.onTick()
	case backoffTimer:
		n.onBackoff()
	}
	n.settle()
}

// onTick looks after what got stuck.
func (n *node) onTick() {
	n.env.SetTimer(tickTimer, tickEvery)
	n.overdue()
	n.inquire()
}

// Synced implements nodes.Node. After a failed Sync nobody knows what is on the disk: the node
// must not go on (Rebello et al., "Can Applications Recover from fsync Failures?", ATC 2020).
func (n *node) Synced(env nodes.Env, _ nodes.Token, err error) {
	n.env = env
	switch {
	case n.stopped:
		return
	case err != nil:
		n.stop("sync: " + err.Error())
		return
	}
	n.journal.Synced(env)
	n.settle()
}

// settle does what may have become possible: say what is durable, propose, write.
func (n *node) settle() {
	for p, ok := n.journal.Due(); ok && !n.stopped; p, ok = n.journal.Due() {
		n.say(p)
	}
	n.propose()
	n.journal.Flush(n.env)
}

// post says a message to a node as soon as all that was written so far is durable.
func (n *node) post(to nodes.ID, m nodes.Message, hash uint64) {
	n.journal.Hold(posted{to, m, hash})
}

// say says it, now that it is true whatever happens.
func (n *node) say(p posted) {
	switch m := p.m.(type) {
	case *promise:
		n.observe(nodes.Promised, m.ballot, m.decree, 0)
	case *accepted:
		n.observe(nodes.Accepted, m.ballot, m.decree, p.hash)
	}
	n.send(p.to, p.m)
}

// send sends a message. What is for the node itself takes no way over the network.
func (n *node) send(to nodes.ID, m nodes.Message) {
	if to == n.self {
		n.handle(to, m)
	} else {
		n.env.Send(to, m)
	}
}

// broadcast sends a message to every other node.
func (n *node) broadcast(m nodes.Message) {
	for _, id := range n.members {
		if id != n.self {
			n.env.Send(id, m)
		}
	}
}

// at is a decree by its number, or nil if nobody can have come so far.
func (n *node) at(number uint64) *decree {
	if number == 0 || number >= n.learner.next+farMax {
		return nil
	}
	for uint64(len(n.decrees)) < number {
		n.decrees = append(n.decrees, decree{})
	}
	return &n.decrees[number-1]
}

// Status implements nodes.Statuser.
func (n *node) Status() nodes.Status {
	s := nodes.Status{ID: n.self.String(), Role: "acceptor", Leaderless: true,
		Term: n.proposer.round, Commit: n.learner.next - 1, Applied: n.learner.next - 1}
	if n.proposer.phase != idle {
		s.Role = "proposer"
	}
	return s
}

// stop ends the node: nothing that it says later could be relied on.
func (n *node) stop(reason string) {
	if !n.stopped {
		n.stopped = true
		n.env.Stop(reason)
	}
}

func (n *node) observe(f nodes.Fact, b ballot.Ballot, number, hash uint64) {
	n.env.Observe(nodes.Observation{Fact: f, Term: uint64(b), Index: number, Hash: hash})
}
