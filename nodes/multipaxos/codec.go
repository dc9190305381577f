package multipaxos

import (
	"sunder/nodes"
	"sunder/nodes/ballot"
	"sunder/nodes/checkpoint"
	"sunder/nodes/wire"
)

// A message is its fields in order: numbers as varints, bytes with their length before them.

func (m *prepare) AppendTo(b []byte) []byte { return wire.Put(b, uint64(m.ballot), m.from) }

func (m *promise) AppendTo(b []byte) []byte {
	b = wire.Put(b, uint64(m.ballot), m.from, m.next, m.commit, uint64(len(m.accepted)))
	for _, p := range m.accepted {
		b = appendValue(wire.Put(b, p.slot, uint64(p.ballot)), p.value)
	}
	return b
}

func (m *nack) AppendTo(b []byte) []byte {
	return wire.Put(b, uint64(m.ballot), uint64(m.promised), m.commit)
}

func (m *accept) AppendTo(b []byte) []byte {
	b = wire.Put(b, uint64(m.ballot), m.first, m.commit, m.round)
	return appendValues(b, m.values)
}

func (m *accepted) AppendTo(b []byte) []byte {
	return wire.Put(b, uint64(m.ballot), m.first, m.count, m.commit, m.high, m.round)
}

func (m *learn) AppendTo(b []byte) []byte { return wire.Put(b, m.from, m.index, m.offset) }

func (m *learned) AppendTo(b []byte) []byte {
	return appendValues(wire.Put(b, uint64(m.ballot), m.first, m.commit), m.values)
}

func (m *snapshotChunk) AppendTo(b []byte) []byte {
	b = wire.Put(b, uint64(m.ballot), m.of.Index, m.of.Term, m.of.Hash, m.offset,
		m.total, uint64(len(m.data)))
	return append(b, m.data...)
}

func (m *query) AppendTo(b []byte) []byte { return wire.Put(b, m.id) }

func (m *queryReply) AppendTo(b []byte) []byte { return wire.Put(b, m.id, m.high) }

func (m *forget) AppendTo(b []byte) []byte { return wire.Put(b, uint64(m.ballot), m.upto) }

func appendValue(b []byte, v *value) []byte {
	return v.appendBody(wire.Put(b, uint64(v.ballot), uint64(v.size)))
}

func appendValues(b []byte, list []*value) []byte {
	b = wire.Put(b, uint64(len(list)))
	for _, v := range list {
		b = appendValue(b, v)
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
		return &prepare{ballot: readBallot(r), from: r.Number()}
	case kindPromise:
		m := &promise{ballot: readBallot(r), from: r.Number(), next: r.Number(),
			commit: r.Number()}
		m.accepted = readProposals(r)
		return m
	case kindNack:
		return &nack{ballot: readBallot(r), promised: readBallot(r), commit: r.Number()}
	case kindAccept:
		m := &accept{ballot: readBallot(r), first: r.Number(), commit: r.Number(),
			round: r.Number()}
		m.values = readValues(r)
		return m
	case kindAccepted:
		return &accepted{ballot: readBallot(r), first: r.Number(), count: r.Number(),
			commit: r.Number(), high: r.Number(), round: r.Number()}
	case kindLearn:
		return &learn{from: r.Number(), index: r.Number(), offset: r.Number()}
	case kindLearned:
		m := &learned{ballot: readBallot(r), first: r.Number(), commit: r.Number()}
		m.values = readValues(r)
		return m
	case kindSnapshot:
		m := &snapshotChunk{ballot: readBallot(r)}
		m.of = checkpoint.Snapshot{Index: r.Number(), Term: r.Number(), Hash: r.Number()}
		m.offset, m.total = r.Number(), r.Number()
		m.data = r.Bytes(r.Number())
		return m
	case kindQuery:
		return &query{id: r.Number()}
	case kindQueryReply:
		return &queryReply{id: r.Number(), high: r.Number()}
	case kindForget:
		return &forget{ballot: readBallot(r), upto: r.Number()}
	}
	return nil
}

func readBallot(r *wire.Reader) ballot.Ballot { return ballot.Ballot(r.Number()) }

func readSized(r *wire.Reader) *value {
	first := readBallot(r)
	return readValue(first, r.Bytes(r.Number()), r)
}

func readValues(r *wire.Reader) []*value {
	count := r.Count(2)
	if count == 0 {
		return nil
	}
	list := make([]*value, count)
	for i := range list {
		list[i] = readSized(r)
	}
	return list
}

func readProposals(r *wire.Reader) []proposal {
	count := r.Count(4)
	if count == 0 {
		return nil
	}
	list := make([]proposal, count)
	for i := range list {
		list[i] = proposal{slot: r.Number(), ballot: readBallot(r), value: readSized(r)}
	}
	return list
}
