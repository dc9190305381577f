package paxos

import (
	"sunder/nodes"
	"sunder/nodes/ballot"
	"sunder/nodes/wire"
)

// The kinds of message, in the order of a decree's life.
const (
	kindPrepare uint8 = iota + 1
	kindPromise
	kindAccept
	kindAccepted
	kindNack
	kindLearn
	kindDecided
)

// kinds is the names of the kinds, by number.
var kinds = []string{kindPrepare: "prepare", kindPromise: "promise", kindAccept: "accept",
	kindAccepted: "accepted", kindNack: "nack", kindLearn: "learn", kindDecided: "decided"}

// prepare is phase 1a (section 2.2): will you take part in nothing below this ballot?
type prepare struct {
	decree uint64
	ballot ballot.Ballot
}

// promise is phase 1b: I will not, and this is the proposal with the largest ballot that I
// accepted, if there is one.
type promise struct {
	decree   uint64
	ballot   ballot.Ballot // of the prepare
	accepted ballot.Ballot // 0: none
	value    *value        // nil: none
}

// accept is phase 2a: accept this value in this ballot.
type accept struct {
	decree uint64
	ballot ballot.Ballot
	value  *value
}

// accepted is phase 2b: I have, durably. It goes to the learner at the proposer's node, which
// tells the others (section 2.3).
type accepted struct {
	decree uint64
	ballot ballot.Ballot
}

// nack answers a prepare or an accept that came too late: a larger ballot was promised. The paper
// leaves it out, because it is there for speed only.
type nack struct {
	decree   uint64
	ballot   ballot.Ballot // that is refused
	promised ballot.Ballot
}

// learn asks for what was decided from a decree on.
type learn struct{ from uint64 }

// decided tells the chosen values of consecutive decrees.
type decided struct {
	from   uint64
	values []*value
}

func (m *prepare) Kind() uint8  { return kindPrepare }
func (m *promise) Kind() uint8  { return kindPromise }
func (m *accept) Kind() uint8   { return kindAccept }
func (m *accepted) Kind() uint8 { return kindAccepted }
func (m *nack) Kind() uint8     { return kindNack }
func (m *learn) Kind() uint8    { return kindLearn }
func (m *decided) Kind() uint8  { return kindDecided }

func (m *prepare) Ident() uint64 { return wire.Ident(kindPrepare, m.decree, uint64(m.ballot), 0) }
func (m *promise) Ident() uint64 {
	return wire.Ident(kindPromise, m.decree, uint64(m.ballot), uint64(m.accepted))
}
func (m *accept) Ident() uint64 {
	return wire.Ident(kindAccept, m.decree, uint64(m.ballot), m.value.hash)
}
func (m *accepted) Ident() uint64 { return wire.Ident(kindAccepted, m.decree, uint64(m.ballot), 0) }
func (m *nack) Ident() uint64 {
	return wire.Ident(kindNack, m.decree, uint64(m.ballot), uint64(m.promised))
}
func (m *learn) Ident() uint64 { return wire.Ident(kindLearn, m.from, 0, 0) }
func (m *decided) Ident() uint64 {
	return wire.Ident(kindDecided, m.from, uint64(len(m.values)), m.values[0].hash)
}

// All messages of the protocol.
var (
	_ nodes.Message = (*prepare)(nil)
	_ nodes.Message = (*promise)(nil)
	_ nodes.Message = (*accept)(nil)
	_ nodes.Message = (*accepted)(nil)
	_ nodes.Message = (*nack)(nil)
	_ nodes.Message = (*learn)(nil)
	_ nodes.Message = (*decided)(nil)
)
