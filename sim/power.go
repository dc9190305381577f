package sim

import (
	"bytes"
	"maps"
	"slices"

	"sunder/nodes"
)

// What a loss of power leaves of the bytes of a file that were not durable.
const (
	keepNothing = iota
	keepAll
	keepPart
	keepPartAndGarbage
	keepPartAndZeros // space that was allocated, but not written yet
	keepChoices
)

// What of a directory is drawn, beside which of its changes are kept.
const (
	drawInOrder = iota
	drawPrefix
	drawChange // and what follows: one for each change
)

// lose is a loss of power. Of the changes of names that are not durable any may have reached the
// disk: those from the first one on, as a journal has it, or each for itself, as without one. Then
// each file loses what it may lose. draw gives a number below n for a file and a purpose.
func (d *disk) lose(draw func(f nodes.File, purpose uint64, n int) int) {
	d.losses++
	if draw(nodes.Dir, drawInOrder, 2) == 0 {
		d.settle(d.settled + uint64(draw(nodes.Dir, drawPrefix, len(d.changes)+1)))
	} else {
		for i, c := range d.changes {
			if draw(nodes.Dir, drawChange+uint64(i), 2) == 0 {
				c.apply(d.durable)
			}
		}
	}
	d.settled += uint64(len(d.changes)) // no sync is under way that would ask for them
	d.changes, d.failed = d.changes[:0], nil
	clear(d.names)
	maps.Copy(d.names, d.durable)
	for _, name := range slices.Sorted(maps.Keys(d.names)) {
		d.names[name].lose(func(purpose uint64, n int) int { return draw(name, purpose, n) })
	}
}

func (i *inode) lose(draw func(purpose uint64, n int) int) {
	if i.before != nil && draw(1, 2) == 0 { // the truncation did not reach the disk
		i.data, i.safe, i.before = i.before, len(i.before), nil
		return
	}
	unsynced := len(i.data) - i.safe
	keep := draw(2, keepChoices)
	part := draw(3, unsynced+1)
	switch keep {
	case keepNothing:
		part = 0
	case keepAll:
		part = unsynced
	}
	data := bytes.Clone(i.data[:i.safe+part])
	for n := range unsynced - part {
		switch keep {
		case keepPartAndGarbage:
			data = append(data, byte(draw(uint64(4+n), 256)))
		case keepPartAndZeros:
			data = append(data, 0)
		}
	}
	i.data, i.safe, i.before = data, len(data), nil
}

// flip changes one bit of what is durable, if anything is.
func (d *disk) flip(draw func(purpose uint64, n int) int) {
	var files []*inode
	for _, name := range slices.Sorted(maps.Keys(d.names)) {
		if i := d.names[name]; i.safe > 0 {
			files = append(files, i)
		}
	}
	if len(files) == 0 {
		return
	}
	i := files[draw(0, len(files))]
	i.data[draw(1, i.safe)] ^= 1 << draw(2, 8)
	d.flips++
}

// flipBit lets a bit flip at rest: the next boot finds it.
func (n *node) flipBit() {
	n.disk.flip(func(purpose uint64, below int) int {
		return int(mix(n.w.seed, streamFlip, uint64(n.id), n.disk.flips, purpose) % uint64(below))
	})
	n.w.note(hashFlip, uint64(n.id), n.disk.flips)
}

// losePower takes away what was not durable.
func (n *node) losePower() {
	n.disk.lose(func(f nodes.File, purpose uint64, below int) int {
		h := mix(n.w.seed, streamPower, uint64(n.id), n.disk.losses, hashString(string(f)), purpose)
		return int(h % uint64(below))
	})
	n.w.note(hashPower, uint64(n.id), n.disk.losses)
}
