package raft

import (
	"errors"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"sunder/nodes"
	"sunder/nodes/kv"
)

func drawMessage(t *rapid.T) nodes.Message {
	number := func(name string) uint64 {
		return rapid.OneOf(rapid.Uint64Range(0, 300), rapid.Uint64()).Draw(t, name)
	}
	switch rapid.IntRange(0, 7).Draw(t, "type") {
	case 0:
		return &vote{pre: rapid.Bool().Draw(t, "pre"), term: number("term"), last: number("last"),
			lastTerm: number("last term")}
	case 1:
		return &voteReply{pre: rapid.Bool().Draw(t, "pre"), term: number("term"),
			granted: rapid.Bool().Draw(t, "granted")}
	case 2:
		m := &appendEntries{term: number("term"), prev: number("prev"), prevTerm: number("prev term"),
			commit: number("commit"), round: number("round")}
		for range rapid.IntRange(0, 3).Draw(t, "entries") {
			e := entry{term: number("entry term")}
			if rapid.Bool().Draw(t, "command") {
				e.command = &kv.Command{Op: kv.Write, Key: rapid.String().Draw(t, "key"), Arg: 7}
				e.size = uint32(len(e.command.AppendTo(nil)))
			}
			m.entries = append(m.entries, e)
		}
		return m
	case 3:
		return &appendReply{ok: rapid.Bool().Draw(t, "ok"), term: number("term"), prev: number("prev"),
			index: number("index"), round: number("round")}
	case 4:
		return &installSnapshot{term: number("term"), mark: mark{number("i"), number("t"), number("h")},
			offset: number("offset"), total: number("total"), round: number("round"),
			data: rapid.SliceOfN(rapid.Byte(), 1, 20).Draw(t, "data")}
	case 5:
		return &readIndex{term: number("term"), id: number("id")}
	case 6:
		return &readIndexReply{ok: rapid.Bool().Draw(t, "ok"), term: number("term"), id: number("id"),
			index: number("index")}
	}
	return &snapshotReply{term: number("term"), index: number("index"), offset: number("offset"),
		round: number("round")}
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
		if _, err := decode(m.Kind(), p[:cut]); !errors.Is(err, errEncoding) {
			t.Fatalf("%d of %d bytes of %v decoded: %v", cut, len(p), m, err)
		}
	})
}

func TestMessagesStayBelowAFrame(t *testing.T) {
	big := kv.Command{Op: kv.Txn}
	for range kv.TxnMax {
		big.Txn = append(big.Txn, kv.Command{Op: kv.Write, Key: string(make([]byte, 100)), Arg: -1 << 63})
	}
	size := uint32(len(big.AppendTo(nil)))
	if size > commandMax {
		t.Fatalf("the command of %d bytes would be refused", size)
	}
	var l log
	for range 2 * batchEntries {
		l.push(entry{term: 1 << 60, size: size, command: &big}, 0)
	}
	list := l.from(1)
	m := &appendEntries{term: 1 << 60, entries: list}
	if got := len(m.AppendTo(nil)); got > 60<<10 || len(list) == 0 {
		t.Errorf("a message of %d bytes with %d entries", got, len(list))
	}
}

func FuzzDecode(f *testing.F) {
	write := kv.Command{Op: kv.Write, Key: "x", Arg: 5}
	for _, m := range []nodes.Message{
		&vote{pre: true, term: 3, last: 2, lastTerm: 1}, &voteReply{term: 3, granted: true},
		&appendEntries{term: 3, prev: 2, prevTerm: 1, entries: []entry{{term: 3},
			{term: 3, command: &write, size: uint32(len(write.AppendTo(nil)))}}},
		&appendReply{ok: true, term: 3, index: 4}, &snapshotReply{term: 3, index: 9, offset: 7},
		&installSnapshot{term: 3, mark: mark{9, 2, 77}, total: 4, data: []byte("data")},
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
	n := &node{}
	n.disk.out = putBase(nil, mark{})
	n.term = 2
	n.saveState()
	n.append(entry{term: 1})
	n.append(entry{term: 2, command: &kv.Command{Op: kv.Write, Key: "x", Arg: 5}})
	f.Add(n.disk.out, []byte(nil))
	f.Add(n.disk.out, encodeSnapshot(&snapshot{mark: n.log.at(1), data: n.machine.Snapshot()}))
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
