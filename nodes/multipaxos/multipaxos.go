// Package multipaxos is Multi-Paxos as a pure state machine: a log of slots, each decided by an
// instance of Paxos, under a leader that runs phase 1 once for all of them.
//
// It follows Lamport ("Paxos Made Simple", 2001; "The Part-Time Parliament", 1998) and, for what
// these leave to the reader, Chandra, Griesemer and Redstone ("Paxos Made Live", 2007) and van
// Renesse and Altinbuken ("Paxos Made Moderately Complex", 2015). A leader reads after a round of
// messages or by lease; any node reads by asking a quorum (Charapko, Ailijiang and Demirbas,
// "Linearizable Quorum Reads in Paxos", HotStorage 2019). Who decides a slot is asked of the
// configuration in force there (see configuration.go): here always all members, in Cheap Paxos,
// which is this package with another Variant, those that the log says.
//
// A node has one idea a file: node.go, its parts; multipaxos.go, what calls them; elect.go, phase
// 1; lead.go and peers.go, phase 2 at the leader, and to whom it sends; follow.go, the acceptor's
// part of it and how decisions are executed; learn.go and install.go, how a laggard catches up;
// reads.go, lease.go and survey.go, reads; client.go, commands and their answers; value.go, what is
// decided, and configuration.go, by whom; reconfigure.go and auxiliary.go, what that takes where it
// changes; variant.go, what others of the family do differently; disk.go and recovery.go, what is
// written and how it is read again; bugs.go, the planted mistakes, off unless named.
package multipaxos

import (
	"fmt"
	"strconv"
	"time"

	"sunder/nodes"
	"sunder/nodes/checkpoint"
	"sunder/nodes/kv"
	"sunder/nodes/lease"
)

const (
	// suspectMin and suspectMax bound how long a node waits for its leader before it suspects
	// that it is gone. The time is drawn anew for each attempt, so that two seldom duel.
	suspectMin = 150 * time.Millisecond
	suspectMax = 300 * time.Millisecond
	// heartbeatEvery is well below suspectMin, so that one lost heartbeat does not depose a
	// leader, even if a clock is half again as fast.
	heartbeatEvery = 50 * time.Millisecond

	batchValues = 64       // values in a message
	batchBytes  = 32 << 10 // of their bodies; a message stays below 64 KiB
	commandMax  = 24 << 10 // bytes of a command: one always fits into a message
	flyingMax   = 8        // messages with values under way to an acceptor
	pendingMax  = 1024     // commands, and reads, that a node holds; more are refused
)

// The timers of a node.
const (
	suspectTimer   nodes.TimerID = iota + 1
	heartbeatTimer               // of a leader, and of a candidate that repeats itself
	learnTimer
	surveyTimer
)

type role uint8

const (
	follower role = iota
	candidate
	leader
)

// Protocol is Multi-Paxos as environments run it.
func Protocol() nodes.Protocol {
	p := nodes.Protocol{
		Name:    "multipaxos",
		Doc:     "Multi-Paxos with leases, quorum reads, sessions and snapshots",
		Decode:  decode,
		Kinds:   kinds(),
		Options: options,
		Bugs:    fixedBugs,
		Ops: []kv.Op{kv.Read, kv.Write, kv.CAS, kv.Propose, kv.Append, kv.ReadList, kv.Add,
			kv.SetAdd, kv.ReadSet, kv.Enqueue, kv.Dequeue, kv.Lock, kv.Unlock, kv.Txn, kv.OpenSession,
			kv.ReadCounter, kv.ReadQueue, kv.ReadLock},
		Clock: lease.Assumption,
	}
	p.New = func(c nodes.Config) (nodes.Node, error) { return New(p, c, fixed{}) }
	return p
}

// options are the choices that the protocol leaves to the test.
var options = []nodes.Option{
	{Name: "reads", Doc: "how the leader answers reads: after a quorum confirmed it; as others do, " +
		"by asking a quorum how far it is; through the log; while a lease lasts; or by any node " +
		"from its own state (stale)", Values: []string{"confirm", "quorum", "log", "lease", "local"},
		Weak: []string{"local"}},
	{Name: "window", Doc: "slots that a leader may propose beyond what it has executed",
		Values: []string{"128", "8"}},
	{Name: "snapshot", Doc: "slots between two snapshots", Values: []string{"1000", "64", "8", "off"}},
}

// New makes a node of a protocol that is this one in a variant.
func New(p nodes.Protocol, c nodes.Config, v Variant) (nodes.Node, error) {
	if err := p.Check(c); err != nil {
		return nil, err
	}
	n := &node{self: c.Self, variant: v, reads: c.Option(p, "reads"), bug: bugNamed(c.Bug),
		peers: make([]peer, len(c.Members)), found: map[uint64]proposal{}}
	var err error
	if n.window, err = strconv.ParseUint(c.Option(p, "window"), 10, 64); err != nil {
		return nil, fmt.Errorf("read option window: %w", err)
	}
	if every := c.Option(p, "snapshot"); every != "off" {
		if n.every, err = strconv.ParseUint(every, 10, 64); err != nil {
			return nil, fmt.Errorf("read option snapshot: %w", err)
		}
	}
	for i, id := range c.Members {
		if id > membersMax {
			return nil, fmt.Errorf("check members: %s is above n%d", id, membersMax)
		}
		n.peers[i].id = id
		if id == c.Self {
			n.me = &n.peers[i]
		}
	}
	n.auxiliary = v.Auxiliary(c.Self)
	n.schedule = schedule{{number: 1, from: 1, Configuration: n.configure(v.First(c.Members))}}
	n.ascending = make([]uint64, len(n.peers))
	n.store = checkpoint.NewStore(fileSnapshot, fileSnapshotTmp, tokenSnapshot)
	if n.bug == bugSnapshotUnsynced {
		n.store.RenameUnsynced()
	}
	return n, nil
}

// Start implements nodes.Node.
func (n *node) Start(env nodes.Env, files []nodes.Recovered) {
	n.env = env
	if err := n.recover(files); err != nil {
		n.stop(err.Error())
		return
	}
	n.observe(nodes.BecameFollower, uint64(n.promised), 0, 0, 0)
	n.survey.id = env.Rand("surveys", 1<<48) // answers of a former life shall not fit
	n.bindAtBoot()
	n.drawTimeout()
	n.restartSuspicion()
	n.settle()
}

// Recv implements nodes.Node.
func (n *node) Recv(env nodes.Env, from nodes.ID, m nodes.Message) {
	n.env = env
	p := n.peer(from)
	if n.stopped || p == nil || p == n.me {
		return
	}
	switch m := m.(type) {
	case *prepare:
		n.onPrepare(p, m)
	case *promise:
		n.onPromise(p, m)
	case *nack:
		n.onNack(p, m)
	case *accept:
		n.onAccept(p, m)
	case *accepted:
		n.onAccepted(p, m)
	case *learn:
		n.onLearn(p, m)
	case *learned:
		n.onLearned(p, m)
	case *snapshotChunk:
		n.onSnapshotChunk(p, m)
	case *query:
		n.env.Send(p.id, &queryReply{id: m.id, high: n.high()})
	case *forget:
		n.onForget(p, m)
	case *queryReply:
		n.onQueryReply(p, m)
	}
	n.settle()
}

// Timer implements nodes.Node.
func (n *node) Timer(env nodes.Env, t nodes.TimerID) {
	n.env = env
	if n.stopped {
		return
	}
	switch t {
	case suspectTimer:
		n.armed = false
		n.onSuspectTimer()
	case heartbeatTimer:
		n.onHeartbeatTimer()
	case learnTimer:
		n.onLearnTimer()
	case surveyTimer:
		n.onSurveyTimer()
	}
	n.settle()
}

// settle does what may have become possible: lead, propose, answer, write.
func (n *node) settle() {
	if n.stopped {
		return
	}
	if n.role == candidate {
		n.takeOver()
	}
	switch {
	case n.role != leader:
	case !n.era().Mains.Has(n.self):
		n.follow(n.promised, 0) // it was removed
	case n.changed:
		n.changed = false
		n.review()
		n.solicitLate()
		fallthrough
	default:
		n.fill()
	}
	n.observeState()
	n.answerReads()
	n.answerSurveyed()
	n.writeOut()
}

// Status implements nodes.Statuser.
func (n *node) Status() nodes.Status {
	s := nodes.Status{ID: n.self.String(), Term: uint64(n.promised), Commit: n.commit,
		Applied: n.commit, Role: [...]string{follower: "follower", candidate: "candidate",
			leader: "leader"}[n.role]}
	if n.auxiliary {
		s.Role = "auxiliary"
	}
	if n.leader != 0 {
		s.Leader = n.leader.String()
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

func (n *node) observe(f nodes.Fact, term, index, hash uint64, peer nodes.ID) {
	n.env.Observe(nodes.Observation{Fact: f, Term: term, Index: index, Hash: hash, Peer: peer})
}
