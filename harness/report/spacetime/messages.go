package spacetime

import (
	"cmp"
	"slices"
	"strings"
	"time"
	"unicode"

	"sunder/nodes"
)

// messagesMax is, for each weight, how many messages there may be from the heaviest down to these.
var messagesMax = map[int]int{heavy: 70, turning: 60, lost: 40, between: 24, before: 8}

// lateFew is how many late messages there may be: where there are more, being late is nothing
// special.
const lateFew = 8

// The weights of messages.
const (
	before  = iota + 1 // the guilty began
	between            // the guilty began and ended
	lost               // the first of its shape on its link
	turning            // sent or received where a role changed or a vote was given
	heavy              // while an operation ran, to or from its node; or one of few late ones
)

// messages are those to show, in the order in which they were sent.
func (f *focus) messages(all []Message, facts []Fact) []Message {
	late := lateness(all)
	lateOnes := 0
	for _, m := range all {
		if m.Lost == "" && m.Received-m.Sent > late {
			lateOnes++
		}
	}
	seen := map[[3]string]bool{} // what was said on a link
	byWeight := map[int][]Message{}
	sorted := slices.Clone(all)
	slices.SortStableFunc(sorted, func(a, b Message) int { return cmp.Compare(a.Sent, b.Sent) })
	for _, m := range sorted {
		if m.Sent > f.to || m.Received < f.from {
			continue
		}
		if took := m.Received - m.Sent; m.Lost == "" && m.Received > f.to && took > late {
			m.Lost, m.Received = "held", m.Sent+late/2 // it arrives when all is over
		}
		said := [3]string{m.From, m.To, m.Label}
		if m.Lost != "" {
			said[2] = m.Lost + shape(m)
		}
		again, missed := seen[said], m.Received > f.past[m.To]
		seen[said] = true
		turns := turns(m, facts, late/2)
		w := 0
		switch {
		case again, m.Lost == "" && missed, m.Lost == "lost" && !turns && !f.during(m):
		case m.Lost != "":
			w = lost
		case f.during(m), m.Received-m.Sent > late && lateOnes <= lateFew:
			w = heavy
		case turns:
			w = turning
		case m.Received >= f.guilty:
			w = between
		default:
			w = before
		}
		byWeight[w] = append(byWeight[w], m)
	}
	var kept []Message
	for w := heavy; w >= before; w-- {
		kept = append(kept, last(max(0, messagesMax[w]-len(kept)), byWeight[w])...)
	}
	slices.SortStableFunc(kept, func(a, b Message) int { return cmp.Compare(a.Sent, b.Sent) })
	return kept
}

// turns says whether m made its receiver change its role or vote, or was sent when a node began to
// ask for votes or to lead; about is how near in time that is.
func turns(m Message, facts []Fact, about time.Duration) bool {
	return slices.ContainsFunc(facts, func(x Fact) bool {
		return x.Node == m.To && (isRole(x.Fact) || x.Fact == nodes.Voted) && m.Lost == "" &&
			x.At >= m.Received && x.At-m.Received <= about ||
			x.Node == m.From && (x.Fact == nodes.BecameLeader || x.Fact == nodes.BecameCandidate) &&
				(m.Sent-x.At).Abs() <= about
	})
}

// during says whether m was sent and received while one of the operations ran, and concerned its
// node.
func (f *focus) during(m Message) bool {
	return slices.ContainsFunc(f.shown, func(o Operation) bool {
		return (m.From == o.Node || m.To == o.Node) && m.Sent >= o.Start && m.Received <= o.End
	})
}

// shape is what m says without its numbers: the same for all heartbeats.
func shape(m Message) string {
	return m.Kind + strings.Map(func(c rune) rune {
		if unicode.IsDigit(c) {
			return -1
		}
		return c
	}, m.Label)
}

// lateness is how long a message must have been under way to be called late.
func lateness(all []Message) time.Duration {
	var took []time.Duration
	for _, m := range all {
		if m.Lost == "" {
			took = append(took, m.Received-m.Sent)
		}
	}
	if len(took) == 0 {
		return 0
	}
	slices.Sort(took)
	const times, least = 10, 5 * time.Millisecond
	return max(least, times*took[len(took)/2])
}
