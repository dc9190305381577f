package nodestest

import (
	"errors"
	"maps"
	"slices"

	"sunder/nodes"
)

// disk is files under their names, as they are now and as a power loss would leave them.
type disk struct {
	names   map[nodes.File]*file
	durable map[nodes.File]*file // what the directory was at its last sync
	fail    bool
}

// file is bytes, of which the first safe are durable.
type file struct {
	data   []byte
	safe   int
	before []byte // what it was before an unsynced truncation, if there was one
}

// syncing is a Sync under way: what it covers is what was there when it was asked for.
type syncing struct {
	token nodes.Token
	file  *file // nil: the directory
	size  int
	names map[nodes.File]*file
}

var errSync = errors.New("input/output error")

func newDisk() disk {
	return disk{names: map[nodes.File]*file{}, durable: map[nodes.File]*file{}}
}

func (d *disk) recovered() []nodes.Recovered {
	var out []nodes.Recovered
	for _, name := range slices.Sorted(maps.Keys(d.names)) {
		out = append(out, nodes.Recovered{Name: name, Data: slices.Clone(d.names[name].data)})
	}
	return out
}

func (d *disk) append(name nodes.File, p []byte) {
	f := d.names[name]
	if f == nil {
		f = &file{}
		d.names[name] = f
	}
	f.data = append(f.data, p...)
}

func (d *disk) truncate(name nodes.File, off int64) bool {
	f := d.names[name]
	if f == nil || off < 0 || off > int64(len(f.data)) {
		return false
	}
	if f.before == nil {
		f.before = slices.Clone(f.data)
	}
	f.data = f.data[:off]
	f.safe = min(f.safe, int(off))
	return true
}

func (d *disk) rename(from, to nodes.File) bool {
	f := d.names[from]
	if f == nil {
		return false
	}
	delete(d.names, from)
	d.names[to] = f
	return true
}

func (d *disk) remove(name nodes.File) { delete(d.names, name) }

func (d *disk) sync(name nodes.File, tok nodes.Token) *syncing {
	if name == nodes.Dir {
		return &syncing{token: tok, names: maps.Clone(d.names)}
	}
	f := d.names[name]
	if f == nil {
		return nil
	}
	return &syncing{token: tok, file: f, size: len(f.data)}
}

func (d *disk) synced(s *syncing) error {
	switch {
	case d.fail:
		return errSync
	case s.file == nil:
		d.durable = s.names
	default:
		s.file.safe = max(s.file.safe, min(s.size, len(s.file.data)))
		s.file.before = nil
	}
	return nil
}

// lose is a power loss. Of the bytes that are not durable it keeps none, all, a part, or a part
// followed by garbage; of an unsynced truncation, all or nothing; of names, the synced ones.
func (d *disk) lose(draw func(n int) int) {
	d.names = maps.Clone(d.durable)
	for _, name := range slices.Sorted(maps.Keys(d.names)) {
		f := d.names[name]
		rest := f.data[f.safe:]
		if f.before != nil && draw(2) == 1 {
			f.data, f.before, f.safe = f.before, nil, len(f.before)
			continue
		}
		f.before = nil
		part := 0
		switch draw(4) {
		case 1:
			part = len(rest)
		case 2, 3:
			part = draw(len(rest) + 1)
		}
		kept := slices.Clone(f.data[:f.safe+part])
		if garbage := len(rest) - part; garbage > 0 && draw(2) == 1 {
			for range garbage {
				kept = append(kept, byte(draw(256)))
			}
		}
		f.data, f.safe = kept, len(kept)
	}
}

// tears is the disk as a power loss now might leave it: each prefix of what is not durable, in
// one file at a time, bare and followed by garbage or zeroes.
func (d *disk) tears() []disk {
	var out []disk
	for _, name := range slices.Sorted(maps.Keys(d.durable)) {
		f := d.durable[name]
		for size := f.safe; size <= len(f.data); size++ {
			for _, tail := range [][]byte{nil, {0xa5, 0x5a, 0xff}, make([]byte, 32)} {
				torn := newDisk()
				for other, g := range d.durable { // a copy: no order matters
					torn.names[other] = &file{data: slices.Clone(g.data), safe: len(g.data)}
				}
				data := slices.Concat(f.data[:size], tail)
				torn.names[name] = &file{data: data, safe: len(data)}
				torn.durable = maps.Clone(torn.names)
				out = append(out, torn)
			}
		}
	}
	return out
}
