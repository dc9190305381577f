package raft

import (
	"encoding/binary"

	"sunder/nodes"
	"sunder/nodes/fifo"
	"sunder/nodes/wal"
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
	recordBase  = iota + 1 // index, term, chain hash: the log begins after this entry
	recordState            // term, vote
	recordEntry            // index, term, command: no entry from this index on counts any more
)

// step is what the log file waits for. At most one Sync of it is under way (thesis 10.2.1): what
// is written meanwhile goes with the next.
type step uint8

const (
	idle      step = iota
	flushing       // Sync of the log
	naming         // Sync of the directory, after the log was created
	rewriting      // Sync of the temporary file that holds the log without its old part
	renaming       // Sync of the directory, after it became the log
)

// The tokens of the two files, which do not wait for each other.
const (
	tokenLog nodes.Token = iota + 1
	tokenSnapshot
)

// disk is the log file and what waits for it. Everything that is written has a sequence number;
// everything that another node could rely on is said only when all that was written before it is
// durable: votes, terms and acknowledgements need no further thought.
type disk struct {
	out     []byte // records that are not in the file yet
	written uint64 // sequence of the last record
	running uint64 // what the Sync under way will make durable
	durable uint64
	step    step

	reached uint64 // the last log index that the Sync under way covers
	stable  uint64 // the last log index that is durable

	size  uint64 // of the file, in bytes
	safe  uint64 // bytes of the file that are known to be durable
	named bool   // the file's name is durable
	trim  bool   // the file holds entries that a snapshot covers, and should be rewritten

	waiting fifo.Queue[posted]
	temp    []byte // scratch of rewrite
}

// posted is a message that waits until everything up to a sequence number is durable.
type posted struct {
	after uint64
	to    nodes.ID // the node itself: its own vote
	m     nodes.Message
}

// post sends a message as soon as everything written so far is durable.
func (n *node) post(to nodes.ID, m nodes.Message) {
	n.disk.waiting.Push(posted{n.disk.written, to, m})
	n.release()
}

// say is post, or a mistake: the message leaves at once, though it rests on what is not durable.
func (n *node) say(to nodes.ID, m nodes.Message, atOnce bool) {
	if !atOnce {
		n.post(to, m)
		return
	}
	n.utter(posted{to: to, m: m})
}

// release sends what waited long enough. A vote for itself takes no way over the network.
func (n *node) release() {
	for n.disk.waiting.Len() > 0 && n.disk.waiting.Front().after <= n.disk.durable {
		n.utter(n.disk.waiting.Pop())
	}
}

func (n *node) utter(w posted) {
	v, isVote := w.m.(*voteReply)
	if isVote && v.granted {
		n.observe(nodes.Voted, v.term, mark{}, w.to)
	}
	if w.to == n.self {
		n.onVoteReply(n.me, v)
	} else {
		n.env.Send(w.to, w.m)
	}
}

// saveState writes the term and the vote.
func (n *node) saveState() {
	n.disk.out = putState(n.disk.out, n.term, n.vote, n.disk.safe)
	n.disk.written++
}

// append puts an entry at the end of the log, in memory and on disk. A command that is too large
// for a message changes nothing.
func (n *node) append(e entry) bool {
	d := &n.disk
	prev, at := n.log.end(), len(d.out)
	out, command := putEntry(d.out, prev.index+1, &e)
	d.out = out
	if len(command) > commandMax {
		d.out = out[:at]
		return false
	}
	wal.End(out, at, d.safe)
	d.written++
	e.size = uint32(len(command))
	n.log.push(e, prev.extend(e.term, command))
	return true
}

// cut drops the entries after index. That needs no record: the entry that replaces the first of
// them says so.
func (n *node) cut(index uint64) {
	if n.bug == bugLogOverwrittenInPlace {
		n.log.cutInPlace(index)
	} else {
		n.log.cut(index)
	}
	if n.bug == bugCutKeepsStable {
		return
	}
	n.disk.stable = min(n.disk.stable, index)
	n.disk.reached = min(n.disk.reached, index)
}

// writeOut begins what the log file needs next.
func (n *node) writeOut() {
	d := &n.disk
	switch {
	case d.step != idle || n.stopped:
	case d.trim:
		n.rewrite()
	case d.written > d.durable:
		d.begin(flushing, n.log.last())
		n.env.Append(fileLog, d.out)
		d.size += uint64(len(d.out))
		d.out = d.out[:0]
		n.env.Sync(fileLog, tokenLog)
	}
}

// rewrite puts the log into a new file without what a snapshot covers. All that is to be written
// is in it: the records in out are dropped.
func (n *node) rewrite() {
	d := &n.disk
	d.trim = false
	d.begin(rewriting, n.log.last())
	d.temp = putBase(d.temp[:0], n.log.base)
	if n.bug != bugRewriteLosesVote {
		d.temp = putState(d.temp, n.term, n.vote, 0)
	}
	for i := range n.log.entries {
		at := len(d.temp)
		d.temp, _ = putEntry(d.temp, n.log.base.index+uint64(i)+1, &n.log.entries[i])
		wal.End(d.temp, at, 0)
	}
	d.size, d.safe, d.out = uint64(len(d.temp)), 0, d.out[:0]
	n.env.Append(fileLogTemp, d.temp)
	if n.bug == bugRewriteUnsynced {
		n.logSynced()
		return
	}
	n.env.Sync(fileLogTemp, tokenLog)
}

func (d *disk) begin(s step, last uint64) { d.step, d.running, d.reached = s, d.written, last }

// Synced implements nodes.Node. After a failed Sync nobody knows what is on the disk: the node
// must not go on (Rebello et al., "Can Applications Recover from fsync Failures?", ATC 2020).
func (n *node) Synced(env nodes.Env, tok nodes.Token, err error) {
	n.env = env
	switch {
	case n.stopped:
		return
	case err != nil && n.bug != bugFsyncErrorIgnored:
		n.stop("sync: " + err.Error())
		return
	case tok == tokenSnapshot:
		n.snapshotSynced()
	case tok == tokenLog:
		n.logSynced()
	}
	n.settle()
}

func (n *node) logSynced() {
	d := &n.disk
	switch {
	case d.step == rewriting:
		n.env.Rename(fileLogTemp, fileLog)
		if n.bug == bugDirectoryNotSynced {
			break
		}
		d.step = renaming
		n.env.Sync(nodes.Dir, tokenLog)
		return
	case d.step == flushing && !d.named && n.bug != bugDirectoryNotSynced:
		d.step = naming
		n.env.Sync(nodes.Dir, tokenLog)
		return
	}
	d.step, d.named = idle, true
	d.durable, d.stable, d.safe = d.running, d.reached, d.size
	if n.bug == bugFsyncCoversLaterWrites {
		d.durable, d.stable = d.written, n.log.last()
	}
	n.release()
	d.durable = d.running
	if n.role == leader {
		n.advance()
	}
}

func putBase(b []byte, m mark) []byte {
	at := len(b)
	b = put(append(wal.Begin(b), recordBase), m.index, m.term, m.hash)
	wal.End(b, at, 0)
	return b
}

func putState(b []byte, term uint64, vote nodes.ID, safe uint64) []byte {
	at := len(b)
	b = put(append(wal.Begin(b), recordState), term, uint64(vote))
	wal.End(b, at, safe)
	return b
}

// putEntry leaves the record open, and returns its command's encoding beside it.
func putEntry(b []byte, index uint64, e *entry) (out, command []byte) {
	b = append(wal.Begin(b), recordEntry)
	b = binary.AppendUvarint(b, index)
	b = binary.AppendUvarint(b, e.term)
	at := len(b)
	if e.command != nil {
		b = e.command.AppendTo(b)
	}
	return b, b[at:]
}
