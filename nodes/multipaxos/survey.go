package multipaxos

import (
	"sunder/nodes"
	"sunder/nodes/ballot"
	"sunder/nodes/fifo"
	"sunder/nodes/kv"
)

// A quorum read asks a quorum of the acceptors how far they have accepted anything. Whatever was
// decided before the read began was accepted by one of them, so it stands no higher than the
// highest slot that they name; when all up to there is executed here, the answer is not stale. No
// leader is needed, and no clock.

// surveyMax is how long a read waits. Messages may be lost, a slot may stay open while nobody
// leads, and a client is owed an answer; a read that is refused has changed nothing.
const surveyMax = suspectMax

// survey is the question to the acceptors that is under way, and the reads that wait: for its end,
// for that of the next one, or for what it said they need.
type survey struct {
	id      uint64
	asking  bool
	voters  ballot.Voters
	high    uint64
	armed   bool
	pending fifo.Queue[quest]
}

// quest is a read that waits for a survey which began after it came.
type quest struct {
	request nodes.RequestID
	command kv.Command
	since   nodes.Mono
	id      uint64        // of the first survey that began later
	voters  ballot.Voters // who answered; empty: it is not over
	slot    uint64        // what it found: the state must be at least this
}

// high is the highest slot that this node knows anything of.
func (n *node) high() uint64 {
	if n.bug == bugSurveysDecidedOnly {
		return n.commit
	}
	return max(n.commit, n.log.last())
}

// inquire takes in a read.
func (n *node) inquire(r nodes.RequestID, c kv.Command) {
	s := &n.survey
	if s.pending.Len() >= pendingMax {
		n.env.Reply(r, kv.Refuse(kv.Overloaded))
		return
	}
	s.pending.Push(quest{request: r, command: c, since: n.env.Now(), id: s.id + 1})
	if !s.armed {
		s.armed = true
		n.env.SetTimer(surveyTimer, surveyMax)
	}
	if !s.asking {
		n.askAcceptors()
	}
}

// askAcceptors begins a survey.
func (n *node) askAcceptors() {
	s := &n.survey
	s.id++
	s.asking, s.voters, s.high = true, 0, n.high()
	who := n.era().Mains
	if who.Has(n.self) {
		s.voters.Add(n.self)
	}
	q := &query{id: s.id}
	for i := range n.peers {
		if p := &n.peers[i]; p != n.me && who.Has(p.id) {
			n.env.Send(p.id, q)
		}
	}
	n.endSurvey()
}

func (n *node) onQueryReply(p *peer, m *queryReply) {
	s := &n.survey
	if !s.asking || m.id != s.id {
		return
	}
	s.voters.Add(p.id)
	s.high = max(s.high, m.high)
	n.endSurvey()
}

// endSurvey notes what was found when a quorum has answered, and begins the next survey if more
// reads came meanwhile.
func (n *node) endSurvey() {
	s := &n.survey
	if !n.era().decided(s.voters) && n.bug != bugSurveysItself {
		return
	}
	s.asking = false
	more := false
	for i := range s.pending.Len() {
		q := s.pending.At(i)
		if q.id <= s.id && q.voters == 0 {
			q.voters, q.slot = s.voters, s.high
		}
		more = more || q.id > s.id
	}
	if more {
		n.askAcceptors()
	}
}

// answerSurveyed answers what is known and executed. The configuration may have changed on the way
// to that state: then those who answered must be a quorum of the new one too, or a decision may
// have passed them by.
func (n *node) answerSurveyed() {
	s := &n.survey
	for s.pending.Len() > 0 {
		q := s.pending.Front()
		if q.voters == 0 || q.slot > n.commit {
			return
		}
		if n.schedule.at(q.slot+1).decided(q.voters) || n.bug == bugSurveysItself ||
			n.bug == bugSurveysOldMains {
			n.env.Reply(q.request, n.machine.Query(q.command))
		} else {
			n.env.Reply(q.request, n.notLeader())
		}
		s.pending.Pop()
	}
}

// onSurveyTimer refuses what has waited too long, the oldest first.
func (n *node) onSurveyTimer() {
	s := &n.survey
	s.armed = false
	now := n.env.Now()
	for s.pending.Len() > 0 {
		q := s.pending.Front()
		if left := surveyMax - now.Sub(q.since); left > 0 {
			s.armed = true
			n.env.SetTimer(surveyTimer, left)
			break
		}
		if q.voters == 0 && q.id <= s.id {
			s.asking = false
		}
		n.env.Reply(s.pending.Pop().request, n.notLeader())
	}
	if !s.asking && s.pending.Len() > 0 && s.pending.Front().voters == 0 {
		n.askAcceptors()
	}
}
