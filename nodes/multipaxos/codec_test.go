package multipaxos

import (
	"errors"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"sunder/nodes"
	"sunder/nodes/ballot"
	"sunder/nodes/checkpoint"
	"sunder/nodes/kv"
	"sunder/nodes/wire"
)

func drawValue(t *rapid.T) *value {
	v := &value{ballot: ballot.Ballot(rapid.Uint64().Draw(t, "first ballot"))}
	switch rapid.IntRange(0, 2).Draw(t, "holds") {
	case 1:
		v.command = kv.Command{Op: kv.Write, Key: rapid.String().Draw(t, "key"), Arg: 7}
	case 2:
		v.mains = ballot.Voters(rapid.Uint64Min(1).Draw(t, "mains"))
	}
	v.seal(v.appendBody(nil))
	return v
}

func drawMessage(t *rapid.T) nodes.Message {
	number := func(name string) uint64 {
		return rapid.OneOf(rapid.Uint64Range(0, 300), rapid.Uint64()).Draw(t, name)
	}
	b := func() ballot.Ballot { return ballot.Ballot(number("ballot")) }
	values := func() (list []*value) {
		for range rapid.IntRange(0, 3).Draw(t, "values") {
			list = append(list, drawValue(t))
		}
		return list
	}
	kind := uint8(rapid.IntRange(int(kindPrepare), int(kindForget)).Draw(t, "kind"))
	switch kind {
	case kindPrepare:
		return &prepare{ballot: b(), from: number("from")}
	case kindPromise:
		m := &promise{ballot: b(), from: number("from"), next: number("next"), commit: number("commit")}
		for _, v := range values() {
			m.accepted = append(m.accepted, proposal{number("slot"), b(), v})
		}
		return m
	case kindNack:
		return &nack{ballot: b(), promised: b(), commit: number("commit")}
	case kindAccept:
		return &accept{ballot: b(), first: number("first"), commit: number("commit"),
			round: number("round"), values: values()}
	case kindAccepted:
		return &accepted{ballot: b(), first: number("first"), count: number("count"),
			commit: number("commit"), high: number("high"), round: number("round")}
	case kindLearn:
		return &learn{from: number("from"), index: number("index"), offset: number("offset")}
	case kindLearned:
		return &learned{ballot: b(), first: number("first"), commit: number("commit"), values: values()}
	case kindSnapshot:
		return &snapshotChunk{ballot: b(), of: checkpoint.Snapshot{Index: number("i"), Term: number("t"),
			Hash: number("h")}, offset: number("offset"), total: number("total"),
			data: rapid.SliceOfN(rapid.Byte(), 1, 20).Draw(t, "data")}
	case kindQuery:
		return &query{id: number("id")}
	case kindQueryReply:
		return &queryReply{id: number("id"), high: number("high")}
	}
	return &forget{ballot: b(), upto: number("upto")}
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

// TestMessagesStayBelowAFrame fills a log with the largest commands that a node takes.
func TestMessagesStayBelowAFrame(t *testing.T) {
	big := &value{ballot: 1 << 60, command: kv.Command{Op: kv.Txn}}
	for range kv.TxnMax {
		big.command.Txn = append(big.command.Txn,
			kv.Command{Op: kv.Write, Key: string(make([]byte, 100)), Arg: -1 << 63})
	}
	big.seal(big.appendBody(nil))
	n := &node{}
	if n.tooLarge(big.command) {
		t.Fatalf("the command of %d bytes would be refused", big.size)
	}
	for at := range uint64(2 * batchValues) {
		*n.log.grow(at + 1) = slot{accepted: 1 << 60, value: big}
	}
	list := n.log.values(1, n.log.last(), func(*slot) bool { return true })
	report := n.report(&prepare{ballot: 1 << 60, from: 1})
	for _, m := range []nodes.Message{&accept{ballot: 1 << 60, values: list}, report} {
		if got := len(m.AppendTo(nil)); got > 60<<10 || got < 20<<10 {
			t.Errorf("a message of %d bytes", got)
		}
	}
	if report.next != uint64(len(report.accepted))+1 {
		t.Errorf("%d proposals are reported, and more from %d on", len(report.accepted), report.next)
	}
}

func FuzzDecode(f *testing.F) {
	write := &value{ballot: 3, command: kv.Command{Op: kv.Write, Key: "x", Arg: 5}}
	write.seal(write.appendBody(nil))
	mains := &value{ballot: 3, mains: 5}
	mains.seal(mains.appendBody(nil))
	for _, m := range []nodes.Message{
		&prepare{ballot: 3, from: 2}, &promise{ballot: 3, accepted: []proposal{{2, 1, write}}},
		&accept{ballot: 3, first: 2, values: []*value{write, mains, {ballot: 3}}},
		&accepted{ballot: 3, first: 4}, &learned{first: 2, values: []*value{write}},
		&snapshotChunk{of: checkpoint.Snapshot{Index: 9}, total: 4, data: []byte("data")},
	} {
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
	})
}

// FuzzRecovery boots a node from any files: it may stop, but neither panic nor go on for ever.
func FuzzRecovery(f *testing.F) {
	n := &node{promised: 2}
	for at := range uint64(3) {
		*n.log.grow(at + 1) = slot{accepted: ballot.Ballot(at % 2), value: &value{ballot: 1,
			command: kv.Command{Op: kv.Write, Key: "x", Arg: 5}}}
	}
	n.commit = 2
	logFile := n.appendLog(nil)
	f.Add(logFile, []byte(nil))
	state := append(schedule{{number: 1, from: 1, Configuration: fixed{}.Configure(7)}}.appendTo(nil),
		n.machine.Snapshot()...)
	f.Add(logFile, checkpoint.Encode(&checkpoint.Snapshot{Index: 1, Term: 1, Hash: 5, Data: state}))
	f.Fuzz(func(t *testing.T, logFile, snapshotFile []byte) {
		p := Protocol()
		made, err := p.New(nodes.Config{Self: 1, Members: []nodes.ID{1, 2, 3}})
		if err != nil {
			t.Fatal(err)
		}
		made.Start(nowhere{}, []nodes.Recovered{{Name: fileLog, Data: logFile},
			{Name: fileSnapshot, Data: snapshotFile}})
	})
}
