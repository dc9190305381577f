package sim

import (
	"time"

	"sunder/harness/history"
	"sunder/nodes"
)

// Moment is one thing that happened, for diagrams and for shrinking. Whoever listens to moments
// changes nothing of the run.
type Moment struct {
	At   time.Duration
	What What
	Node nodes.ID // that it happened on: of a message the sender or the receiver
	Peer nodes.ID // the other end of a message

	// Of a message: its number in the run, which is the same at both ends, its kind, the how
	// manyth of that kind it is on its link, and the word of its causal identity.
	Message uint64
	Kind    uint8
	Nth     int
	Ident   uint64
	Body    nodes.Message // says what it is in words, too; nobody changes it
	Takes   time.Duration // of what is sent: how long it will be under way

	Client history.Process // that asked a node, or is answered
	Words  string          // of what ended a process
}

// What kind of moment it is.
type What uint8

// The kinds of moments. A message that is lost is sent and then lost, at once; one that comes
// twice is sent twice under one number.
const (
	Sent What = iota + 1
	Lost
	Cut // the receiver refused to hear it, at the time when it arrived
	Delivered
	Missed  // it arrived where nothing ran
	Syncing // it asked for a sync, the how manyth of its own
	Synced
	Asked    // a client's command is on its way to the node
	Answered // and the answer to it on its way back
	Booted
	Died
)

// tell passes a moment on, if anybody listens.
func (w *World) tell(m Moment) {
	if w.Watch != nil {
		m.At = w.now
		w.Watch(m)
	}
}

// tellMessage passes on what became of the message of a job at its receiver.
func (w *World) tellMessage(what What, j *job) {
	if w.Watch != nil {
		w.Watch(Moment{At: w.now, What: what, Node: j.node.id, Peer: j.from.id, Message: j.gen,
			Kind: j.m.Kind(), Ident: j.ident, Body: j.m})
	}
}
