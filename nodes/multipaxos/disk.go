package multipaxos

import (
	"sunder/nodes"
	"sunder/nodes/ballot"
	"sunder/nodes/wal"
	"sunder/nodes/wire"
)

// The files of a node. The temporary ones become the others by renaming, or are left over from a
// crash and mean nothing.
const (
	fileLog         nodes.File = "log"
	fileLogTemp     nodes.File = "log.tmp"
	fileSnapshot    nodes.File = "snapshot"
	fileSnapshotTmp nodes.File = "snapshot.tmp"
)

// The log file is a sequence of records in the framing of package wal. The first one is a base.
// Numbers are varints.
const (
	recordBase    = iota + 1 // slot: the log begins after it
	recordPromise            // ballot
	recordAccept             // slot, ballot, value: the ballot is promised, too
	recordLearned            // slot, value
	recordCommit             // slot: all up to it are decided
)

// The tokens of the two files, which do not wait for each other.
const (
	tokenLog nodes.Token = iota + 1
	tokenSnapshot
)

// posted is a message that waits until everything that was written before it is durable.
type posted struct {
	to nodes.ID // the node itself: its own promise, or acceptance
	m  nodes.Message
}

// post sends a message as soon as everything written so far is durable.
func (n *node) post(to nodes.ID, m nodes.Message) {
	n.journal.Hold(posted{to, m})
	n.release()
}

// release sends what waited long enough. What the node says to itself
// takes no way over the network.
func (n *node) release() {
	for {
		w, due := n.journal.Due()
		if !due {
			return
		}
		switch m := w.m.(type) {
		case *promise:
			n.observePromise(m.ballot)
			if w.to == n.self {
				n.onOwnPromise(m)
				continue
			}
		case *accepted:
			n.observePromise(m.ballot)
			n.observeAccepted(m.ballot, m.first, m.count)
			if w.to == n.self {
				n.onOwnAccepted(m)
				continue
			}
		}
		n.env.Send(w.to, w.m)
	}
}

// observePromise tells of a promise when it is durable, once.
func (n *node) observePromise(b ballot.Ballot) {
	if b > n.told {
		n.told = b
		n.observe(nodes.Promised, uint64(b), 0, 0, 0)
	}
}

// observeAccepted tells what was accepted in a ballot and is durable now, unless a higher ballot
// has replaced it since.
func (n *node) observeAccepted(b ballot.Ballot, first, count uint64) {
	for at := first; at < first+count; at++ {
		if n.log.has(at) && n.log.at(at).accepted == b {
			n.observe(nodes.Accepted, uint64(b), at, n.log.at(at).value.hash, 0)
		}
	}
}

func (n *node) savePromise() {
	if n.bug == bugPromiseNotPersisted {
		return
	}
	b, at := n.journal.Begin()
	n.journal.End(putPromise(b, n.promised), at)
}

func (n *node) saveAccept(slot uint64, s *slot) {
	b, at := n.journal.Begin()
	n.journal.End(putAccept(b, slot, s), at)
}

func (n *node) saveLearned(slot uint64, v *value) {
	b, at := n.journal.Begin()
	n.journal.End(putLearned(b, slot, v), at)
}

// writeOut begins what the log file needs next. What is decided is noted along with what must be
// written anyhow: it can be learned again.
func (n *node) writeOut() {
	switch {
	case n.stopped || !n.journal.Idle():
		return
	case n.trim:
		n.trim = false
		n.scratch = n.appendLog(n.scratch[:0])
		n.journal.Replace(n.env, fileLogTemp, n.scratch)
		n.noted = n.commit
	case n.journal.Pending():
		if n.commit > n.noted {
			b, at := n.journal.Begin()
			n.journal.End(putCommit(b, n.commit), at)
			n.noted = n.commit
		}
		n.journal.Flush(n.env)
	default:
		return
	}
	n.keeping = n.noted
}

// appendLog is all that the log file must hold, without what a snapshot covers.
func (n *node) appendLog(b []byte) []byte {
	record := func(payload func(b []byte) []byte) {
		at := len(b)
		b = payload(wal.Begin(b))
		wal.End(b, at, 0)
	}
	record(func(b []byte) []byte { return wire.Put(append(b, recordBase), n.log.base) })
	if n.bug != bugPromiseNotPersisted {
		record(func(b []byte) []byte { return putPromise(b, n.promised) })
	}
	for i := range n.log.slots {
		s, slot := &n.log.slots[i], n.log.base+uint64(i)+1
		switch {
		case s.value == nil:
		case s.accepted == 0:
			record(func(b []byte) []byte { return putLearned(b, slot, s.value) })
		default:
			record(func(b []byte) []byte { return putAccept(b, slot, s) })
		}
	}
	record(func(b []byte) []byte { return putCommit(b, n.commit) })
	return b
}

// Synced implements nodes.Node. After a failed Sync nobody knows what is on the disk: the node
// must not go on (Rebello et al., "Can Applications Recover from fsync Failures?", ATC 2020).
func (n *node) Synced(env nodes.Env, tok nodes.Token, err error) {
	n.env = env
	switch {
	case n.stopped:
		return
	case err != nil:
		n.stop("sync: " + err.Error())
		return
	case tok == tokenSnapshot:
		if s := n.store.Synced(env); s != nil {
			n.snapshotDurable(s)
		}
	case tok == tokenLog:
		if n.journal.Synced(env); n.journal.Idle() {
			n.kept = n.keeping
		}
		n.release()
	}
	n.settle()
}

func putPromise(b []byte, p ballot.Ballot) []byte {
	return wire.Put(append(b, recordPromise), uint64(p))
}

func putCommit(b []byte, slot uint64) []byte { return wire.Put(append(b, recordCommit), slot) }

func putAccept(b []byte, slot uint64, s *slot) []byte {
	return putValue(wire.Put(append(b, recordAccept), slot, uint64(s.accepted)), s.value)
}

func putLearned(b []byte, slot uint64, v *value) []byte {
	return putValue(wire.Put(append(b, recordLearned), slot), v)
}

// putValue ends a record with a value, and seals it where that was not done yet.
func putValue(b []byte, v *value) []byte {
	b = wire.Put(b, uint64(v.ballot))
	at := len(b)
	b = v.appendBody(b)
	if v.hash == 0 {
		v.seal(b[at:])
	}
	return b
}
