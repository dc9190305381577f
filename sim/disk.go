package sim

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"sunder/nodes"
)

// disk is a perfect one: what was appended survives the death of the process, synced or not, as
// the page cache of a machine that stays up does. Power loss, torn writes and errors are not
// simulated yet.
type disk struct {
	files map[nodes.File][]byte
	busy  time.Duration // until the last fsync asked for is done: they end in order
}

// found is every file as a booting process finds it, by name.
func (d *disk) found() []nodes.Recovered {
	out := make([]nodes.Recovered, 0, len(d.files))
	for name, data := range d.files { // sorted below
		out = append(out, nodes.Recovered{Name: name, Data: bytes.Clone(data)})
	}
	slices.SortFunc(out, func(a, b nodes.Recovered) int {
		return strings.Compare(string(a.Name), string(b.Name))
	})
	return out
}

func (d *disk) append(f nodes.File, p []byte) { d.files[f] = append(d.files[f], p...) }

// truncate cuts a file, or lengthens it with zeros, as ftruncate does.
func (d *disk) truncate(f nodes.File, off int64) {
	data := d.files[f]
	if grow := int(off) - len(data); grow > 0 {
		data = append(data, make([]byte, grow)...)
	}
	d.files[f] = data[:off]
}

func (d *disk) rename(from, to nodes.File) {
	if data, ok := d.files[from]; ok {
		d.files[to] = data
		delete(d.files, from)
	}
}
