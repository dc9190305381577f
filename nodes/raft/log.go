package raft

import "sunder/nodes/kv"

// entry is one place of the log. A no-op has no command and size 0. Commands are never changed:
// the logs of all nodes of a simulation share them.
type entry struct {
	term    uint64
	size    uint32 // of the command's encoding, in bytes
	command *kv.Command
}

func (e *entry) noop() bool { return e.size == 0 }

// mark names a place of the log: two logs with an entry of the same index and term are the same
// up to there (extended paper, section 5.3), and the hash shows whether they are.
type mark struct {
	index, term uint64
	hash        uint64 // covers the entry and all before it
}

// extend is the hash of the entry after m, of which it gets the encoded command.
func (m mark) extend(term uint64, command []byte) uint64 {
	const prime = 0x100000001b3 // of FNV-1a
	h := mix(m.hash, term)
	for _, c := range command {
		h = (h ^ uint64(c)) * prime
	}
	return h
}

// log is the entries after base, in memory. Entries are never overwritten in place: messages
// that are under way share them.
type log struct {
	base    mark // the last entry that is not here; a snapshot covers it
	entries []entry
	hashes  []uint64 // of the entry at the same place
}

// last is the index of the last entry.
func (l *log) last() uint64 { return l.base.index + uint64(len(l.entries)) }

// at is the mark of an index from base to last.
func (l *log) at(index uint64) mark {
	if index == l.base.index {
		return l.base
	}
	i := index - l.base.index - 1
	return mark{index, l.entries[i].term, l.hashes[i]}
}

// end is the mark of the last entry.
func (l *log) end() mark { return l.at(l.last()) }

// entry is the entry at an index after base.
func (l *log) entry(index uint64) *entry { return &l.entries[index-l.base.index-1] }

// has says whether the log, or a snapshot before it, holds what another log has at that index.
// What lies before base is committed, so it is the same everywhere.
func (l *log) has(index, term uint64) bool {
	return index < l.base.index || index <= l.last() && l.at(index).term == term
}

// push appends an entry with its chain hash.
func (l *log) push(e entry, hash uint64) {
	l.entries, l.hashes = append(l.entries, e), append(l.hashes, hash)
}

// cut drops all entries after index. The next push copies, for the sake of messages under way.
func (l *log) cut(index uint64) {
	n := index - l.base.index
	l.entries, l.hashes = l.entries[:n:n], l.hashes[:n:n]
}

// cutInPlace is cut without the copy: the next push changes what messages under way hold. It is
// there for the planted bug log-overwritten-in-place.
func (l *log) cutInPlace(index uint64) {
	n := index - l.base.index
	l.entries, l.hashes = l.entries[:n], l.hashes[:n]
}

// drop forgets the entries up to index, and their memory.
func (l *log) drop(index uint64) {
	n := index - l.base.index
	l.base = l.at(index)
	l.entries = append([]entry(nil), l.entries[n:]...)
	l.hashes = append([]uint64(nil), l.hashes[n:]...)
}

// reset makes the log empty after a mark.
func (l *log) reset(m mark) { *l = log{base: m} }

// from is a run of entries from an index on, at most batchEntries and, from the second on, at
// most batchBytes of them.
func (l *log) from(index uint64) []entry {
	list := l.entries[index-l.base.index-1:]
	bytes := 0
	for i := range list {
		bytes += int(list[i].size)
		if i == batchEntries || i > 0 && bytes > batchBytes {
			return list[:i:i]
		}
	}
	return list[:len(list):len(list)]
}

// conflictStart is where the run of the entry's term at index begins: a leader that does not
// have that term goes back over all of it at once (section 5.3).
func (l *log) conflictStart(index uint64) uint64 {
	term := l.at(index).term
	for index > l.base.index+1 && l.at(index-1).term == term {
		index--
	}
	return index
}
