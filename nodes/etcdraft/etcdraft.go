// Package etcdraft is a Raft that we did not write: RawNode of go.etcd.io/raft/v3, unmodified,
// behind the contract of package nodes.
//
// What stands here is what the library leaves to whoever embeds it: the disk, the transport, the
// clock, the state machine, and the answers to clients. docs/etcdraft.md tells how to put another
// embedding under test in the same way.
//
// A node has one idea a file: etcdraft.go, its parts and what calls them; clock.go, ticks;
// ready.go, what is done with a Ready; observe.go, what is told of it; disk.go and recovery.go,
// what is written and how it is read again; snapshot.go; client.go, commands, reads and their
// answers; messages.go, what travels; chain.go, hashes of the log; bugs.go, the planted mistakes,
// off unless named.
//
// The library draws its election timeouts from crypto/rand.Reader, and nothing else is left to
// chance. An environment that replays calls a node through Protocol.Enclose, which lends that
// variable a reader of Env.Rand's numbers for the time of the call; in containers nobody does.
package etcdraft

import (
	"fmt"
	"strconv"

	"go.etcd.io/raft/v3"
	pb "go.etcd.io/raft/v3/raftpb"

	"sunder/nodes"
	"sunder/nodes/etcdraft/entropy"
	"sunder/nodes/kv"
)

const (
	messageBytes     = 32 << 10 // entries in a message; one may be larger
	inflightMax      = 64       // messages with entries under way to a follower
	uncommittedBytes = 1 << 20  // proposals that a leader holds; more are dropped by the library
	readsMax         = 1024     // reads that a node holds; more are refused
)

// Protocol is etcd's Raft as environments run it.
func Protocol() nodes.Protocol {
	return nodes.Protocol{
		Name:  "etcdraft",
		Doc:   "RawNode of go.etcd.io/raft/v3, unmodified: a Raft that we did not write",
		New:   newNode,
		Kinds: kinds(),
		Decode: func(kind uint8, p []byte) (nodes.Message, error) {
			return decode(kind, p)
		},
		Options: []nodes.Option{
			{Name: "reads", Doc: "how reads are answered: ReadOnlySafe; ReadOnlyLeaseBased, which " +
				"is not linearizable under partitions (etcd-io/raft issue 166); or through the log " +
				"at the leader, and with ReadOnlySafe elsewhere",
				Values: []string{"readindex", "lease", "log"}, Weak: []string{"lease"}},
			{Name: "storage", Doc: "how the log is written: in line with each Ready, or with " +
				"AsyncStorageWrites", Values: []string{"inline", "async"}},
			{Name: "snapshot", Doc: "entries between two snapshots",
				Values: []string{"1000", "64", "8", "off"}},
		},
		Bugs: plantedBugs,
		Ops: []kv.Op{kv.Read, kv.Write, kv.CAS, kv.Propose, kv.Append, kv.ReadList, kv.Add, kv.SetAdd,
			kv.ReadSet, kv.Enqueue, kv.Dequeue, kv.Lock, kv.Unlock, kv.Txn, kv.OpenSession,
			kv.ReadCounter, kv.ReadQueue, kv.ReadLock},
		Clock:   assumption,
		Enclose: enclose,
	}
}

// enclose lends the library the node's own random numbers.
func enclose(env nodes.Env, call func()) { entropy.Lend(dice{env}, call) }

// dice reads from Env.Rand.
type dice struct{ env nodes.Env }

func (d dice) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(d.env.Rand("election timeout", 256))
	}
	return len(p), nil
}

// node is a member.
type node struct {
	env     nodes.Env // of the call that runs
	self    nodes.ID
	members []nodes.ID
	reads   string
	async   bool
	every   uint64 // entries between two snapshots; 0: none
	bug     bug
	stopped bool

	rn      *raft.RawNode
	storage *raft.MemoryStorage
	up      bool // what was found at the boot is durable
	out     bool // inline: a Ready waits for its Advance

	ticked nodes.Mono // when the last tick was due
	ticks  int

	seen    raft.BasicStatus // what was last observed
	voted   mark             // index is the candidate: the last vote observed
	chain   chain
	applied uint64
	machine kv.Machine
	taking  bool // a snapshot of our own waits for the disk

	next      uint64 // identities of proposals, reads and messages in parts
	proposals []proposal
	questions []question
	sent      map[nodes.ID]int // when a snapshot was sent to a member, in ticks
	parts     map[nodes.ID]*collector

	disk disk
}

func newNode(c nodes.Config) (nodes.Node, error) {
	p := Protocol()
	if err := p.Check(c); err != nil {
		return nil, err
	}
	n := &node{self: c.Self, members: c.Members, reads: c.Option(p, "reads"),
		async: c.Option(p, "storage") == "async", bug: bugNamed(c.Bug),
		sent: map[nodes.ID]int{}, parts: map[nodes.ID]*collector{}}
	if every := c.Option(p, "snapshot"); every != "off" {
		var err error
		if n.every, err = strconv.ParseUint(every, 10, 64); err != nil {
			return nil, fmt.Errorf("read option snapshot: %w", err)
		}
	}
	return n, nil
}

// Start implements nodes.Node.
func (n *node) Start(env nodes.Env, files []nodes.Recovered) {
	n.env = env
	n.ticked = env.Now()
	n.next = env.Rand("identities", 1<<48) // answers of a former life shall not fit
	head, err := n.recover(files)
	if err == nil {
		err = n.boot()
	}
	if err != nil {
		n.stop(err.Error())
		return
	}
	// Nothing that was found is taken for durable before the first Sync: it may have been read
	// from a cache that a power loss would still empty.
	n.write(write{records: head, must: true, done: func() { n.up = true }})
	n.notice()
	n.settle()
	env.SetTimer(tickTimer, tickEvery)
}

// boot makes the library's node on what was recovered.
func (n *node) boot() (err error) {
	c := &raft.Config{
		ID:                        uint64(n.self),
		ElectionTick:              electionTicks,
		HeartbeatTick:             heartbeatTicks,
		Storage:                   n.storage,
		Applied:                   n.applied,
		AsyncStorageWrites:        n.async,
		MaxSizePerMsg:             messageBytes,
		MaxCommittedSizePerReady:  uncommittedBytes,
		MaxUncommittedEntriesSize: uncommittedBytes,
		MaxInflightMsgs:           inflightMax,
		CheckQuorum:               true,
		PreVote:                   true,
		Logger:                    quiet{},
		DisableProposalForwarding: true,
	}
	if n.reads == "lease" {
		c.ReadOnlyOption = raft.ReadOnlyLeaseBased
	}
	if n.bug == bugAppliedTwice {
		c.Applied = 0
	}
	n.rn, err = raft.NewRawNode(c)
	return err
}

// Recv implements nodes.Node.
func (n *node) Recv(env nodes.Env, from nodes.ID, m nodes.Message) {
	packed, ours := m.(*message)
	if !ours || !n.enter(env) {
		return
	}
	kind, body, whole := packed.kind, packed.body, true
	if kind == kindPart {
		if n.parts[from] == nil {
			n.parts[from] = &collector{}
		}
		kind, body, whole = n.parts[from].add(body)
	}
	if whole {
		n.step(from, kind, body)
	}
	n.settle()
}

// step hands a message to the library, in a copy of its own.
func (n *node) step(from nodes.ID, kind uint8, body []byte) {
	if m, err := read(kind, body); err == nil && n.from(m, from) {
		_ = n.rn.Step(m) // an error says that the message means nothing to this node
	}
}

// from says whether a message is of whom it came from. A read may have been passed on.
func (n *node) from(m *pb.Message, from nodes.ID) bool {
	return m.GetTo() == uint64(n.self) && m.GetFrom() != uint64(n.self) &&
		(m.GetFrom() == uint64(from) || m.GetType() == pb.MsgReadIndex)
}

// Timer implements nodes.Node.
func (n *node) Timer(env nodes.Env, _ nodes.TimerID) {
	if n.enter(env) {
		n.settle()
		env.SetTimer(tickTimer, n.ticked.Add(tickEvery).Sub(env.Now()))
	}
}

// settle does what may have become possible.
func (n *node) settle() {
	n.notice()
	for !n.stopped && n.up && !n.out && n.rn.HasReady() {
		n.take(n.rn.Ready())
		n.notice()
	}
	n.answerReads()
}

// stop ends the node: nothing that it says later could be relied on.
func (n *node) stop(reason string) {
	if !n.stopped {
		n.stopped = true
		n.env.Stop(reason)
	}
}

// Status implements nodes.Statuser.
func (n *node) Status() nodes.Status {
	s := nodes.Status{ID: n.self.String(), Role: "follower"}
	if n.rn == nil {
		return s
	}
	b := n.rn.BasicStatus()
	s.Term, s.Commit, s.Applied = b.GetTerm(), b.GetCommit(), n.applied
	if b.Lead != raft.None {
		s.Leader = nodes.ID(b.Lead).String()
	}
	switch b.RaftState {
	case raft.StateLeader:
		s.Role = "leader"
	case raft.StateCandidate, raft.StatePreCandidate:
		s.Role = "candidate"
	}
	return s
}
