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

// lose is a loss of power. Changes of names that are not durable come in order, so some of them,
// from the first on, may have reached the disk; then each file loses what it may lose. draw gives
// a number below n for a file and a purpose.
func (d *disk) lose(draw func(f nodes.File, purpose uint64, n int) int) {
	d.losses++
	d.settle(d.settled + uint64(draw(nodes.Dir, 0, len(d.changes)+1)))
	d.changes, d.failed = nil, nil
	d.names = maps.Clone(d.durable)
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

// losePower takes away what was not durable.
func (n *node) losePower() {
	n.disk.lose(func(f nodes.File, purpose uint64, below int) int {
		h := mix(n.w.seed, streamPower, uint64(n.id), n.disk.losses, hashString(string(f)), purpose)
		return int(h % uint64(below))
	})
	n.w.note(hashPower, uint64(n.id), n.disk.losses)
}
