package raft

import (
	"time"

	"sunder/nodes"
)

// drawTimeout chooses how long to wait for a leader, anew for each term and attempt (section
// 5.2).
func (n *node) drawTimeout() {
	spread := n.env.Rand("election timeout", uint64(electionMax-electionMin))
	n.timeout = electionMin + time.Duration(spread)
	if n.bug == bugSameTimeouts {
		n.timeout = electionMin
	}
}

// restartElectionTimer moves the deadline. The timer itself is moved when it falls due: it is
// restarted with every message of the leader, and setting it is not free.
func (n *node) restartElectionTimer() {
	n.deadline = n.env.Now().Add(n.timeout)
	if !n.armed {
		n.armed = true
		n.env.SetTimer(electionTimer, n.timeout)
	}
}

func (n *node) onElectionTimer() {
	if n.role == leader && n.bug != bugLeaderCanvasses {
		return
	}
	if left := n.deadline.Sub(n.env.Now()); left > 0 {
		n.armed = true
		n.env.SetTimer(electionTimer, left)
		return
	}
	n.drawTimeout()
	n.restartElectionTimer()
	n.canvass()
}

// canvass asks who would vote for this node in the next term, without beginning it: a node that
// was cut off must not disturb the others when it comes back (thesis 9.6).
func (n *node) canvass() {
	if n.bug == bugPreVoteBumpsTerm {
		n.becomeFollower(n.term+1, 0)
	}
	n.role, n.leader = preCandidate, 0
	n.forgetVotes()
	end := n.log.end()
	m := &vote{pre: true, term: n.term + 1, last: end.index, lastTerm: end.term}
	for i := range n.peers {
		if p := &n.peers[i]; p != n.me {
			n.env.Send(p.id, m)
		}
	}
	n.count(n.me)
}

// campaign begins a new term with a vote for itself (section 5.2). The vote must be durable
// before anyone hears of it: restarted, it would not know that it voted.
func (n *node) campaign() {
	n.role, n.leader = candidate, 0
	n.term++
	n.vote = n.self
	if n.bug != bugCandidacyNotPersisted {
		n.saveState()
	}
	if n.bug != bugPreVotesCounted {
		n.forgetVotes()
	}
	n.observe(nodes.BecameCandidate, n.term, mark{}, 0)
	end := n.log.end()
	m := &vote{term: n.term, last: end.index, lastTerm: end.term}
	for i := range n.peers {
		if p := &n.peers[i]; p != n.me {
			n.say(p.id, m, n.bug == bugCandidacyBeforeFsync)
		}
	}
	n.say(n.self, &voteReply{term: n.term, granted: true}, n.bug == bugCandidacyBeforeFsync)
}

func (n *node) forgetVotes() {
	for i := range n.peers {
		n.peers[i].granted = false
	}
}

// onVote answers a candidate. A node that hears a leader ignores it, its term included (thesis
// 4.2.3): leases rely on it, and a node with a bad link cannot depose a leader that works. So it
// does in its own term, too: it may have heard of that from a late answer to its own campaign,
// after the leader to which it is bound.
func (n *node) onVote(p *peer, m *vote) {
	later := m.term > n.term || m.term == n.term && n.bug != bugVotesInLeaseOwnTerm
	if later && n.bound() {
		return
	}
	if m.pre {
		granted := m.term > n.term && (n.upToDate(m) || n.bug == bugUpToDateOnlyInVote)
		reply := &voteReply{pre: true, term: n.term, granted: granted}
		if granted {
			reply.term = m.term
		}
		n.env.Send(p.id, reply)
		return
	}
	if m.term > n.term && !n.obstinate() {
		n.becomeFollower(m.term, 0)
	}
	free := n.vote == 0 || n.vote == p.id || n.bug == bugSeveralVotes
	granted := m.term == n.term && free &&
		(n.upToDate(m) || n.bug == bugUpToDateOnlyInPreVote)
	if granted {
		if n.vote != p.id {
			n.vote = p.id
			if n.bug != bugVoteNotPersisted {
				n.saveState()
			}
		}
		if n.role == preCandidate {
			n.becomeFollower(n.term, 0)
		}
		n.restartElectionTimer()
	}
	n.say(p.id, &voteReply{term: n.term, granted: granted}, n.bug == bugVoteBeforeFsync)
}

// upToDate says whether the candidate has all that may be committed (section 5.4.1).
func (n *node) upToDate(m *vote) bool {
	end := n.log.end()
	return m.lastTerm > end.term || m.lastTerm == end.term && m.last >= end.index ||
		n.bug == bugNoUpToDateCheck
}

func (n *node) onVoteReply(p *peer, m *voteReply) {
	trial := m.pre && m.granted && n.bug != bugPreVoteReplyBumpsTerm
	if m.term > n.term && !trial && n.bug != bugVoteReplyTermIgnored && !n.obstinate() {
		n.becomeFollower(m.term, 0)
		return
	}
	if n.bug == bugLatePreVoteCounted && m.pre && n.role == candidate && m.term == n.term {
		m = &voteReply{granted: m.granted, term: m.term}
	}
	switch {
	case !m.granted && n.bug != bugRefusalsCounted:
	case m.pre && n.role == preCandidate && m.term == n.term+1:
		n.count(p)
	case !m.pre && n.role == candidate && (m.term == n.term || n.bug == bugStaleVoteReply):
		n.count(p)
	}
}

// count takes one more (pre-)vote, and goes on where they are a quorum.
func (n *node) count(p *peer) {
	votes := 0
	if n.bug == bugDuplicateVotesCounted && p.granted {
		votes = 1
	}
	p.granted = true
	for i := range n.peers {
		if n.peers[i].granted {
			votes++
		}
	}
	switch {
	case votes < n.quorum:
	case n.role == preCandidate:
		n.campaign()
	case n.role == candidate:
		n.becomeLeader()
	}
}

// becomeFollower leaves whatever role the node had. A new term is durable before anything is
// said in it, since all answers wait for the disk.
func (n *node) becomeFollower(term uint64, of nodes.ID) {
	changed := n.role != follower || n.leader != of || n.term != term
	was := n.role
	if term > n.term {
		n.term = term
		if n.bug != bugVoteKeptOnNewTerm {
			n.vote = 0
		}
		if n.bug != bugAdoptedTermNotPersisted {
			n.saveState()
		}
	} else if n.bug == bugVoteForgottenOnStepDown && was != follower {
		n.vote = 0
	}
	n.role, n.leader = follower, of
	if changed {
		n.observe(nodes.BecameFollower, n.term, mark{}, of)
		n.drawTimeout()
	}
	if was == leader {
		n.env.StopTimer(heartbeatTimer)
		if n.bug != bugDeposedLeaderSleeps {
			n.restartElectionTimer()
		}
		n.abandon()
	}
}
