package host

import (
	"fmt"
	"sync"

	"sunder/nodes"
)

// files are the node's files. Tests put a failing one in place of a directory.
type files interface {
	// Read is every file as it is, sorted by name. It comes first.
	Read() ([]nodes.Recovered, error)
	Append(f nodes.File, p []byte) error
	Truncate(f nodes.File, size int64) error
	Rename(from, to nodes.File) error
	Remove(f nodes.File) error
	Sync(f nodes.File) error
	Close() error
}

// work is one thing for the disk to do.
type work struct {
	do   deed
	file nodes.File
	to   nodes.File  // rename
	data []byte      // append
	off  int64       // truncate
	tok  nodes.Token // fsync
}

type deed uint8

const (
	write deed = iota + 1
	truncate
	rename
	remove
	fsync
)

// disk does the node's work on its files, in the order in which the node asked for it, in a
// goroutine of its own: an fsync takes as long as it takes, and the node goes on.
//
// What is asked for while an fsync runs is taken as one batch when it ends. In a batch, appends
// that follow each other are one write, and an fsync waits for later ones of the same file as
// long as only appends come between: so one fsync serves many clients. Nothing else passes an
// fsync, or a rename could become durable before the data that it names.
type disk struct {
	files  files
	report func(nodes.Token, error)
	failed error // the first failure: the disk is never trusted again

	mu     sync.Mutex
	queue  []work
	closed bool
	wake   chan struct{} // holds one: something was queued
}

func newDisk(f files, report func(nodes.Token, error)) *disk {
	return &disk{files: f, report: report, wake: make(chan struct{}, 1)}
}

func (d *disk) append(f nodes.File, p []byte) {
	d.mu.Lock()
	if n := len(d.queue); n > 0 && d.queue[n-1].do == write && d.queue[n-1].file == f {
		d.queue[n-1].data = append(d.queue[n-1].data, p...)
		d.mu.Unlock()
		return // the goroutine was woken by the one before
	}
	d.mu.Unlock()
	d.push(work{do: write, file: f, data: append([]byte(nil), p...)})
}

func (d *disk) push(w work) {
	d.mu.Lock()
	d.queue = append(d.queue, w)
	d.mu.Unlock()
	d.knock()
}

// stop lets run end when the queue is empty.
func (d *disk) stop() {
	d.mu.Lock()
	d.closed = true
	d.mu.Unlock()
	d.knock()
}

func (d *disk) knock() {
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// run does the work until stop.
func (d *disk) run() {
	var batch []work
	for {
		var closed bool
		if batch, closed = d.take(batch); len(batch) > 0 {
			d.batch(batch)
			clear(batch) // let go of the data
			continue
		}
		if closed {
			return
		}
		<-d.wake
	}
}

// take swaps the queue against an empty one.
func (d *disk) take(spare []work) (batch []work, closed bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	batch, d.queue = d.queue, spare[:0]
	return batch, d.closed
}

// batch does a batch. An fsync is held back until something else than an append comes up.
func (d *disk) batch(batch []work) {
	var held []nodes.Token
	var file nodes.File
	settle := func() {
		if len(held) == 0 {
			return
		}
		d.try(d.files.Sync(file), work{do: fsync, file: file})
		for _, tok := range held {
			d.report(tok, d.failed)
		}
		held = held[:0]
	}
	for _, w := range batch {
		if w.do == fsync && (len(held) == 0 || w.file == file) {
			file, held = w.file, append(held, w.tok)
			continue
		}
		if w.do != write {
			settle()
		}
		if w.do == fsync {
			file, held = w.file, append(held, w.tok)
			continue
		}
		d.one(w)
	}
	settle()
}

// one does a piece of work other than an fsync, unless the disk failed before.
func (d *disk) one(w work) {
	if d.failed != nil {
		return
	}
	switch w.do {
	case write:
		d.try(d.files.Append(w.file, w.data), w)
	case truncate:
		d.try(d.files.Truncate(w.file, w.off), w)
	case rename:
		d.try(d.files.Rename(w.file, w.to), w)
	case remove:
		d.try(d.files.Remove(w.file), w)
	default:
		panic(fmt.Sprintf("host: no work %d on files", w.do))
	}
}

// try keeps the first failure. After a failed fsync the kernel may drop what it could not write
// and call the next one a success (Rebello et al., "Can Applications Recover from fsync
// Failures?", ATC 2020), so there is no second try.
func (d *disk) try(err error, w work) {
	if err == nil || d.failed != nil {
		return
	}
	name := [...]string{write: "append to", truncate: "truncate", rename: "rename",
		remove: "remove", fsync: "sync"}[w.do]
	d.failed = fmt.Errorf("%s %s: %w", name, w.file, err)
}
