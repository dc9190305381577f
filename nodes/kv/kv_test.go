package kv

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestCommands(t *testing.T) {
	ok := Result{Status: OK}
	for _, c := range []struct {
		name string
		do   []Command
		want Result
	}{
		{"a register starts empty", []Command{{Op: Read, Key: "x"}}, ok},
		{"reads see writes", []Command{{Op: Write, Key: "x", Arg: 5}, {Op: Read, Key: "x"}},
			Result{Status: OK, Found: true, Value: 5}},
		{"compare-and-set of nothing", []Command{{Op: CAS, Key: "x", Arg: 5}}, Refuse(CASMismatch)},
		{"compare-and-set", []Command{{Op: Write, Key: "x", Arg: 5}, {Op: CAS, Key: "x", Old: 5, Arg: 6},
			{Op: Read, Key: "x"}}, Result{Status: OK, Found: true, Value: 6}},
		{"the first proposal is decided", []Command{{Op: Propose, Key: "x", Arg: 5}, {Op: Propose, Key: "x", Arg: 6},
			{Op: Read, Key: "x"}}, Result{Status: OK, Found: true, Value: 5}},
		{"a proposal hears what is decided", []Command{{Op: Propose, Key: "x", Arg: 5},
			{Op: Propose, Key: "x", Arg: 6}}, Result{Status: OK, Found: true, Value: 5}},
		{"lists keep order", []Command{{Op: Append, Arg: 2}, {Op: Append, Arg: 1}, {Op: ReadList}},
			Result{Status: OK, Found: true, Values: []int64{2, 1}}},
		{"sets ascend, once each", []Command{{Op: SetAdd, Arg: 2}, {Op: SetAdd, Arg: 1}, {Op: SetAdd, Arg: 2},
			{Op: ReadSet}}, Result{Status: OK, Found: true, Values: []int64{1, 2}}},
		{"counters sum", []Command{{Op: Add, Arg: 2}, {Op: Add, Arg: -5}},
			Result{Status: OK, Found: true, Value: -3}},
		{"queues are first in first out", []Command{{Op: Enqueue, Arg: 2}, {Op: Enqueue, Arg: 1}, {Op: Dequeue}},
			Result{Status: OK, Found: true, Value: 2}},
		{"empty queue", []Command{{Op: Dequeue}}, ok},
		{"a lock has one owner", []Command{{Op: Lock, Arg: 1}, {Op: Lock, Arg: 2}}, Refuse(LockHeld)},
		{"tokens count up", []Command{{Op: Lock, Arg: 1}, {Op: Unlock, Arg: 1}, {Op: Lock, Arg: 2}},
			Result{Status: OK, Found: true, Value: 2}},
		{"only the owner unlocks", []Command{{Op: Lock, Arg: 1}, {Op: Unlock, Arg: 2}}, Refuse(NotOwner)},
		{"nobody owns a free lock", []Command{{Op: Unlock}}, Refuse(NotOwner)},
		{"reading a counter adds nothing", []Command{{Op: Add, Arg: 2}, {Op: ReadCounter}, {Op: ReadCounter}},
			Result{Status: OK, Found: true, Value: 2}},
		{"a counter starts at zero", []Command{{Op: ReadCounter}}, Result{Status: OK, Found: true}},
		{"reading a queue takes nothing", []Command{{Op: Enqueue, Arg: 2}, {Op: Enqueue, Arg: 1},
			{Op: ReadQueue}, {Op: ReadQueue}}, Result{Status: OK, Found: true, Values: []int64{2, 1}}},
		{"a lock that is held says by whom", []Command{{Op: Lock, Arg: 3}, {Op: ReadLock}},
			Result{Status: OK, Found: true, Value: 3}},
		{"a free lock has no owner", []Command{{Op: Lock, Arg: 3}, {Op: Unlock, Arg: 3}, {Op: ReadLock}}, ok},
		{"a failed transaction undoes all", []Command{
			{Op: Txn, Txn: []Command{{Op: Write, Key: "x", Arg: 1}, {Op: CAS, Key: "y", Old: 7}}},
			{Op: Read, Key: "x"}}, ok},
		{"unknown", []Command{{Op: 99}}, Refuse(BadCommand)},
	} {
		var m Machine
		var got Result
		for i, do := range c.do {
			got = m.Apply(uint64(i+1), do)
		}
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %+v, want %+v", c.name, got, c.want)
		}
	}
}

func TestSessionsDoEachCommandOnce(t *testing.T) {
	var m Machine
	s := uint64(m.Apply(7, Command{Op: OpenSession}).Value)
	add := Command{Op: Add, Key: "c", Arg: 1, Session: s, Seq: 1}
	for at := range uint64(3) {
		if r := m.Apply(8+at, add); r.Value != 1 {
			t.Fatalf("sending %d answered %+v", at, r)
		}
	}
	add.Seq = 2
	if r := m.Apply(20, add); r.Value != 2 {
		t.Fatalf("the next command answered %+v", r)
	}
	add.Seq = 1
	if r := m.Apply(21, add); r.Code != StaleSequence || r.Status != Indefinite {
		t.Fatalf("an old command answered %+v", r)
	}
	for i := range uint64(SessionsMax) {
		m.Apply(100+i, Command{Op: OpenSession})
	}
	add.Seq = 2
	if r := m.Apply(9999, add); r.Code != SessionExpired || r.Status != Indefinite {
		t.Fatalf("a forgotten session answered %+v", r)
	}
}

func TestAFailedCommandOfASessionStaysFailed(t *testing.T) {
	var m Machine
	s := uint64(m.Apply(1, Command{Op: OpenSession}).Value)
	cas := Command{Op: CAS, Key: "x", Old: 1, Arg: 2, Session: s, Seq: 1}
	m.Apply(2, cas)
	m.Apply(3, Command{Op: Write, Key: "x", Arg: 1})
	if r := m.Apply(4, cas); r.Code != CASMismatch {
		t.Errorf("the second sending answered %+v", r)
	}
}

// TestDigests: machines that did the same have the same digest, also by way of a snapshot, and
// whatever one did otherwise shows for good.
func TestDigests(t *testing.T) {
	session := Command{Op: Add, Key: "c", Arg: 1, Session: 1, Seq: 1}
	usual := []Command{{Op: OpenSession}, session, {Op: Write, Key: "x", Arg: 5},
		{Op: Txn, Txn: []Command{{Op: Read, Key: "x"}}}, {Op: CAS, Key: "x", Old: 5, Arg: 6}}
	do := func(list []Command) *Machine {
		m := &Machine{}
		for i, c := range list {
			m.Apply(uint64(i+1), c)
		}
		return m
	}
	want := do(usual)
	var again Machine
	if err := again.Restore(want.Snapshot()); err != nil || again.Digest() != want.Digest() {
		t.Errorf("restored, the digest %x is %x, %v", want.Digest(), again.Digest(), err)
	}
	before := again.Digest()
	if again.Apply(9, session); again.Digest() != before {
		t.Error("a command of a session that was not done again changed the digest")
	}
	for name, change := range map[string]func([]Command) []Command{
		"nothing else":        func(l []Command) []Command { return l },
		"another value":       func(l []Command) []Command { l[2].Arg++; return l },
		"another key":         func(l []Command) []Command { l[2].Key = "y"; return l },
		"another part":        func(l []Command) []Command { l[3].Txn[0].Key = "y"; return l },
		"one less":            func(l []Command) []Command { return l[:4] },
		"one left out":        func(l []Command) []Command { return append(l[:2], l[3:]...) },
		"one twice":           func(l []Command) []Command { return slices.Insert(l, 2, l[2]) },
		"other old value":     func(l []Command) []Command { l[4].Old++; return l },
		"two in other order":  func(l []Command) []Command { l[2], l[3] = l[3], l[2]; return l },
		"one session's again": func(l []Command) []Command { return slices.Insert(l, 2, session) },
	} {
		list := slices.Clone(usual)
		list[3].Txn = slices.Clone(list[3].Txn)
		if got := do(change(list)).Digest(); (got == want.Digest()) != (name == "nothing else") {
			t.Errorf("%s: the digest is %x, was %x", name, got, want.Digest())
		}
	}
	if (&Machine{}).Digest() != 0 {
		t.Error("an empty machine has a digest")
	}
}

func BenchmarkApply(b *testing.B) {
	var m Machine
	b.ReportAllocs()
	for i := range b.N {
		m.Apply(uint64(i+1), Command{Op: Write, Key: "x", Arg: int64(i)})
	}
}

func drawCommand(t *rapid.T, depth int) Command {
	last := len(opNames) - 2
	c := Command{
		Op:  Op(rapid.IntRange(1, last).Draw(t, "op")),
		Key: rapid.SampledFrom([]string{"", "x", "y"}).Draw(t, "key"),
		Arg: rapid.Int64Range(-3, 3).Draw(t, "arg"),
		Old: rapid.Int64Range(-3, 3).Draw(t, "old"),
	}
	if c.Op == Txn && depth == 0 {
		for range rapid.IntRange(0, 3).Draw(t, "n") {
			if sub := drawCommand(t, 1); sub.Op != Txn {
				c.Txn = append(c.Txn, sub)
			}
		}
	}
	return c
}

func TestSnapshotsAndCommandsRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var m, again Machine
		for i := range rapid.IntRange(0, 30).Draw(t, "n") {
			c := drawCommand(t, 0)
			if rapid.Bool().Draw(t, "open") {
				c = Command{Op: OpenSession}
			} else if c.Session = rapid.Uint64Range(0, 3).Draw(t, "session"); c.Session > 0 {
				c.Seq = rapid.Uint64Range(1, 4).Draw(t, "seq")
			}
			got, err := DecodeCommand(c.AppendTo(nil))
			if err != nil || !reflect.DeepEqual(got, c) {
				t.Fatalf("decoded %+v, %v; want %+v", got, err, c)
			}
			m.Apply(uint64(i+1), c)
		}
		p := m.Snapshot()
		if err := again.Restore(p); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(again.Snapshot(), p) {
			t.Fatal("a restored machine has another snapshot")
		}
	})
}

func FuzzDecode(f *testing.F) {
	f.Add(Command{Op: Txn, Txn: []Command{{Op: Write, Key: "x", Arg: 9}}}.AppendTo(nil))
	var m Machine
	m.Apply(1, Command{Op: OpenSession})
	m.Apply(2, Command{Op: Write, Key: "x", Arg: 9, Session: 1, Seq: 1})
	f.Add(m.Snapshot())
	f.Fuzz(func(t *testing.T, p []byte) {
		if c, err := DecodeCommand(p); err == nil {
			if again, err := DecodeCommand(c.AppendTo(nil)); err != nil || !reflect.DeepEqual(again, c) {
				t.Fatalf("%+v came back as %+v, %v", c, again, err)
			}
		}
		var m Machine
		if m.Restore(p) == nil {
			if err := new(Machine).Restore(m.Snapshot()); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestJSONIsWhatPeopleType(t *testing.T) {
	var c Command
	if err := json.Unmarshal([]byte(`{"op":"cas","key":"x","old":1,"value":2}`), &c); err != nil {
		t.Fatal(err)
	}
	if want := (Command{Op: CAS, Key: "x", Old: 1, Arg: 2}); !reflect.DeepEqual(c, want) {
		t.Errorf("got %+v, want %+v", c, want)
	}
	if err := json.Unmarshal([]byte(`{"op":"steal"}`), &c); err == nil {
		t.Error("an unknown operation was taken")
	}
}

func TestACommandOfASessionHasASequence(t *testing.T) {
	c := Command{Op: Write, Key: "x", Session: 7}
	if c.Check() == nil {
		t.Error("a command of a session without a sequence number passes")
	}
	if c.Seq = 1; c.Check() != nil {
		t.Error(c.Check())
	}
}
