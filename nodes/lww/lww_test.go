package lww

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sunder/nodes"
	"sunder/nodes/kv"
	"sunder/nodes/nodestest"
	"sunder/nodes/wire"
)

// do sends a command and waits for its answer.
func do(t *testing.T, c *nodestest.Cluster, to nodes.ID, command kv.Command) kv.Result {
	t.Helper()
	call := c.Do(to, command)
	if !c.RunUntil(time.Second, func() bool { return call.Answers > 0 }) {
		t.Fatalf("%s does not answer %v", to, command)
	}
	return call.Result
}

func write(key string, v int64) kv.Command { return kv.Command{Op: kv.Write, Key: key, Arg: v} }
func read(key string) kv.Command           { return kv.Command{Op: kv.Read, Key: key} }

func TestOneNodeIsARegisterAndASet(t *testing.T) {
	c := nodestest.NewCluster(Protocol(), nodestest.Setup{Nodes: 1})
	for _, k := range []struct {
		do   kv.Command
		want kv.Result
	}{
		{read("x"), kv.Result{Status: kv.OK}},
		{write("x", 5), kv.Result{Status: kv.OK}},
		{read("x"), kv.Result{Status: kv.OK, Found: true, Value: 5}},
		{kv.Command{Op: kv.CAS, Key: "x", Old: 4, Arg: 6}, kv.Refuse(kv.CASMismatch)},
		{kv.Command{Op: kv.CAS, Key: "x", Old: 5, Arg: 6}, kv.Result{Status: kv.OK}},
		{kv.Command{Op: kv.Propose, Key: "x", Arg: 7}, kv.Result{Status: kv.OK, Found: true, Value: 6}},
		{kv.Command{Op: kv.Propose, Key: "y", Arg: 7}, kv.Result{Status: kv.OK, Found: true, Value: 7}},
		{kv.Command{Op: kv.SetAdd, Key: "s", Arg: 2}, kv.Result{Status: kv.OK}},
		{kv.Command{Op: kv.SetAdd, Key: "s", Arg: 1}, kv.Result{Status: kv.OK}},
		{kv.Command{Op: kv.ReadSet, Key: "s"}, kv.Result{Status: kv.OK, Found: true, Values: []int64{1, 2}}},
		{kv.Command{Op: kv.Enqueue, Key: "q", Arg: 1}, kv.Refuse(kv.BadCommand)},
		{kv.Command{}, kv.Refuse(kv.BadCommand)},
	} {
		if got := do(t, c, 1, k.do); !reflect.DeepEqual(got, k.want) {
			t.Errorf("%v answers %+v, want %+v", k.do, got, k.want)
		}
		c.Run(time.Millisecond) // the clock decides
	}
	if wrong := c.Judge(); len(wrong) > 0 {
		t.Error(wrong)
	}
}

// TestBothSidesOfAPartitionServe: each side answers everything, and answers wrong. Healed, all nodes
// agree.
func TestBothSidesOfAPartitionServe(t *testing.T) {
	c := nodestest.NewCluster(Protocol(), nodestest.Setup{Nodes: 5, Codec: true})
	do(t, c, 1, write("x", 1))
	c.Run(time.Second)
	if wrong := c.Judge(); len(wrong) > 0 {
		t.Fatalf("before the partition: %s", wrong)
	}
	for _, a := range []nodes.ID{1, 2} {
		for _, b := range []nodes.ID{3, 4, 5} {
			c.Cut(a, b)
			c.Cut(b, a)
		}
	}
	for i, id := range c.IDs() {
		if r := do(t, c, id, write("x", int64(10+i))); r.Status != kv.OK {
			t.Errorf("%s refuses a write: %+v", id, r)
		}
		do(t, c, id, kv.Command{Op: kv.SetAdd, Key: "s", Arg: int64(i)})
		c.Run(time.Second)
	}
	for _, id := range c.IDs() {
		want := int64(14)
		if id <= 2 {
			want = 11
		}
		if r := do(t, c, id, read("x")); r.Value != want {
			t.Errorf("%s reads %+v, want %d", id, r, want)
		}
	}
	if wrong := strings.Join(c.Judge(), "; "); !strings.Contains(wrong, "n1 read 11") {
		t.Errorf("the judge finds %q", wrong)
	}
	c.Heal()
	c.Run(2 * time.Second)
	for _, id := range c.IDs() {
		r, s := do(t, c, id, read("x")), do(t, c, id, kv.Command{Op: kv.ReadSet, Key: "s"})
		if r.Value != 14 || !slices.Equal(s.Values, []int64{0, 1, 2, 3, 4}) {
			t.Errorf("healed, %s reads %+v and %+v", id, r, s)
		}
	}
}

// TestASlowClockLosesWrites: what a node writes after others may be what counts as earlier.
func TestASlowClockLosesWrites(t *testing.T) {
	c := nodestest.NewCluster(Protocol(), nodestest.Setup{Nodes: 3})
	c.SetRate(1, 0.5)
	c.Run(time.Second)
	do(t, c, 2, write("x", 2))
	c.Run(time.Second)
	if r := do(t, c, 1, write("x", 1)); r.Status != kv.OK {
		t.Fatalf("the write is answered %+v", r)
	}
	c.Run(100 * time.Millisecond)
	if r := do(t, c, 1, read("x")); r.Value != 2 {
		t.Errorf("n1 reads %+v", r)
	}
	if wrong := c.Judge(); len(wrong) != 1 || !strings.Contains(wrong[0], "n1 read 2") {
		t.Errorf("the judge finds %q", wrong)
	}
}

// TestNothingAcknowledgedIsLost adds to a set under kills, power losses and cuts: in the end every
// node holds all that was acknowledged, the same on all.
func TestNothingAcknowledgedIsLost(t *testing.T) {
	for seed := range uint64(20) {
		c := nodestest.NewCluster(Protocol(), nodestest.Setup{Nodes: 3, Seed: seed, Loss: 0.1, Twice: 0.1})
		var calls []*nodestest.Call
		for i := range int64(120) {
			id := nodes.ID(1 + (i*7+int64(seed))%3)
			calls = append(calls, c.Do(id, kv.Command{Op: kv.SetAdd, Key: "s", Arg: i}))
			c.Run(time.Duration(1+i%9) * time.Millisecond)
			switch i % 20 {
			case 3:
				c.Crash(id, nodestest.Power)
			case 9:
				c.Crash(id, nodestest.Kill)
			case 13:
				c.Isolate(id)
			case 17:
				c.Heal()
			}
			if i%5 == 0 {
				for _, id := range c.IDs() {
					c.Start(id)
				}
			}
		}
		c.Recover()
		var first []int64
		for _, id := range c.IDs() {
			set := do(t, c, id, kv.Command{Op: kv.ReadSet, Key: "s"}).Values
			if id == 1 {
				first = set
			}
			if !slices.Equal(set, first) {
				t.Fatalf("seed %d: %s holds %d elements, n1 %d", seed, id, len(set), len(first))
			}
		}
		for _, call := range calls {
			if call.Result.Status == kv.OK && !slices.Contains(first, call.Command.Arg) {
				t.Fatalf("seed %d: %d was acknowledged and is lost", seed, call.Command.Arg)
			}
		}
		if len(c.Broken) > 0 {
			t.Fatalf("seed %d: %s", seed, c.Broken)
		}
	}
}

// TestMergingKnowsNoOrder: nodes that know the same updates hold the same.
func TestMergingKnowsNoOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOf(rapid.Custom(drawUpdate)).Draw(t, "updates")
		for i := range list {
			list[i].seq = uint64(i + 1)
		}
		var a, b object
		for _, u := range list {
			a.merge(u)
		}
		for _, u := range rapid.Permutation(list).Draw(t, "order") {
			b.merge(u)
			b.merge(u)
		}
		if !reflect.DeepEqual(a, b) {
			t.Fatalf("%+v and %+v", a, b)
		}
	})
}

func drawUpdate(t *rapid.T) *update {
	return &update{origin: nodes.ID(rapid.Uint16Range(1, 3).Draw(t, "origin")), seq: rapid.Uint64Min(1).Draw(t, "seq"),
		wall: rapid.Int64Range(-3, 3).Draw(t, "wall"), key: rapid.String().Draw(t, "key"),
		op:  rapid.SampledFrom([]kv.Op{kv.Write, kv.CAS, kv.Propose, kv.SetAdd}).Draw(t, "op"),
		arg: rapid.Int64().Draw(t, "arg")}
}

func TestMessagesRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var m nodes.Message = &updates{rapid.SliceOfN(rapid.Custom(drawUpdate), 1, 3).Draw(t, "updates")}
		if rapid.Bool().Draw(t, "have") {
			m = &have{[]count{{1, rapid.Uint64().Draw(t, "n")}, {9, 5}}}
		}
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

func FuzzDecode(f *testing.F) {
	u := &update{origin: 1, seq: 1, wall: 7, op: kv.Write, key: "x", arg: 5}
	for _, m := range []nodes.Message{&have{[]count{{1, 3}, {2, 0}}}, &updates{[]*update{u, u}}} {
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
		n, err := newNode(nodes.Config{Self: 1, Members: []nodes.ID{1, 2}})
		if err != nil {
			t.Fatal(err)
		}
		n.Start(nowhere{}, []nodes.Recovered{{Name: fileLog, Data: p}})
		n.Recv(nowhere{}, 2, m)
	})
}
