package raft

import (
	"sunder/nodes"
	"sunder/nodes/kv"
)

// inquiry is a read at a node that does not lead: it asks the leader for a read index, and answers
// from its own state once that is applied (thesis 6.4, last paragraph).
type inquiry struct {
	id      uint64
	request nodes.RequestID
	command kv.Command
	since   nodes.Mono
	index   uint64 // the read index, once it is known
	known   bool
}

// inquiryMax is how long a node waits for a read index. A message may be lost, and a client is
// owed an answer; a read that is refused has changed nothing.
const inquiryMax = electionMax

// inquire takes in a read at a node that follows a leader.
func (n *node) inquire(r nodes.RequestID, c kv.Command) {
	if n.leader == 0 || n.leader == n.self {
		n.env.Reply(r, n.notLeader())
		return
	}
	if len(n.inquiries) >= pendingMax {
		n.env.Reply(r, kv.Refuse(kv.Overloaded))
		return
	}
	n.inquired++
	n.inquiries = append(n.inquiries, inquiry{id: n.inquired, request: r, command: c,
		since: n.env.Now()})
	n.env.Send(n.leader, &readIndex{term: n.term, id: n.inquired})
	if len(n.inquiries) == 1 && n.bug != bugInquiryWaitsForEver {
		n.env.SetTimer(inquiryTimer, inquiryMax)
	}
}

// onReadIndex is the leader's part: the same as a read of its own, but for the answer.
func (n *node) onReadIndex(p *peer, m *readIndex) {
	switch {
	case n.role != leader && n.bug == bugReadIndexFromFollower:
		n.env.Send(p.id, &readIndexReply{ok: true, term: n.term, id: m.id, index: n.commit})
	case n.role != leader || n.questions.Len() >= pendingMax:
		n.env.Send(p.id, &readIndexReply{term: n.term, id: m.id})
	case n.reads == "log":
		if !n.append(entry{term: n.term}) {
			n.env.Send(p.id, &readIndexReply{term: n.term, id: m.id})
			return
		}
		n.observe(nodes.Appended, n.term, n.log.end(), 0)
		n.questions.Push(question{index: n.log.last(), from: p.id, id: m.id})
		n.propagate()
		n.advance()
	default:
		n.question(question{from: p.id, id: m.id})
	}
}

// onReadIndexReply learns a read index, or that the node asked does not lead.
func (n *node) onReadIndexReply(m *readIndexReply) {
	for i := range n.inquiries {
		q := &n.inquiries[i]
		if q.id != m.id {
			continue
		}
		if !m.ok {
			n.refuse(i)
			return
		}
		q.index, q.known = m.index, true
		return
	}
}

// answerInquiries answers what is known and applied.
func (n *node) answerInquiries() {
	for i := 0; i < len(n.inquiries); {
		q := n.inquiries[i]
		if !q.known || q.index > n.applied && n.bug != bugFollowerReadsUnapplied {
			i++
			continue
		}
		n.drop(i)
		n.env.Reply(q.request, n.machine.Query(q.command))
	}
}

// onInquiryTimer refuses what has waited too long.
func (n *node) onInquiryTimer() {
	now := n.env.Now()
	for len(n.inquiries) > 0 { // the oldest comes first
		if left := inquiryMax - now.Sub(n.inquiries[0].since); left > 0 {
			n.env.SetTimer(inquiryTimer, left)
			return
		}
		n.refuse(0)
	}
}

func (n *node) refuse(i int) {
	r := n.inquiries[i].request
	n.drop(i)
	n.env.Reply(r, n.notLeader())
}

// drop forgets an inquiry; the others keep their order.
func (n *node) drop(i int) { n.inquiries = append(n.inquiries[:i], n.inquiries[i+1:]...) }
