package paxos

import (
	"fmt"

	"sunder/nodes"
	"sunder/nodes/ballot"
	"sunder/nodes/journal"
	"sunder/nodes/wal"
	"sunder/nodes/wire"
)

// fileLog holds all that must survive, record by record.
const fileLog nodes.File = "log"

// The token of the only file.
const tokenLog nodes.Token = 1

// The kinds of record. Numbers are varints.
const (
	recordRound   = iota + 1 // round: the proposer's last
	recordPromise            // decree, ballot
	recordAccept             // decree, ballot, value
	recordDecided            // decree, and the value unless it is the one accepted last
)

func (n *node) saveRound(round uint64) {
	b, at := n.journal.Begin()
	n.journal.End(wire.Put(append(b, recordRound), round), at)
}

func (n *node) savePromise(number uint64, promised ballot.Ballot) {
	b, at := n.journal.Begin()
	n.journal.End(wire.Put(append(b, recordPromise), number, uint64(promised)), at)
}

func (n *node) saveAccept(number uint64, accepted ballot.Ballot, v *value) {
	b, at := n.journal.Begin()
	n.journal.End(v.appendTo(wire.Put(append(b, recordAccept), number, uint64(accepted))), at)
}

func (n *node) saveDecided(number uint64, d *decree) {
	b, at := n.journal.Begin()
	b = wire.Put(append(b, recordDecided), number)
	if !d.decided.is(d.value) || n.bug == bugAcceptedNotPersisted {
		b = d.decided.appendTo(b)
	}
	n.journal.End(b, at)
}

// recover makes the node what its file says.
func (n *node) recover(files []nodes.Recovered) error {
	var data []byte
	for _, f := range files {
		if f.Name == fileLog {
			data = f.Data
		}
	}
	records, good, err := wal.Records(data)
	switch n.bug {
	case bugCRCUnchecked:
		records, good = wal.Unchecked(data)
		err = nil
	case bugTornTailKept:
		err = nil
	}
	if err != nil {
		return fmt.Errorf("recover log: %w", err)
	}
	for i, p := range records {
		if !n.replay(p) {
			return fmt.Errorf("recover log: record %d of %d: %w", i, len(records),
				wire.ErrMalformed)
		}
	}
	n.learner.next = 1 // nothing is applied yet
	if good < len(data) && n.bug != bugTornTailKept {
		n.env.Truncate(fileLog, int64(good))
	} else {
		good = len(data)
	}
	n.journal = journal.Open[posted](fileLog, tokenLog, good)
	if n.bug == bugNameUnsynced {
		n.journal.NameUnsynced()
	}
	return nil
}

// replay takes in one record.
func (n *node) replay(p []byte) bool {
	r := wire.Read(p[1:])
	if p[0] == recordRound {
		if round := r.Number(); round < ballotMax.Round() {
			n.proposer.round = round
			return r.Done()
		}
		return false
	}
	d := n.at(r.Number())
	if d == nil {
		return false
	}
	switch p[0] {
	case recordPromise:
		d.promised = readBallot(&r)
	case recordAccept:
		b := readBallot(&r)
		if v := readValue(&r); v != nil {
			d.accept(b, v, n.bug)
		}
	case recordDecided:
		d.decided = d.value
		if r.Left() > 0 {
			d.decided = readValue(&r)
		}
		if d.decided == nil {
			r.Fail()
		}
	default:
		r.Fail()
	}
	for n.learner.next <= uint64(len(n.decrees)) && n.decrees[n.learner.next-1].decided != nil {
		n.learner.next++ // so that at knows how far others can be
	}
	return r.Done()
}
