// Package journal is the log file of a node: records in the framing of package wal, one Sync at
// a time for all that came together, and what has to wait for it.
//
// Everything that another node or a client could rely on is said only when all that was written
// before it is durable. So a node hands what it would say to Hold, and says what Due gives back.
package journal

import (
	"sunder/nodes"
	"sunder/nodes/wal"
)

// Journal is one file. P is what waits for it: a message and where it goes, say.
type Journal[P any] struct {
	file  nodes.File
	token nodes.Token

	out     []byte // records that are not in the file yet
	written uint64 // sequence of the last record
	running uint64 // what the Sync under way will make durable
	durable uint64
	step    step
	named   bool   // the file's name is durable
	size    uint64 // of the file, in bytes
	safe    uint64 // bytes of the file that are known to be durable

	temp nodes.File // replacing: what becomes the file

	waiting []held[P] // from next on
	next    int
}

// held is what waits until everything up to a sequence number is durable.
type held[P any] struct {
	after uint64
	what  P
}

// step is what the file waits for. At most one Sync is under way: what is written meanwhile goes
// with the next.
type step uint8

const (
	idle      step = iota
	flushing       // Sync of the file
	naming         // Sync of the directory, after the file was created
	replacing      // Sync of the temporary file that will be the journal
	renaming       // Sync of the directory, after it became the journal
)

// Open is a journal in that file, of which size bytes were found and kept. They may have been
// read from a cache that a power loss would still empty: they count as durable after the next
// Sync, which has that token.
func Open[P any](file nodes.File, token nodes.Token, size int) Journal[P] {
	j := Journal[P]{file: file, token: token, size: uint64(size)}
	if size > 0 {
		j.written++
	}
	return j
}

// Begin opens a record: what is appended to the result, up to End, is its payload.
func (j *Journal[P]) Begin() (b []byte, at int) { return wal.Begin(j.out), len(j.out) }

// End completes the record that Begin opened at at.
func (j *Journal[P]) End(b []byte, at int) {
	wal.End(b, at, j.safe)
	j.out = b
	j.written++
}

// Hold keeps p until all that was written so far is durable.
func (j *Journal[P]) Hold(p P) { j.waiting = append(j.waiting, held[P]{j.written, p}) }

// Due takes the next of what was held and has waited long enough.
func (j *Journal[P]) Due() (p P, ok bool) {
	if j.next == len(j.waiting) || j.waiting[j.next].after > j.durable {
		return p, false
	}
	p = j.waiting[j.next].what
	j.waiting[j.next] = held[P]{}
	j.next++
	if j.next == len(j.waiting) {
		j.waiting, j.next = j.waiting[:0], 0
	}
	return p, true
}

// Idle says that no Sync is under way, so that Flush and Replace may begin one.
func (j *Journal[P]) Idle() bool { return j.step == idle }

// Pending says whether Flush would begin a Sync.
func (j *Journal[P]) Pending() bool {
	return j.step == idle && j.next < len(j.waiting) && j.written > j.durable
}

// Flush begins to make durable what was written, unless a Sync is under way or nothing waits for
// it: a record that nobody waits for goes with the next that somebody does.
func (j *Journal[P]) Flush(env nodes.Env) {
	if !j.Pending() {
		return
	}
	if len(j.out) > 0 {
		env.Append(j.file, j.out)
		j.size += uint64(len(j.out))
		j.out = j.out[:0]
	}
	j.step, j.running = flushing, j.written
	env.Sync(j.file, j.token)
}

// Replace begins to put content into the place of the file, by way of a temporary one, while the
// journal is idle. All that was written so far must be in it: what is not in the file yet is
// dropped. Its records may claim nothing about what is durable.
func (j *Journal[P]) Replace(env nodes.Env, temp nodes.File, content []byte) {
	env.Append(temp, content)
	j.temp, j.out = temp, j.out[:0]
	j.size, j.safe = uint64(len(content)), 0
	j.step, j.running = replacing, j.written
	env.Sync(temp, j.token)
}

// Synced takes the next step after a Sync that succeeded: the file first, then its name.
func (j *Journal[P]) Synced(env nodes.Env) {
	switch {
	case j.step == replacing:
		env.Rename(j.temp, j.file)
		j.step = renaming
		env.Sync(nodes.Dir, j.token)
		return
	case j.step == flushing && !j.named:
		j.step = naming
		env.Sync(nodes.Dir, j.token)
		return
	}
	j.step, j.named = idle, true
	j.durable, j.safe = j.running, j.size
}

// NameUnsynced makes the journal take its name for durable: the planted bug of that name.
func (j *Journal[P]) NameUnsynced() { j.named = true }
