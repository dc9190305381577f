package etcdraft

import (
	"encoding/binary"
	"errors"

	"go.etcd.io/raft/v3"
	pb "go.etcd.io/raft/v3/raftpb"

	"sunder/nodes"
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

// The log file is a sequence of records in the framing of package wal. Numbers are varints.
const (
	recordBase  = iota + 1 // index, term, hash: the log begins after this entry
	recordConf             // the voters
	recordState            // term, vote, commit
	recordEntry            // index, term, data: no entry from this index on counts any more
)

// tokenDisk is the one token: the disk does one thing after another.
const tokenDisk nodes.Token = 1

// step is what the disk waits for.
type step uint8

const (
	idle            step = iota
	savingSnapshot       // Sync of the temporary snapshot
	namingSnapshot       // Sync of the directory, after it became the snapshot
	flushing             // Sync of the log
	naming               // Sync of the directory, after the log was created
	rewriting            // Sync of the temporary log, which begins later than the log
	namingRewritten      // Sync of the directory, after it became the log
)

// disk is what is to be written, in order. What waits while a Sync is under way goes with the
// next one.
type disk struct {
	queue   []write
	running []write
	step    step
	base    mark   // before the first entry of the library's storage
	named   bool   // the log's name is durable
	size    uint64 // of the log, in bytes
	safe    uint64 // bytes of the log that are known to be durable
}

// write is something to be written, and what may be done once it is durable.
type write struct {
	records  []byte // as they are
	hard     *pb.HardState
	entries  []*pb.Entry
	snapshot *pb.Snapshot
	own      bool // the snapshot was taken here, and does not replace the log
	must     bool // what follows relies on the disk
	done     func()
}

func (w *write) empty() bool {
	return len(w.records) == 0 && raft.IsEmptyHardState(w.hard) && len(w.entries) == 0 &&
		raft.IsEmptySnap(w.snapshot)
}

// write puts w in line.
func (n *node) write(w write) {
	n.disk.queue = append(n.disk.queue, w)
	n.writeOut()
}

// writeOut begins what is next in line: a snapshot alone, or all that comes before one.
func (n *node) writeOut() {
	d := &n.disk
	for d.step == idle && len(d.queue) > 0 && !n.stopped {
		count := 0
		for count < len(d.queue) && raft.IsEmptySnap(d.queue[count].snapshot) {
			count++
		}
		if count == 0 {
			d.running, d.queue = d.queue[:1:1], d.queue[1:]
			n.env.Append(fileSnapshotTmp, encodeSnapshot(d.running[0].snapshot))
			n.sync(fileSnapshotTmp, savingSnapshot)
			return
		}
		d.running, d.queue = d.queue[:count:count], d.queue[count:]
		if n.flush() {
			n.sync(fileLog, flushing)
			return
		}
		n.release()
	}
}

func (n *node) sync(f nodes.File, s step) {
	n.disk.step = s
	n.env.Sync(f, tokenDisk)
}

// flush appends what runs to the log, and says whether it must be synced.
func (n *node) flush() (must bool) {
	d := &n.disk
	var out []byte
	for i := range d.running {
		w := &d.running[i]
		out = append(out, w.records...)
		for _, e := range w.entries {
			out = putEntry(out, e, d.safe)
		}
		if !raft.IsEmptyHardState(w.hard) { // after the entries that its commit index may need
			out = putState(out, w.hard, d.safe)
		}
		// Once the node is up, an answer alone needs no fsync of what is durable already.
		must = must || w.must && (!w.empty() || !n.up || d.size > d.safe)
	}
	if len(out) > 0 {
		n.env.Append(fileLog, out)
		d.size += uint64(len(out))
	}
	return must && (n.bug != bugMustSyncIgnored || !n.up)
}

// Synced implements nodes.Node. After a failed Sync nobody knows what is on the disk: the node
// must not go on (Rebello et al., "Can Applications Recover from fsync Failures?", ATC 2020).
func (n *node) Synced(env nodes.Env, _ nodes.Token, err error) {
	if !n.enter(env) {
		return
	}
	if err != nil {
		n.stop("sync: " + err.Error())
		return
	}
	d := &n.disk
	switch d.step {
	case savingSnapshot:
		env.Rename(fileSnapshotTmp, fileSnapshot)
		n.sync(nodes.Dir, namingSnapshot)
	case namingSnapshot:
		n.adopt(&d.running[0])
		n.rewrite()
	case rewriting:
		env.Rename(fileLogTemp, fileLog)
		n.sync(nodes.Dir, namingRewritten)
	case flushing:
		d.safe = d.size
		if !d.named {
			n.sync(nodes.Dir, naming)
			break
		}
		n.release()
	case naming, namingRewritten:
		d.named, d.safe = true, d.size
		n.release()
	}
	n.writeOut()
	n.settle()
}

// release does what waited, in order.
func (n *node) release() {
	list := n.disk.running
	n.disk.step, n.disk.running = idle, nil
	for i := range list {
		w := &list[i]
		switch {
		case n.stopped:
			return
		case raft.IsEmptySnap(w.snapshot):
			n.keep(w)
		case !w.own:
			n.install(w.snapshot)
		}
		n.observeVote(w.hard)
		if w.done != nil {
			w.done()
		}
	}
}

// keep lets the library's storage have what is on disk. Its errors are of its own invariants.
func (n *node) keep(w *write) {
	if !raft.IsEmptyHardState(w.hard) {
		must(n.storage.SetHardState(w.hard))
	}
	must(n.storage.Append(w.entries))
}

// must ends the node where the library's storage refuses what the library itself asked for.
func must(err error) {
	if err != nil {
		panic("etcdraft: storage: " + err.Error())
	}
}

// rewrite puts the log, as the storage has it now, into a new file.
func (n *node) rewrite() {
	hard, conf, err := n.storage.InitialState()
	must(err)
	out := n.head(hard, conf)
	first, err := n.storage.FirstIndex()
	must(err)
	last, err := n.storage.LastIndex()
	must(err)
	if last >= first {
		entries, err := n.storage.Entries(first, last+1, 1<<62)
		must(err)
		for _, e := range entries {
			out = putEntry(out, e, 0)
		}
	}
	n.disk.size, n.disk.safe = uint64(len(out)), 0
	n.env.Append(fileLogTemp, out)
	n.sync(fileLogTemp, rewriting)
}

// head is how a log file begins: where, with whom, and in which state.
func (n *node) head(hard *pb.HardState, conf *pb.ConfState) []byte {
	b := putNumbers(nil, recordBase, 0, n.disk.base.index, n.disk.base.term, n.disk.base.hash)
	b = putNumbers(b, recordConf, 0, conf.GetVoters()...)
	return putState(b, hard, 0)
}

func putNumbers(b []byte, kind byte, safe uint64, numbers ...uint64) []byte {
	at := len(b)
	b = append(wal.Begin(b), kind)
	for _, v := range numbers {
		b = binary.AppendUvarint(b, v)
	}
	wal.End(b, at, safe)
	return b
}

func putState(b []byte, h *pb.HardState, safe uint64) []byte {
	return putNumbers(b, recordState, safe, h.GetTerm(), h.GetVote(), h.GetCommit())
}

func putEntry(b []byte, e *pb.Entry, safe uint64) []byte {
	at := len(b)
	b = append(wal.Begin(b), recordEntry)
	b = binary.AppendUvarint(b, e.GetIndex())
	b = binary.AppendUvarint(b, e.GetTerm())
	b = append(b, e.GetData()...)
	wal.End(b, at, safe)
	return b
}

var errMissing = errors.New("the log is missing")
