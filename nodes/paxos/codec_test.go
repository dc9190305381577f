package paxos

import (
	"errors"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"sunder/nodes"
	"sunder/nodes/ballot"
	"sunder/nodes/kv"
	"sunder/nodes/wal"
	"sunder/nodes/wire"
)

func proposed(origin nodes.ID, round uint64, c kv.Command) *value {
	v := newValue(origin, c)
	v.propose(round)
	return v
}

func drawValue(t *rapid.T) *value {
	return proposed(nodes.ID(rapid.Uint16Range(1, 9).Draw(t, "origin")), rapid.Uint64Min(1).Draw(t, "round"),
		kv.Command{Op: kv.Write, Key: rapid.String().Draw(t, "key"), Arg: rapid.Int64().Draw(t, "arg")})
}

func drawMessage(t *rapid.T) nodes.Message {
	number := func(name string) uint64 {
		return rapid.OneOf(rapid.Uint64Range(0, 300), rapid.Uint64()).Draw(t, name)
	}
	b := func(name string) ballot.Ballot {
		return ballot.New(rapid.Uint64Range(0, 1<<46).Draw(t, name), nodes.ID(rapid.Uint16().Draw(t, "of")))
	}
	switch rapid.IntRange(1, 7).Draw(t, "kind") {
	case 1:
		return &prepare{number("decree"), b("ballot")}
	case 2:
		m := &promise{decree: number("decree"), ballot: b("ballot"), accepted: b("accepted")}
		if m.accepted != 0 {
			m.value = drawValue(t)
		}
		return m
	case 3:
		return &accept{number("decree"), b("ballot"), drawValue(t)}
	case 4:
		return &accepted{number("decree"), b("ballot")}
	case 5:
		return &nack{number("decree"), b("ballot"), b("promised")}
	case 6:
		return &learn{number("from")}
	}
	m := &decided{from: number("from")}
	for range rapid.IntRange(1, 3).Draw(t, "values") {
		m.values = append(m.values, drawValue(t))
	}
	return m
}

func TestMessagesRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawMessage(t)
		p := m.AppendTo(nil)
		got, err := decode(m.Kind(), p)
		if err != nil || !reflect.DeepEqual(got, m) || got.Ident() != m.Ident() {
			t.Fatalf("%v came back as %v, %v", m, got, err)
		}
		cut := rapid.IntRange(0, len(p)-1).Draw(t, "cut")
		if _, err := decode(m.Kind(), p[:cut]); !errors.Is(err, wire.ErrMalformed) {
			t.Fatalf("%d of %d bytes of %v decoded: %v", cut, len(p), m, err)
		}
	})
}

// sink keeps what is sent.
type sink struct {
	nowhere
	sent []nodes.Message
}

func (s *sink) Send(_ nodes.ID, m nodes.Message) { s.sent = append(s.sent, m) }

func TestMessagesStayBelowAFrame(t *testing.T) {
	big := kv.Command{Op: kv.Txn}
	for range kv.TxnMax {
		big.Txn = append(big.Txn, kv.Command{Op: kv.Write, Key: string(make([]byte, 150)), Arg: -1 << 63})
	}
	v := proposed(1, 1<<60, big)
	if v.size > commandMax {
		t.Fatalf("the command of %d bytes would be refused", v.size)
	}
	s := &sink{}
	n := &node{env: s, self: 1}
	for _, values := range [][]*value{{v, v, v}, make([]*value, 2*batchMax)} {
		n.decrees = nil
		for _, v := range values {
			if v == nil {
				v = proposed(1, 1, kv.Command{Op: kv.Read, Key: "x"})
			}
			n.decrees = append(n.decrees, decree{decided: v})
		}
		n.teach(2, 1)
		m := s.sent[len(s.sent)-1]
		if got, many := len(m.AppendTo(nil)), len(m.(*decided).values); got > 60<<10 || many == len(values) {
			t.Errorf("a message of %d bytes with %d values", got, many)
		}
	}
}

func FuzzDecode(f *testing.F) {
	v := proposed(2, 3, kv.Command{Op: kv.Write, Key: "x", Arg: 5})
	b := ballot.New(3, 2)
	for _, m := range []nodes.Message{&prepare{1, b}, &promise{1, b, 0, nil}, &promise{1, b, b, v},
		&accept{1, b, v}, &accepted{1, b}, &nack{1, b, b}, &learn{7}, &decided{1, []*value{v, v}}} {
		f.Add(m.Kind(), m.AppendTo(nil))
	}
	f.Fuzz(func(t *testing.T, kind uint8, p []byte) {
		m, err := decode(kind, p)
		if err != nil {
			return
		}
		again, err := decode(kind, m.AppendTo(nil))
		if err != nil || again.Ident() != m.Ident() || m.Kind() != kind {
			t.Fatalf("%v came back as %v, %v", m, again, err)
		}
		n := &node{self: 1, members: []nodes.ID{1, 2, 3}, quorum: 2}
		n.Start(nowhere{}, nil)
		n.Invoke(nowhere{}, 1, kv.Command{Op: kv.Read})
		n.Recv(nowhere{}, 2, m)
	})
}

// FuzzRecovery boots a node from any file: it may stop, but neither panic nor go on for ever.
func FuzzRecovery(f *testing.F) {
	n := &node{}
	v := proposed(1, 1, kv.Command{Op: kv.Write, Key: "x", Arg: 5})
	n.saveRound(1)
	n.savePromise(1, ballot.New(1, 1))
	n.saveAccept(1, ballot.New(1, 1), v)
	n.saveDecided(1, &decree{value: v, decided: v})
	n.saveDecided(2, &decree{decided: v})
	out, _ := n.journal.Begin()
	f.Add(out[:len(out)-wal.HeaderSize])
	f.Fuzz(func(t *testing.T, file []byte) {
		made, err := newNode(nodes.Config{Self: 1, Members: []nodes.ID{1, 2, 3}})
		if err != nil {
			t.Fatal(err)
		}
		made.Start(nowhere{}, []nodes.Recovered{{Name: fileLog, Data: file}})
		made.Invoke(nowhere{}, 1, kv.Command{Op: kv.Read})
	})
}
