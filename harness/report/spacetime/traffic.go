package spacetime

import "time"

// Traffic puts together what became of messages from the moments that a simulation tells of, each
// by its number. A message that is sent twice under one number arrives twice. The zero Traffic is
// ready.
type Traffic struct {
	all  []Message
	open map[uint64][]int // number → what is under way
}

// Sent notes a message under way that is to be received at the time that m has.
func (t *Traffic) Sent(number uint64, m Message) {
	if t.open == nil {
		t.open = map[uint64][]int{}
	}
	t.open[number] = append(t.open[number], len(t.all))
	t.all = append(t.all, m)
}

// Lost notes a message that was lost at once.
func (t *Traffic) Lost(m Message) { t.all = append(t.all, m) }

// Ended notes that a message arrived, or why it did not: cut, down. One that was cut may arrive
// later after all, where links hold what they cannot deliver.
func (t *Traffic) Ended(number uint64, at time.Duration, why string) {
	open := t.open[number]
	for i, place := range open {
		m := &t.all[place]
		if m.Received > at { // it is the other one's turn
			continue
		}
		m.Received, m.Lost = at, why
		if why != "cut" {
			t.open[number] = append(open[:i:i], open[i+1:]...)
		}
		return
	}
}

// Messages are all messages that ended.
func (t *Traffic) Messages(end time.Duration) []Message {
	var out []Message
	for _, m := range t.all {
		if m.Received <= end {
			out = append(out, m)
		}
	}
	return out
}
