package raft

import (
	"fmt"

	"sunder/nodes"
)

// onAppend is the receiver's part of AppendEntries (figure 2).
func (n *node) onAppend(p *peer, m *appendEntries) {
	if m.term < n.term && n.bug != bugAcceptsOldTerm {
		n.post(p.id, &appendReply{term: n.term, prev: m.prev, index: n.log.last() + 1})
		return
	}
	n.becomeFollower(max(m.term, n.term), p.id)
	if n.bug != bugHeartbeatsNotHeard || len(m.entries) > 0 {
		n.hear()
	}
	reply := n.replies.one()
	*reply = appendReply{term: m.term, prev: m.prev, round: m.round}
	if n.fits(m.prev, m.prevTerm) {
		last, ok := n.take(m)
		if !ok {
			return
		}
		reply.ok, reply.index = true, last
		n.commitTo(min(m.commit, n.matchedUpTo(last)))
		if n.bug == bugMatchIsLast {
			reply.index = n.log.last()
		}
	} else if reply.index = n.log.last() + 1; m.prev < reply.index {
		reply.index = n.log.conflictStart(m.prev)
	}
	if n.bug == bugAckBeforeFsync {
		n.env.Send(p.id, reply)
		return
	}
	n.post(p.id, reply)
}

// fits says whether the log has what the leader's has at prev.
func (n *node) fits(prev, term uint64) bool {
	return n.log.has(prev, term) || n.bug == bugNoPrevTermCheck && prev <= n.log.last() ||
		n.bug == bugGapAccepted && prev > n.log.last()
}

// matchedUpTo is how far a commit index may be believed: up to the last entry that is known to be
// the leader's, not to the end of the log (figure 2, AppendEntries, step 5).
func (n *node) matchedUpTo(last uint64) uint64 {
	if n.bug == bugCommitUnmatchedTail || n.bug == bugGapAccepted {
		return n.log.last()
	}
	return last
}

// take appends what is new of the entries. Only an entry that conflicts cuts the log (section
// 5.3): a message that was overtaken must not take back what came later. It returns the index up
// to which the log is now the leader's.
func (n *node) take(m *appendEntries) (last uint64, ok bool) {
	last = m.prev + uint64(len(m.entries))
	entries, next := m.entries, m.prev+1
	for len(entries) > 0 && next <= n.log.last() && n.log.has(next, entries[0].term) &&
		n.bug != bugOvertakenAppendTruncates {
		entries, next = entries[1:], next+1
	}
	if len(entries) == 0 {
		return last, true
	}
	if next <= n.commit && n.bug != bugOvertakenAppendTruncates {
		n.stop(fmt.Sprintf("the leader of term %d replaces entry %d, which is committed",
			m.term, next))
		return 0, false
	}
	if next <= n.log.last() {
		n.cut(next - 1)
	}
	for i := range entries {
		n.append(entries[i])
	}
	n.observe(nodes.Appended, n.log.end().term, n.log.end(), 0)
	return last, true
}

// commitTo learns that the log is committed up to index. Each entry is observed: of two nodes that
// disagree about one, either may never commit another at an index that the other observed.
func (n *node) commitTo(index uint64) {
	for n.commit < index {
		n.commit++
		m := n.log.at(n.commit)
		n.observe(nodes.Committed, m.term, m, 0)
	}
}
