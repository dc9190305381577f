package multipaxos

import (
	"sunder/nodes"
	"sunder/nodes/ballot"
	"sunder/nodes/checkpoint"
	"sunder/nodes/wire"
)

// The kinds of message, by their names in the papers where they have one.
const (
	kindPrepare uint8 = iota + 1
	kindPromise
	kindNack
	kindAccept
	kindAccepted
	kindLearn
	kindLearned
	kindSnapshot
	kindQuery
	kindQueryReply
	kindForget
)

// kinds names the kinds, by their numbers.
func kinds() []string {
	return []string{kindPrepare: "prepare", kindPromise: "promise", kindNack: "nack",
		kindAccept: "accept", kindAccepted: "accepted", kindLearn: "learn",
		kindLearned: "learned", kindSnapshot: "snapshot", kindQuery: "query",
		kindQueryReply: "query-reply", kindForget: "forget"}
}

// prepare is phase 1a for all slots from one on at once.
type prepare struct {
	ballot ballot.Ballot
	from   uint64
}

// promise is phase 1b: the acceptor takes part in no ballot below, and these are the proposals that
// it has accepted at slots from on, and above commit. What does not fit into a message is asked for
// with another prepare, from next on; 0: that is all.
type promise struct {
	ballot   ballot.Ballot
	from     uint64
	next     uint64
	commit   uint64 // slots up to here are decided: the proposer must learn them
	accepted []proposal
}

// proposal is a value that an acceptor accepted, and the ballot in which it did last.
type proposal struct {
	slot   uint64
	ballot ballot.Ballot
	value  *value
}

// nack refuses a prepare or an accept.
type nack struct {
	ballot   ballot.Ballot // that was refused
	promised ballot.Ballot // the acceptor's
	commit   uint64
}

// accept is phase 2a for a run of slots, a heartbeat where it carries no values.
type accept struct {
	ballot ballot.Ballot
	first  uint64 // the slot of the first value
	commit uint64 // slots up to here are decided
	round  uint64 // echoed: what the leader had done when it sent this (see reads.go)
	values []*value
}

// accepted is phase 2b for a run of slots, durably.
type accepted struct {
	ballot ballot.Ballot
	first  uint64
	count  uint64
	commit uint64 // of the acceptor: slots up to here it knows to be decided, durably
	high   uint64 // the last slot at which it has accepted anything, in any ballot
	round  uint64
}

// learn asks for what was decided from a slot on; of the snapshot at index, if it takes one, from
// the byte at offset on.
type learn struct {
	from          uint64
	index, offset uint64
}

// learned answers it with values that were decided.
type learned struct {
	ballot ballot.Ballot // promised by the node that tells
	first  uint64
	commit uint64
	values []*value
}

// snapshotChunk answers it where the node that is asked has no longer what was decided.
type snapshotChunk struct {
	ballot ballot.Ballot
	of     checkpoint.Snapshot // without its data
	offset uint64
	total  uint64
	data   []byte
}

// query asks an acceptor how far it has accepted, for a quorum read.
type query struct{ id uint64 }

// queryReply answers it: nothing is decided above high of which this acceptor took part.
type queryReply struct{ id, high uint64 }

// forget tells an auxiliary that all mains know what was decided up to a slot.
type forget struct {
	ballot ballot.Ballot
	upto   uint64
}

func (m *prepare) Kind() uint8       { return kindPrepare }
func (m *promise) Kind() uint8       { return kindPromise }
func (m *nack) Kind() uint8          { return kindNack }
func (m *accept) Kind() uint8        { return kindAccept }
func (m *accepted) Kind() uint8      { return kindAccepted }
func (m *learn) Kind() uint8         { return kindLearn }
func (m *learned) Kind() uint8       { return kindLearned }
func (m *snapshotChunk) Kind() uint8 { return kindSnapshot }
func (m *query) Kind() uint8         { return kindQuery }
func (m *queryReply) Kind() uint8    { return kindQueryReply }
func (m *forget) Kind() uint8        { return kindForget }

// The identities leave out rounds and the like: they count all that a node ever sent, so that one
// message fewer would rename all later ones. Equal messages are told apart by their occurrence.

func (m *prepare) Ident() uint64 {
	return wire.Ident(kindPrepare, uint64(m.ballot), m.from, 0)
}

func (m *promise) Ident() uint64 {
	return wire.Ident(kindPromise, uint64(m.ballot), m.from, uint64(len(m.accepted)))
}

func (m *nack) Ident() uint64 {
	return wire.Ident(kindNack, uint64(m.ballot), uint64(m.promised), 0)
}

func (m *accept) Ident() uint64 {
	return wire.Ident(kindAccept, uint64(m.ballot), m.first, uint64(len(m.values)))
}

func (m *accepted) Ident() uint64 {
	return wire.Ident(kindAccepted, uint64(m.ballot), m.first, m.count)
}

func (m *learn) Ident() uint64 { return wire.Ident(kindLearn, m.from, m.index, m.offset) }

func (m *learned) Ident() uint64 {
	return wire.Ident(kindLearned, uint64(m.ballot), m.first, uint64(len(m.values)))
}

func (m *snapshotChunk) Ident() uint64 {
	return wire.Ident(kindSnapshot, uint64(m.ballot), m.of.Index, m.offset)
}

func (m *query) Ident() uint64 { return wire.Ident(kindQuery, 0, 0, 0) }

func (m *queryReply) Ident() uint64 { return wire.Ident(kindQueryReply, m.high, 0, 0) }

func (m *forget) Ident() uint64 { return wire.Ident(kindForget, uint64(m.ballot), m.upto, 0) }

// All messages of the protocol.
var (
	_ nodes.Message = (*prepare)(nil)
	_ nodes.Message = (*promise)(nil)
	_ nodes.Message = (*nack)(nil)
	_ nodes.Message = (*accept)(nil)
	_ nodes.Message = (*accepted)(nil)
	_ nodes.Message = (*learn)(nil)
	_ nodes.Message = (*learned)(nil)
	_ nodes.Message = (*snapshotChunk)(nil)
	_ nodes.Message = (*query)(nil)
	_ nodes.Message = (*queryReply)(nil)
	_ nodes.Message = (*forget)(nil)
)
