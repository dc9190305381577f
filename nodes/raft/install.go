package raft

import "sunder/nodes"

// sendSnapshot begins to send p the newest snapshot: the entries that it needs are gone.
func (n *node) sendSnapshot(p *peer) {
	if n.snapshot == nil || n.bug == bugLaggardsLeftBehind {
		return // it is not durable yet; a later round tries again
	}
	p.mode, p.flying = installing, 0
	p.sending, p.offset = n.snapshot, 0
	n.sendChunk(p)
}

func (n *node) sendChunk(p *peer) {
	s := p.sending
	end := min(p.offset+n.chunk, uint64(len(s.data)))
	n.env.Send(p.id, &installSnapshot{term: n.term, mark: s.mark, offset: p.offset,
		total: uint64(len(s.data)), round: n.rounds.Last, data: s.data[p.offset:end]})
}

// onSnapshotReply sends the chunk that p asks for. One is under way at a time; the next round
// repeats one that was lost.
func (n *node) onSnapshotReply(p *peer, m *snapshotReply) {
	if m.term > n.term {
		if !n.obstinate() {
			n.becomeFollower(m.term, 0)
		}
		return
	}
	if n.role != leader || m.term < n.term {
		return
	}
	n.acknowledge(p, m.round)
	if p.mode != installing || m.index != p.sending.mark.index || m.offset == p.offset ||
		m.offset >= uint64(len(p.sending.data)) {
		return
	}
	p.offset = m.offset
	n.sendChunk(p)
}

// onSnapshot is the receiver's part of InstallSnapshot (figure 13). Chunks are put together in
// memory; the follower goes on with its own log until the snapshot is durable.
func (n *node) onSnapshot(p *peer, m *installSnapshot) {
	if m.term < n.term && n.bug != bugOldTermSnapshot {
		n.post(p.id, &snapshotReply{term: n.term})
		return
	}
	n.becomeFollower(max(m.term, n.term), p.id)
	n.hear()
	if m.mark.index <= n.commit && n.bug != bugOldSnapshotSaved {
		n.post(p.id, &appendReply{ok: true, term: n.term, index: n.commit, round: m.round})
		return
	}
	s := n.incoming
	if n.saving != nil && n.saving.mark == m.mark {
		s = n.saving // all of it is here and on its way to the disk
	} else if s == nil || s.mark != m.mark && n.bug != bugChunksOfTwoSnapshots {
		s = &snapshot{mark: m.mark}
		n.incoming = s
	}
	next := m.offset == uint64(len(s.data)) || n.bug == bugChunkAppendedTwice && s != n.saving
	if next && m.offset < m.total {
		s.data = append(s.data, m.data...)
	}
	if n.saving == nil && uint64(len(s.data)) >= m.total {
		n.incoming = nil
		n.save(s)
	}
	n.post(p.id, &snapshotReply{term: n.term, index: m.mark.index, offset: uint64(len(s.data)),
		round: m.round})
}

// installed takes over a snapshot from the leader that is durable now.
func (n *node) installed(s *snapshot) {
	if err := n.install(s); err != nil {
		n.stop("install snapshot: " + err.Error())
		return
	}
	n.disk.written++ // what follows is true when the log was rewritten
	if n.role == follower && n.leader != 0 {
		n.post(n.leader, &appendReply{ok: true, term: n.term, index: n.commit})
	}
}

// install makes s the state, and keeps what the log has after it if it is the same log: the
// entry at its end is then the same one (figure 13, step 6).
func (n *node) install(s *snapshot) error {
	fromLeader := n.leader != 0 // else it was found at the boot
	if n.bug != bugSnapshotNotRestored || !fromLeader {
		if err := n.machine.Restore(s.data); err != nil {
			return err
		}
	}
	n.snapshot = s
	m := s.mark
	same := m.index <= n.log.last() && n.log.at(m.index).term == m.term
	switch {
	case n.bug == bugSnapshotKeepsConflict:
		same = m.index <= n.log.last()
	case n.bug == bugSnapshotDiscardsTail && fromLeader:
		same = false
	}
	switch {
	case same:
		n.forget(s)
	default:
		n.log.reset(m)
		n.disk.reached, n.disk.stable = min(n.disk.reached, m.index), min(n.disk.stable, m.index)
		n.disk.trim = true
	}
	n.commit, n.applied = m.index, m.index
	n.observe(nodes.Committed, m.term, m, 0)
	n.observeState(s)
	return nil
}
