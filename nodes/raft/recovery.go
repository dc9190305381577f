package raft

import (
	"errors"
	"fmt"

	"sunder/nodes"
	"sunder/nodes/wal"
)

// recover makes the node what its files say. Nothing in them is taken for durable before the
// first Sync: they may have been read from a cache that a power loss would still empty.
func (n *node) recover(files []nodes.Recovered) error {
	var logFile, snapshotFile []byte
	for _, f := range files {
		switch f.Name {
		case fileLog:
			logFile = f.Data
		case fileSnapshot:
			snapshotFile = f.Data
		case fileLogTemp, fileSnapshotTmp:
			if n.bug != bugLeftoverTempKept {
				n.env.Remove(f.Name)
			}
		}
	}
	good, err := n.recoverLog(logFile)
	if err != nil {
		return fmt.Errorf("recover log: %w", err)
	}
	if good < len(logFile) && n.bug != bugTornTailKept {
		n.env.Truncate(fileLog, int64(good))
	} else {
		good = len(logFile)
	}
	n.disk.size = uint64(good)
	if len(snapshotFile) > 0 && good == 0 {
		return errors.New("recover log: there is a snapshot but no log")
	}
	if err := n.recoverSnapshot(snapshotFile); err != nil {
		return fmt.Errorf("recover snapshot: %w", err)
	}
	n.disk.written++ // what was found: durable with the first Sync
	if n.bug == bugRecoveredIsDurable {
		n.disk.durable, n.disk.stable = n.disk.written, n.log.last()
	}
	if len(logFile) == 0 || good == 0 {
		n.disk.out = putBase(n.disk.out, n.log.base)
		n.saveState()
	}
	if n.log.last() > 0 {
		n.observe(nodes.Appended, n.log.end().term, n.log.end(), 0)
	}
	return nil
}

// recoverLog reads the log file and returns how much of it is good.
func (n *node) recoverLog(data []byte) (good int, err error) {
	records, good, err := wal.Records(data)
	switch n.bug {
	case bugCRCUnchecked:
		records, good = wal.Unchecked(data)
		err = nil
	case bugTornTailKept, bugDamageCutOff:
		err = nil
	}
	if err != nil {
		return 0, err
	}
	for i, p := range records {
		if err := n.replay(p); err != nil {
			return 0, fmt.Errorf("record %d of %d: %w", i, len(records), err)
		}
	}
	if n.bug == bugTermNotPersisted {
		n.term, n.vote = n.log.end().term, 0
	}
	return good, nil
}

// replay takes in one record.
func (n *node) replay(p []byte) error {
	kind, d := p[0], decoder{p: p[1:]}
	switch kind {
	case recordBase:
		if m := d.mark(); n.log.last() == 0 {
			n.log.reset(m)
		} else {
			d.fail()
		}
	case recordState:
		n.term, n.vote = d.number(), nodes.ID(d.number())
	case recordEntry:
		index, term := d.number(), d.number()
		if index <= n.log.base.index || index > n.log.last()+1 {
			d.fail()
			break
		}
		command := d.p
		e := d.entry(term, command)
		var tail []entry
		if index <= n.log.last() {
			tail = n.log.entries[index-n.log.base.index:]
			n.log.cut(index - 1)
		}
		prev := n.log.end()
		n.log.push(e, prev.extend(term, command))
		if n.bug == bugTruncationNotReplayed {
			n.replayTail(tail)
		}
		d.p = nil
	default:
		d.fail()
	}
	if d.bad || len(d.p) > 0 {
		return fmt.Errorf("kind %d, %d bytes: %w", kind, len(p), errEncoding)
	}
	return nil
}

// recoverSnapshot restores the state and fits the log to it. A crash between a snapshot and the
// rewriting of the log leaves a log that begins before the snapshot, or ends before it.
func (n *node) recoverSnapshot(data []byte) error {
	if len(data) == 0 {
		if n.log.base.index > 0 {
			return errors.New("the log begins after one that is not there")
		}
		return nil
	}
	s, err := decodeSnapshot(data)
	if err != nil {
		return err
	}
	if n.log.base.index > s.mark.index {
		return fmt.Errorf("it ends at entry %d, the log begins after entry %d",
			s.mark.index, n.log.base.index)
	}
	if err := n.install(s); err != nil {
		return err
	}
	// The snapshot can have become durable before the record of the term in which it came. Nobody has
	// this node's vote in that term: it would have given it only after that record's fsync.
	if end := n.log.end().term; n.term < end {
		n.term, n.vote = end, 0
		n.saveState()
	}
	return nil
}
