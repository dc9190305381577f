package sim

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"

	"sunder/nodes"
)

// disk is files under their names, as the page cache has them, and what of that a loss of power
// would leave. Killing the process loses nothing.
type disk struct {
	names   map[nodes.File]*inode
	durable map[nodes.File]*inode // what the names were at the last sync of the directory
	changes []change              // to names since then, in order
	settled uint64                // changes that became durable before those
	failed  error                 // the first failure: nothing is done after it
	mode    string                // what a fault does to syncs, or ""
	faulty  uint64                // syncs, or writes, that met a mode
	losses  uint64                // of power so far
	room    int                   // bytes that a full disk has left
	filled  uint64                // how often it was full so far
	flips   uint64                // bits that flipped so far
	spare   []*inode              // of disks before, for their memory
}

// inode is bytes of which the first safe are durable.
type inode struct {
	data   []byte
	safe   int
	before []byte // what it held before a truncation that is not durable; nil: there was none
	cuts   uint64
}

// change is one entry of the directory: file is at name from now on, and no longer at gone.
type change struct {
	name, gone nodes.File
	file       *inode
}

func (c change) apply(names map[nodes.File]*inode) {
	if c.gone != "" {
		delete(names, c.gone)
	}
	if c.name != "" {
		names[c.name] = c.file
	}
}

var (
	errSync = errors.New("input/output error")
	errFull = errors.New("no space left on device")
)

func newDisk() disk {
	return disk{names: map[nodes.File]*inode{}, durable: map[nodes.File]*inode{}}
}

// fresh is an empty disk, in the memory of d if it has some.
func (d *disk) fresh() disk {
	if d.names == nil {
		return newDisk()
	}
	for _, i := range d.names { // each has one name; in which order does not matter
		d.spare = append(d.spare, i)
	}
	clear(d.names)
	clear(d.durable)
	clear(d.changes)
	return disk{names: d.names, durable: d.durable, changes: d.changes[:0], spare: d.spare}
}

// file is a new file that holds p.
func (d *disk) file(p []byte) *inode {
	last := len(d.spare) - 1
	if last < 0 {
		return &inode{data: bytes.Clone(p)}
	}
	i := d.spare[last]
	d.spare = d.spare[:last]
	*i = inode{data: append(i.data[:0], p...)}
	return i
}

// found is every file as a booting process finds it, by name.
func (d *disk) found() []nodes.Recovered {
	out := make([]nodes.Recovered, 0, len(d.names))
	for _, name := range slices.Sorted(maps.Keys(d.names)) {
		out = append(out, nodes.Recovered{Name: name, Data: bytes.Clone(d.names[name].data)})
	}
	return out
}

func (d *disk) change(c change) {
	c.apply(d.names)
	d.changes = append(d.changes, c)
}

// fail keeps the first failure, which the next sync reports.
func (d *disk) fail(what string, f nodes.File, err error) {
	if d.failed == nil {
		d.failed = fmt.Errorf("%s %s: %w", what, f, err)
	}
}

var (
	errMissing  = errors.New("no such file")
	errArgument = errors.New("invalid argument")
)

func (d *disk) append(f nodes.File, p []byte) {
	if d.failed != nil {
		return
	}
	fits := len(p)
	if d.mode == diskFull {
		fits = min(fits, d.room)
		d.room -= fits
	}
	if i := d.names[f]; i != nil {
		i.data = append(i.data, p[:fits]...)
	} else if fits > 0 || len(p) == 0 {
		d.change(change{name: f, file: d.file(p[:fits])})
	}
	if fits < len(p) {
		d.faulty++
		d.fail("append", f, errFull)
	}
}

// truncate cuts a file, or lengthens it with zeros, as ftruncate does.
func (d *disk) truncate(f nodes.File, off int64) {
	i := d.names[f]
	switch {
	case d.failed != nil:
		return
	case i == nil:
		d.fail("truncate", f, errMissing)
		return
	case off < 0:
		d.fail("truncate", f, errArgument)
		return
	}
	if grow := int(off) - len(i.data); grow > 0 {
		i.data = append(i.data, make([]byte, grow)...)
		return
	}
	if i.before == nil {
		i.before = bytes.Clone(i.data)
	}
	i.cuts++
	i.data, i.safe = i.data[:off], min(i.safe, int(off))
}

func (d *disk) rename(from, to nodes.File) {
	i := d.names[from]
	switch {
	case d.failed != nil:
	case i == nil:
		d.fail("rename", from, errMissing)
	default:
		d.change(change{name: to, gone: from, file: i})
	}
}

// remove removes f; that it is not there is fine.
func (d *disk) remove(f nodes.File) {
	if d.failed == nil && d.names[f] != nil {
		d.change(change{gone: f})
	}
}

// syncing is a sync under way: it covers what was there when it was asked for.
type syncing struct {
	token nodes.Token
	file  *inode // nil: the directory
	size  int
	cuts  uint64
	upTo  uint64 // changes of the directory
}

func (d *disk) sync(f nodes.File, tok nodes.Token) syncing {
	if f == nodes.Dir {
		return syncing{token: tok, upTo: d.settled + uint64(len(d.changes))}
	}
	i := d.names[f]
	if i == nil {
		d.fail("sync", f, errMissing)
		return syncing{token: tok}
	}
	return syncing{token: tok, file: i, size: len(i.data), cuts: i.cuts}
}

// synced makes durable what the sync covers.
func (d *disk) synced(s syncing) error {
	switch {
	case d.failed != nil:
	case s.file != nil:
		if s.file.cuts == s.cuts {
			s.file.safe, s.file.before = max(s.file.safe, s.size), nil
		}
	default:
		d.settle(s.upTo)
	}
	return d.failed
}

// settle makes the changes before the given one durable.
func (d *disk) settle(upTo uint64) {
	n := 0
	for ; n < len(d.changes) && d.settled < upTo; n++ {
		d.changes[n].apply(d.durable)
		d.settled++
	}
	d.changes = slices.Delete(d.changes, 0, n)
}
