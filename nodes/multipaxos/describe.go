package multipaxos

import "fmt"

// Messages say what they are, for golden tests, traces and pictures.

func (m *prepare) String() string {
	return fmt.Sprintf("prepare ballot %s, from slot %d", m.ballot, m.from)
}

func (m *promise) String() string {
	s := fmt.Sprintf("promise ballot %s, from slot %d, decided up to %d", m.ballot, m.from,
		m.commit)
	for _, p := range m.accepted {
		s += fmt.Sprintf("; accepted %d in %s", p.slot, p.ballot)
	}
	if m.next != 0 {
		s += fmt.Sprintf("; more from %d", m.next)
	}
	return s
}

func (m *nack) String() string {
	return fmt.Sprintf("not in ballot %s: promised %s, decided up to %d", m.ballot, m.promised,
		m.commit)
}

// run names consecutive slots.
func run(first, count uint64) string {
	if count == 1 {
		return fmt.Sprintf("slot %d", first)
	}
	return fmt.Sprintf("slots %d to %d", first, first+count-1)
}

func (m *accept) String() string {
	if len(m.values) == 0 {
		return fmt.Sprintf("heartbeat of ballot %s, decided up to %d", m.ballot, m.commit)
	}
	return fmt.Sprintf("accept %s in ballot %s, decided up to %d",
		run(m.first, uint64(len(m.values))), m.ballot, m.commit)
}

func (m *accepted) String() string {
	if m.count == 0 {
		return fmt.Sprintf("here, in ballot %s, decided up to %d", m.ballot, m.commit)
	}
	return fmt.Sprintf("accepted %s in ballot %s, decided up to %d", run(m.first, m.count),
		m.ballot, m.commit)
}

func (m *learn) String() string {
	if m.offset > 0 {
		return fmt.Sprintf("what was decided from %d on? I have %d bytes of snapshot %d", m.from,
			m.offset, m.index)
	}
	return fmt.Sprintf("what was decided from %d on?", m.from)
}

func (m *learned) String() string {
	return fmt.Sprintf("decided: %s, of %d", run(m.first, uint64(len(m.values))), m.commit)
}

func (m *snapshotChunk) String() string {
	return fmt.Sprintf("snapshot at %d, bytes %d to %d of %d", m.of.Index, m.offset,
		m.offset+uint64(len(m.data)), m.total)
}

func (m *query) String() string { return "how far have you accepted?" }

func (m *queryReply) String() string { return fmt.Sprintf("accepted up to %d", m.high) }

func (m *forget) String() string { return fmt.Sprintf("forget up to slot %d", m.upto) }
