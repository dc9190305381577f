package multipaxos

import (
	"fmt"

	"sunder/nodes"
	"sunder/nodes/checkpoint"
	"sunder/nodes/wire"
)

// snapshotDue says whether a snapshot belongs to the last slot that was executed.
func (n *node) snapshotDue() bool { return n.every > 0 && n.commit%n.every == 0 }

// observeState tells the state after what was executed last, by the machine's digest, or by that of
// the snapshot where one belongs there.
func (n *node) observeState() {
	if n.commit == n.digested {
		return
	}
	n.digested = n.commit
	if h := n.machine.Digest(); h != 0 && !n.snapshotDue() {
		n.observe(nodes.Applied, uint64(n.promised), n.commit, h, 0)
	}
}

// takeSnapshot begins to write the state as it is. Snapshots are taken at the same slots by every
// node, so that oracles can compare them; one that would begin while another is being written is
// left out.
func (n *node) takeSnapshot() {
	data := append(n.schedule.appendTo(nil), n.machine.Snapshot()...)
	s := &checkpoint.Snapshot{Index: n.commit, Hash: n.chain, Data: data,
		Term: uint64(n.log.at(n.commit).value.ballot)}
	n.observe(nodes.Applied, uint64(n.promised), s.Index, s.Digest(), 0)
	if n.store.Saving() == nil {
		n.store.Save(n.env, s)
	}
}

// snapshotDurable makes use of a snapshot that may be relied on: the node's own frees the log of
// what it covers, one that came from another becomes the state.
func (n *node) snapshotDurable(s *checkpoint.Snapshot) {
	if s.Index <= n.commit {
		n.snapshot = s
		n.forgetCovered(s)
		return
	}
	if err := n.install(s); err != nil {
		n.stop("install snapshot: " + err.Error())
		return
	}
	if n.teacher != 0 {
		n.ask() // for what was decided since
	}
}

// forgetCovered drops the slots that s covers, except a quarter of what lies between two snapshots:
// a node that is only a little behind should not need the whole state.
func (n *node) forgetCovered(s *checkpoint.Snapshot) {
	keep := n.every / 4
	if s.Index > n.log.base+keep {
		n.log.drop(s.Index - keep)
	}
	n.trim = true
}

// install makes s the state. What the node has accepted beyond it, it keeps: others may count on
// that.
func (n *node) install(s *checkpoint.Snapshot) error {
	r := wire.Read(s.Data)
	schedule := n.readSchedule(&r)
	if !r.Good() {
		return fmt.Errorf("schedule of %d bytes: %w", len(s.Data), wire.ErrMalformed)
	}
	if err := n.machine.Restore(s.Data[len(s.Data)-r.Left():]); err != nil {
		return err
	}
	if n.role != follower {
		n.follow(n.promised, 0)
	}
	for i := range schedule {
		if schedule[i].number > n.schedule.newest().number {
			n.observeEra(&schedule[i])
		}
	}
	n.snapshot = s
	n.commit, n.chain, n.schedule = s.Index, s.Hash, schedule
	if n.bug == bugSnapshotForgetsAccepted {
		n.log.slots = nil
	}
	n.log.drop(s.Index)
	n.trim = true
	n.observe(nodes.Committed, s.Term, s.Index, s.Hash, 0)
	n.observe(nodes.Applied, uint64(n.promised), s.Index, s.Digest(), 0)
	return nil
}
