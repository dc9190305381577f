package multipaxos

import (
	"time"

	"sunder/nodes"
	"sunder/nodes/ballot"
	"sunder/nodes/checkpoint"
	"sunder/nodes/fifo"
	"sunder/nodes/journal"
	"sunder/nodes/kv"
	"sunder/nodes/lease"
)

// node is a member. The fields of one file of this package stand together.
type node struct {
	env     nodes.Env // of the call that runs
	self    nodes.ID
	variant Variant
	reads   string
	window  uint64
	every   uint64 // slots between two snapshots; 0: none
	bug     bug
	stopped bool

	auxiliary bool // it only votes

	promised ballot.Ballot // it takes part in none below; durable before others rely on it
	log      log
	commit   uint64 // all slots up to here are decided, and executed
	chain    uint64 // hash of their values
	digested uint64 // the state was observed last after this slot
	machine  kv.Machine
	schedule schedule

	role     role
	leader   nodes.ID      // whom it believes to lead; 0: nobody
	ballot   ballot.Ballot // candidate and leader: its own; then the last one that it used
	seen     ballot.Ballot // the highest that it heard of
	timeout  time.Duration // of the current wait for a leader
	deadline nodes.Mono    // when it falls due
	armed    bool          // the timer is set, perhaps for an earlier time
	heardAny bool          // it heard from a leader at heard, and may not promise for a while
	heard    nodes.Mono
	told     ballot.Ballot // the promise that was observed last
	peers    []peer        // all members, itself included
	me       *peer

	start    uint64              // candidate and leader: where its phase 1 begins
	prepared ballot.Voters       // who has promised its ballot, entirely
	found    map[uint64]proposal // the highest proposals that were reported
	foundMax uint64              // the highest slot among them
	target   uint64              // slots up to here are decided, as some who promised say
	promiser nodes.ID            // one who said so

	attempts int           // candidate: how often it has asked for promises
	audience ballot.Voters // candidate and leader: whom it asks
	changing uint64        // leader: where it proposed a configuration last
	wish     ballot.Voters // leader: the mains of one to propose
	changed  bool          // leader: one was decided, and has its consequences

	next    uint64 // leader: the slot that it proposes next
	fillTo  uint64 // leader: slots up to here are filled, with no-ops if need be
	waiting fifo.Queue[command]
	open    fifo.Queue[request]

	rounds    lease.Rounds // leader: of broadcasts
	asked     uint64       // leader: the last round that was begun for the sake of a read
	wanted    uint64       // leader: the round that the last read needs
	draft     *accept      // leader: the message that was sent last
	draftUpto uint64       // the slot up to which it was to reach
	questions fifo.Queue[question]
	ascending []uint64 // scratch of quorumOf
	survey    survey

	known    uint64   // slots up to here are decided, as others say
	teacher  nodes.ID // who said so
	learning bool     // the timer is set
	inVain   uint64   // from where on it asked last, without an answer yet
	assembly checkpoint.Assembly

	journal  journal.Journal[posted]
	noted    uint64 // the commit index that was written last
	keeping  uint64 // and the one that the Sync under way covers
	kept     uint64 // and the one that is durable
	trim     bool   // the journal holds what a snapshot covers, and should be replaced
	scratch  []byte
	store    checkpoint.Store
	snapshot *checkpoint.Snapshot // the newest durable one, or nil
}
