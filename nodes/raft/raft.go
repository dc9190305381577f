// Package raft is the Raft consensus protocol as a pure state machine.
//
// It follows the extended paper (Ongaro and Ousterhout, "In Search of an Understandable Consensus
// Algorithm", 2014; "section" and "figure" mean this one) and, where that is silent, Ongaro's
// dissertation ("thesis"). Beyond the paper's core it has pre-vote (thesis 9.6), check-quorum
// (6.2), leader stickiness (4.2.3), batching and pipelining (10.2), ReadIndex and lease reads
// (6.4), client sessions (6.3, in kv.Machine), and snapshots (5). The members are fixed: changes
// of membership (4) and leadership transfer (3.10) are a later issue. Their places are known: who
// counts is asked in quorumOf and count only, and stickiness is onVote's first line.
//
// A node has one idea a file: raft.go, its parts and what calls them; election.go, how it comes
// to lead; replication.go, what it does then; follow.go, what the others do; reads.go, lease.go
// and inquire.go, reads at a leader and at a follower; client.go, commands and their answers;
// log.go, the log in memory; disk.go, what is written and when others hear of it; recovery.go, how
// it is read again; snapshot.go and install.go; bugs.go and buglist.go, the planted mistakes, off
// unless named. docs/raft-guards.md goes through the guards and says which of them can be missed.
package raft

import (
	"fmt"
	"strconv"
	"time"

	"sunder/nodes"
	"sunder/nodes/fifo"
	"sunder/nodes/kv"
	"sunder/nodes/lease"
)

const (
	// electionMin and electionMax bound the election timeout (section 9.3: 150 to 300 ms avoids
	// split votes and is far above a broadcast's time).
	electionMin = 150 * time.Millisecond
	electionMax = 300 * time.Millisecond
	// heartbeatEvery is well below electionMin, so that one lost heartbeat does not depose a
	// leader, even if a clock is half again as fast.
	heartbeatEvery = 50 * time.Millisecond

	batchEntries = 64       // entries in a message
	batchBytes   = 32 << 10 // of their commands; a message stays below 64 KiB
	commandMax   = 24 << 10 // bytes of a command: one always fits into a message
	windowMax    = 8        // messages with entries under way to a follower (thesis 10.2.2)
	pendingMax   = 1024     // proposals, and reads, that a leader holds; more are refused
)

// The timers of a node.
const (
	electionTimer nodes.TimerID = iota + 1
	heartbeatTimer
	inquiryTimer
)

type role uint8

const (
	follower     role = iota
	preCandidate      // asks whether it would be elected (thesis 9.6)
	candidate
	leader
)

var options = []nodes.Option{
	{Name: "reads", Doc: "how reads are answered: after a majority confirmed the leader; " +
		"through the log; while a lease lasts; or by any node from its own state (stale)",
		Values: []string{"readindex", "log", "lease", "local"}, Weak: []string{"local"}},
	{Name: "snapshot", Doc: "entries between two snapshots",
		Values: []string{"1000", "64", "8", "off"}},
	{Name: "chunk", Doc: "bytes of a snapshot in one message",
		Values: []string{"32768", "64"}},
}

// Protocol is Raft as environments run it.
func Protocol() nodes.Protocol {
	return nodes.Protocol{
		Name: "raft",
		Doc:  "Raft with pre-vote, ReadIndex and lease reads, sessions and snapshots",
		New:  newNode,
		Decode: func(kind uint8, p []byte) (nodes.Message, error) {
			return decode(kind, p)
		},
		Kinds:   kinds,
		Options: options,
		Bugs:    plantedBugs[1:],
		Ops: []kv.Op{kv.Read, kv.Write, kv.CAS, kv.Propose, kv.Append, kv.ReadList, kv.Add, kv.SetAdd,
			kv.ReadSet, kv.Enqueue, kv.Dequeue, kv.Lock, kv.Unlock, kv.Txn, kv.OpenSession,
			kv.ReadCounter, kv.ReadQueue, kv.ReadLock},
		Clock: lease.Assumption,
	}
}

// node is a member. The fields of one file of this package stand together.
type node struct {
	env     nodes.Env // of the call that runs
	self    nodes.ID
	reads   string
	every   uint64 // entries between two snapshots; 0: none
	chunk   uint64 // bytes of a snapshot in one message
	bug     bug
	stopped bool

	term uint64
	vote nodes.ID
	log  log

	role      role
	leader    nodes.ID // whom it believes to lead; 0: nobody
	commit    uint64
	applied   uint64
	machine   kv.Machine
	proposals fifo.Queue[proposal]
	questions fifo.Queue[question]
	inquiries []inquiry // follower: reads that wait for a read index
	inquired  uint64    // follower: the last inquiry's number

	timeout   time.Duration // of the current election
	deadline  nodes.Mono    // when it falls due
	armed     bool          // the election timer is set, perhaps for an earlier time
	promised  bool          // it heard from a leader at heard, and may not vote for a while
	heard     nodes.Mono
	peers     []peer // all members, itself included
	me        *peer
	quorum    int
	ascending []uint64 // scratch of quorumOf
	appends   slab[appendEntries]
	replies   slab[appendReply]

	first  uint64       // leader: where its reign begins in the log, the no-op
	rounds lease.Rounds // leader: of broadcasts
	asked  uint64       // leader: the last round that was begun for the sake of a read
	wanted uint64       // leader: the round that the last read needs

	disk     disk
	snapshot *snapshot // the newest durable one, or nil
	saving   *snapshot // being written
	incoming *snapshot // being received

	answered map[uint64]answer // of the bug dedupe-only-on-leader, by session
}

func newNode(c nodes.Config) (nodes.Node, error) {
	p := nodes.Protocol{Name: "raft", Options: options, Bugs: plantedBugs[1:]}
	if err := p.Check(c); err != nil {
		return nil, err
	}
	n := &node{
		self:   c.Self,
		reads:  c.Option(p, "reads"),
		bug:    bugNamed(c.Bug),
		quorum: len(c.Members)/2 + 1,
		peers:  make([]peer, len(c.Members)),
	}
	for name, at := range map[string]*uint64{"snapshot": &n.every, "chunk": &n.chunk} {
		if number := c.Option(p, name); number != "off" {
			var err error
			if *at, err = strconv.ParseUint(number, 10, 64); err != nil {
				return nil, fmt.Errorf("read option %s: %w", name, err)
			}
		}
	}
	switch n.bug {
	case bugQuorumHalf:
		n.quorum = max(1, len(c.Members)/2)
	case bugQuorumAll:
		n.quorum = len(c.Members)
	}
	for i, id := range c.Members {
		n.peers[i].id = id
		if id == c.Self {
			n.me = &n.peers[i]
		}
	}
	n.ascending = make([]uint64, len(n.peers))
	return n, nil
}

// Start implements nodes.Node.
func (n *node) Start(env nodes.Env, files []nodes.Recovered) {
	n.env = env
	if err := n.recover(files); err != nil {
		n.stop(err.Error())
		return
	}
	n.observe(nodes.BecameFollower, n.term, mark{}, 0)
	if n.bug != bugInquiryIDsReused {
		n.inquired = env.Rand("inquiries", 1<<48) // answers of a former life shall not fit
	}
	n.promiseAtBoot()
	n.drawTimeout()
	n.restartElectionTimer()
	n.settle()
}

// Recv implements nodes.Node. Messages of another term are settled here (section 5.1), so that
// the handlers below know that the term is theirs.
func (n *node) Recv(env nodes.Env, from nodes.ID, m nodes.Message) {
	n.env = env
	p := n.peer(from)
	if n.stopped || p == nil || p == n.me {
		return
	}
	switch m := m.(type) {
	case *vote:
		n.onVote(p, m)
	case *voteReply:
		n.onVoteReply(p, m)
	case *appendEntries:
		n.onAppend(p, m)
	case *appendReply:
		n.onAppendReply(p, m)
	case *installSnapshot:
		n.onSnapshot(p, m)
	case *snapshotReply:
		n.onSnapshotReply(p, m)
	case *readIndex:
		n.onReadIndex(p, m)
	case *readIndexReply:
		n.onReadIndexReply(m)
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
	case electionTimer:
		n.armed = false
		n.onElectionTimer()
	case heartbeatTimer:
		n.onHeartbeatTimer()
	case inquiryTimer:
		n.onInquiryTimer()
	}
	n.settle()
}

// settle does what may have become possible: apply, answer, write.
func (n *node) settle() {
	n.apply()
	n.answerReads()
	n.answerInquiries()
	n.writeOut()
}

// Status implements nodes.Statuser.
func (n *node) Status() nodes.Status {
	s := nodes.Status{ID: n.self.String(), Term: n.term, Commit: n.commit, Applied: n.applied,
		Role: [...]string{follower: "follower", preCandidate: "candidate",
			candidate: "candidate", leader: "leader"}[n.role]}
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

func (n *node) observe(f nodes.Fact, term uint64, m mark, peer nodes.ID) {
	n.env.Observe(nodes.Observation{Fact: f, Term: term, Index: m.index, Hash: m.hash, Peer: peer})
}

func (n *node) peer(id nodes.ID) *peer {
	for i := range n.peers {
		if n.peers[i].id == id {
			return &n.peers[i]
		}
	}
	return nil
}

// quorumOf is the largest number that a quorum of the members has reached, by what of tells of
// each.
func (n *node) quorumOf(of func(*peer) uint64) uint64 {
	s := n.ascending[:0]
	for i := range n.peers {
		v, at := of(&n.peers[i]), len(s)
		s = append(s, v)
		for at > 0 && s[at-1] > v {
			s[at] = s[at-1]
			at--
		}
		s[at] = v
	}
	return s[len(s)-n.quorum]
}
