package lww

import (
	"fmt"

	"sunder/nodes"
	"sunder/nodes/wire"
)

// The kinds of message.
const (
	kindHave uint8 = iota + 1
	kindUpdates
)

// kinds is the names of the kinds, by number.
var kinds = []string{kindHave: "have", kindUpdates: "updates"}

// batchMax is how many updates go into a message: it stays below a frame.
const batchMax = 32

// have says how many updates of each origin a node has, and asks for the next.
type have struct{ counts []count }

type count struct {
	origin nodes.ID
	n      uint64
}

// updates are changes, new ones or those that a peer lacks.
type updates struct{ list []*update }

// ask tells a peer what this node has.
func (n *node) ask(to nodes.ID) {
	m := &have{counts: make([]count, len(n.members))}
	for i, id := range n.members {
		m.counts[i] = count{id, uint64(len(n.logs[id]))}
	}
	n.env.Send(to, m)
}

// send sends a node what it lacks, as much as goes into a message. Of its own updates it tells only
// those that are durable: after a power loss another one would have the number of the first that
// is lost, and who had heard of that would never hear of this.
func (n *node) send(to nodes.ID, m *have) {
	var list []*update
	for _, c := range m.counts {
		log := n.logs[c.origin]
		if c.origin == n.self {
			log = log[:n.durable]
		}
		for at := c.n; at < uint64(len(log)) && len(list) < batchMax; at++ {
			list = append(list, log[at])
		}
	}
	if len(list) > 0 {
		n.env.Send(to, &updates{list})
	}
}

func (m *have) Kind() uint8    { return kindHave }
func (m *updates) Kind() uint8 { return kindUpdates }

func (m *have) Ident() uint64 {
	h := wire.Ident(kindHave, 0, 0, 0)
	for _, c := range m.counts {
		h = wire.Mix(h, c.n)
	}
	return h
}

func (m *updates) Ident() uint64 {
	u := m.list[0]
	return wire.Ident(kindUpdates, uint64(u.origin), u.seq, uint64(len(m.list)))
}

func (m *have) AppendTo(b []byte) []byte {
	b = wire.Put(b, uint64(len(m.counts)))
	for _, c := range m.counts {
		b = wire.Put(b, uint64(c.origin), c.n)
	}
	return b
}

func (m *updates) AppendTo(b []byte) []byte {
	b = wire.Put(b, uint64(len(m.list)))
	for _, u := range m.list {
		b = u.appendTo(b)
	}
	return b
}

// decode reads a message of a kind that AppendTo wrote.
func decode(kind uint8, p []byte) (nodes.Message, error) {
	return wire.Decode(kind, p, readMessage)
}

func readMessage(kind uint8, r *wire.Reader) nodes.Message {
	switch kind {
	case kindHave:
		m := &have{}
		for range r.Count(2) {
			origin := r.Number()
			m.counts = append(m.counts, count{nodes.ID(origin), r.Number()})
			if origin != uint64(nodes.ID(origin)) {
				r.Fail()
			}
		}
		return m
	case kindUpdates:
		m := &updates{}
		n := r.Count(6) // the least that an update takes
		if n == 0 {
			r.Fail()
		}
		for range n {
			m.list = append(m.list, readUpdate(r))
		}
		return m
	}
	return nil
}

// Messages say what they are, for traces and pictures.

func (m *have) String() string {
	return fmt.Sprintf("I have %v, what is next?", m.counts)
}

func (m *updates) String() string {
	u := m.list[0]
	return fmt.Sprintf("%d updates, the first: %s %s %d of %s", len(m.list), u.op, u.key, u.arg,
		u.origin)
}

// Both messages of the protocol.
var (
	_ nodes.Message = (*have)(nil)
	_ nodes.Message = (*updates)(nil)
)
