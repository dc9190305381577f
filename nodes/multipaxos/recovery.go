package multipaxos

import (
	"errors"
	"fmt"

	"sunder/nodes"
	"sunder/nodes/ballot"
	"sunder/nodes/checkpoint"
	"sunder/nodes/journal"
	"sunder/nodes/wal"
	"sunder/nodes/wire"
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
			n.env.Remove(f.Name)
		}
	}
	if n.auxiliary && n.bug == bugAuxiliaryForgets {
		n.env.Remove(fileLog)
		logFile = nil
	}
	good, decided, err := n.recoverLog(logFile)
	if err != nil {
		return fmt.Errorf("recover log: %w", err)
	}
	if good < len(logFile) && n.bug != bugTornTailKept {
		n.env.Truncate(fileLog, int64(good))
	} else {
		good = len(logFile)
	}
	if len(snapshotFile) > 0 && good == 0 {
		return errors.New("recover log: there is a snapshot but no log")
	}
	if err := n.recoverSnapshot(snapshotFile); err != nil {
		return fmt.Errorf("recover snapshot: %w", err)
	}
	n.journal = journal.Open[posted](fileLog, tokenLog, good)
	if good == 0 {
		b, at := n.journal.Begin()
		n.journal.End(wire.Put(append(b, recordBase), n.log.base), at)
	}
	for n.commit < decided && !n.stopped {
		if !n.log.has(n.commit + 1) {
			return fmt.Errorf("recover log: slot %d of %d is missing: %w", n.commit+1, decided,
				wire.ErrMalformed)
		}
		n.execute(0)
	}
	n.noted = n.commit
	return nil
}

// recoverLog reads the log file. It returns how much of it is good, and up to where slots were
// known to be decided.
func (n *node) recoverLog(data []byte) (good int, decided uint64, err error) {
	records, good, err := wal.Records(data)
	switch n.bug {
	case bugCRCUnchecked:
		records, good = wal.Unchecked(data)
		err = nil
	case bugTornTailKept:
		err = nil
	}
	if err != nil {
		return 0, 0, err
	}
	for i, p := range records {
		if err := n.replay(i, p, &decided); err != nil {
			return 0, 0, fmt.Errorf("record %d of %d: %w", i, len(records), err)
		}
	}
	return good, decided, nil
}

// slotsMax bounds the distance of a slot from the log's base: no file of a node holds more.
const slotsMax = 1 << 20

// replay takes in one record.
func (n *node) replay(i int, p []byte, decided *uint64) error {
	r := wire.Read(p[1:])
	switch p[0] {
	case recordBase:
		if n.log.base = r.Number(); i > 0 {
			r.Fail()
		}
	case recordPromise:
		n.promised = max(n.promised, readBallot(&r))
	case recordAccept:
		at, in := r.Number(), readBallot(&r)
		n.restore(at, in, &r)
		if n.bug != bugAcceptKeepsPromise {
			n.promised = max(n.promised, in)
		}
	case recordLearned:
		n.restore(r.Number(), 0, &r)
	case recordCommit:
		*decided = max(*decided, r.Number())
	default:
		r.Fail()
	}
	if !r.Done() {
		return fmt.Errorf("kind %d, %d bytes: %w", p[0], len(p), wire.ErrMalformed)
	}
	return nil
}

// restore puts a value that was written back into its slot.
func (n *node) restore(at uint64, in ballot.Ballot, r *wire.Reader) {
	first := readBallot(r)
	v := readValue(first, r.Bytes(uint64(r.Left())), r)
	if at <= n.log.base || at > n.log.base+slotsMax {
		r.Fail()
	}
	if r.Good() {
		s := n.log.grow(at)
		s.accepted, s.value = in, v
	}
}

// recoverSnapshot restores the state and fits the log to it. A crash between a snapshot and the
// replacement of the log leaves a log that begins before the snapshot, or ends before it.
func (n *node) recoverSnapshot(data []byte) error {
	if len(data) == 0 {
		if n.auxiliary {
			n.commit = n.log.base
			return nil
		}
		if n.log.base > 0 {
			return errors.New("the log begins after one that is not there")
		}
		return nil
	}
	s, err := checkpoint.Decode(data)
	if err != nil {
		return err
	}
	if n.log.base > s.Index {
		return fmt.Errorf("it ends at slot %d, the log begins after slot %d", s.Index, n.log.base)
	}
	return n.install(s)
}
