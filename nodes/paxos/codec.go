package paxos

import (
	"sunder/nodes"
	"sunder/nodes/ballot"
	"sunder/nodes/wire"
)

// A message is its fields in order.

func (m *prepare) AppendTo(b []byte) []byte { return wire.Put(b, m.decree, uint64(m.ballot)) }

func (m *promise) AppendTo(b []byte) []byte {
	b = wire.Put(b, m.decree, uint64(m.ballot), uint64(m.accepted))
	if m.accepted != 0 {
		b = m.value.appendTo(b)
	}
	return b
}

func (m *accept) AppendTo(b []byte) []byte {
	return m.value.appendTo(wire.Put(b, m.decree, uint64(m.ballot)))
}

func (m *accepted) AppendTo(b []byte) []byte { return wire.Put(b, m.decree, uint64(m.ballot)) }

func (m *nack) AppendTo(b []byte) []byte {
	return wire.Put(b, m.decree, uint64(m.ballot), uint64(m.promised))
}

func (m *learn) AppendTo(b []byte) []byte { return wire.Put(b, m.from) }

func (m *decided) AppendTo(b []byte) []byte {
	b = wire.Put(b, m.from, uint64(len(m.values)))
	for _, v := range m.values {
		b = v.appendTo(b)
	}
	return b
}

// decode reads a message of a kind that AppendTo wrote.
func decode(kind uint8, p []byte) (nodes.Message, error) {
	return wire.Decode(kind, p, readMessage)
}

func readMessage(kind uint8, r *wire.Reader) nodes.Message {
	switch kind {
	case kindPrepare:
		return &prepare{decree: r.Number(), ballot: readBallot(r)}
	case kindPromise:
		m := &promise{decree: r.Number(), ballot: readBallot(r), accepted: readBallot(r)}
		if m.accepted != 0 {
			m.value = readValue(r)
		}
		return m
	case kindAccept:
		return &accept{decree: r.Number(), ballot: readBallot(r), value: readValue(r)}
	case kindAccepted:
		return &accepted{decree: r.Number(), ballot: readBallot(r)}
	case kindNack:
		return &nack{decree: r.Number(), ballot: readBallot(r), promised: readBallot(r)}
	case kindLearn:
		return &learn{from: r.Number()}
	case kindDecided:
		m := &decided{from: r.Number()}
		n := r.Count(10) // the least that a value takes
		if n == 0 {
			r.Fail()
		}
		for range n {
			m.values = append(m.values, readValue(r))
		}
		return m
	}
	return nil
}

// readBallot reads a ballot. The last round is nobody's: there would be none after it.
func readBallot(r *wire.Reader) ballot.Ballot {
	b := ballot.Ballot(r.Number())
	if b > ballotMax {
		r.Fail()
	}
	return b
}
