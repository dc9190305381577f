package workloads_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sunder/harness/history"
	"sunder/harness/scheduler"
	"sunder/harness/scheduler/schedulertest"
	"sunder/nodes"
	"sunder/nodes/kv"
	"sunder/workloads"
)

// where notes which node a client asks, and refuses.
type where struct {
	scripted
	asked nodes.ID
}

func (w *where) Do(to nodes.ID, _ kv.Command, _ time.Duration) (kv.Result, error) {
	w.asked, w.now = to, w.now+time.Hour
	return kv.Result{Status: kv.Definite, Code: kv.NotLeader}, nil
}

// simulate runs a test on a cluster that is drawn: it answers with ok, fail or info after a while.
func simulate(t *rapid.T, o workloads.Options) []history.Event {
	w := workloads.Register()
	seed := rapid.Uint64().Draw(t, "seed")
	n := uint64(0)
	return schedulertest.Simulate(scheduler.Options{Threads: o.Concurrency, Seed: seed,
		Main: w.Main(o)}, func(inv history.Event) (history.Event, time.Duration) {
		n = (n + seed) * 6364136223846793005
		var err error
		switch n >> 60 {
		case 0:
			err = fmt.Errorf("in doubt")
		case 1, 2:
			err = history.Definite(fmt.Errorf("refused"))
		}
		answer := inv.Value
		if inv.F == "read" {
			answer = history.Int(int64(n >> 50))
		}
		return history.Complete(inv, 0, answer, err), time.Duration(n>>40) * time.Nanosecond
	})
}

func drawOptions(t *rapid.T) workloads.Options {
	o := workloads.Options{Concurrency: rapid.IntRange(1, 40).Draw(t, "concurrency"),
		Rate: 1000, TimeLimit: time.Second, Sessions: rapid.Bool().Draw(t, "sessions"),
		Values: map[string]string{
			"clients": rapid.SampledFrom([]string{"", "mixed", "apart"}).Draw(t, "clients"),
			"per-key": rapid.SampledFrom([]string{"", "100"}).Draw(t, "per-key")}}
	for i := range rapid.IntRange(1, 9).Draw(t, "nodes") {
		o.Nodes = append(o.Nodes, nodes.ID(i+1))
	}
	return o
}

func TestValuesAreUniqueAndKeysAreShort(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := drawOptions(t)
		events := simulate(t, o)
		if _, err := history.Pair(events); err != nil {
			t.Fatal(err)
		}
		written, perKey := map[int64]bool{}, map[string]int{}
		for _, e := range events {
			if e.Kind != history.Invoke || e.Process == history.Nemesis {
				continue
			}
			perKey[e.Key]++
			var fresh int64
			switch e.F {
			case "read":
				continue
			case "write":
				fresh, _ = e.Value.Int()
			case "cas":
				var pair [2]int64
				if err := e.Value.Decode(&pair); err != nil {
					t.Fatal(err)
				}
				fresh = pair[1]
			}
			if fresh <= 0 || written[fresh] {
				t.Fatalf("event %d writes %d again: %+v", e.Index, fresh, e)
			}
			written[fresh] = true
		}
		limit := 300
		if o.Values["per-key"] == "100" {
			limit = 100
		}
		for key, n := range perKey {
			if key == "" || n > limit {
				t.Fatalf("%d operations on key %q, at most %d", n, key, limit)
			}
		}
	})
}

// A compare-and-set expects what its key was last seen to hold, so that many of them succeed.
func TestCompareAndSetExpectsWhatWasSeen(t *testing.T) {
	o := options(12)
	seen, cas := map[string]history.Value{}, 0
	for _, e := range schedulertest.Simulate(scheduler.Options{Threads: 12, Seed: 1,
		Main: workloads.Register().Main(workloads.Options{Nodes: o.Nodes, Concurrency: 12,
			TimeLimit: time.Second})}, schedulertest.AllOK(time.Millisecond)) {
		switch {
		case e.F == "cas" && e.Kind == history.Invoke:
			cas++
			old, _, _ := strings.Cut(string(e.Value[1:]), ",")
			if string(seen[e.Key]) != old {
				t.Fatalf("event %d expects %s, last seen was %s", e.Index, old, seen[e.Key])
			}
		case e.F == "cas" && e.Kind == history.OK:
			_, to, _ := strings.Cut(string(e.Value[:len(e.Value)-1]), ",")
			seen[e.Key] = history.Value(to)
		case e.Kind == history.OK && e.Value != "":
			seen[e.Key] = e.Value
		}
	}
	if cas < 100 {
		t.Errorf("only %d compare-and-sets", cas)
	}
}

// TestEveryNodeIsRead: with two threads a node, each node has a reader that never leaves it and
// that no write of its own can block.
func TestEveryNodeIsRead(t *testing.T) {
	for _, clients := range []string{"mixed", "apart"} {
		for n := 1; n <= 9; n++ {
			o := workloads.Options{Concurrency: 2 * n, Rate: 2000, TimeLimit: time.Second, Sessions: true,
				Values: map[string]string{"clients": clients}}
			for i := range n {
				o.Nodes = append(o.Nodes, nodes.ID(i+1))
			}
			writes := map[history.Process]bool{}
			for _, e := range schedulertest.Simulate(scheduler.Options{Threads: 2 * n, Seed: 1,
				Main: workloads.Register().Main(o)}, schedulertest.AllOK(time.Millisecond)) {
				writes[e.Process] = writes[e.Process] || e.F != "read" && e.Process != history.Nemesis
			}
			readers, all := map[nodes.ID]bool{}, map[nodes.ID]bool{}
			for p := range history.Process(2 * n) {
				c, w := workloads.Register().Client(o, p), &where{}
				inv := history.Event{Process: p, F: "read", Key: "k0"}
				_, _ = c.Invoke(w, inv) // a session is refused, and roams
				first := w.asked
				_, _ = c.Invoke(w, inv)
				all[first] = true
				if first == w.asked && !writes[p] {
					readers[first] = true
				}
			}
			if len(readers) != n || len(all) != n {
				t.Errorf("%s, %d nodes: pinned readers on %v, clients on %v", clients, n, readers, all)
			}
		}
	}
}

func TestASuccessorDoesWhatTheRetiredProcessDid(t *testing.T) {
	o := options(6)
	for p := range history.Process(6) {
		asked := func(p history.Process) (out []nodes.ID) {
			c, w := workloads.Register().Client(o, p), &where{}
			for range 3 {
				_, _ = c.Invoke(w, history.Event{F: "read", Key: "k0"})
				out = append(out, w.asked)
			}
			return out
		}
		if a, b := fmt.Sprint(asked(p)), fmt.Sprint(asked(p+6)); a != b {
			t.Errorf("process %d asks %s, its successor %s", p, a, b)
		}
	}
}

func TestWithoutSessionsNoneIsOpened(t *testing.T) {
	o := options(16)
	o.Sessions = false
	for p := range history.Process(16) {
		s := &scripted{t: t, answers: []string{"ok"}}
		_, _ = workloads.Register().Client(o, p).Invoke(s, history.Event{F: "write", Key: "k0", Value: "5"})
		if out := s.out.String(); strings.Contains(out, "session") {
			t.Errorf("process %d: %s", p, out)
		}
	}
}

// TestFinalReads: every key is read on every node until that answers.
func TestFinalReads(t *testing.T) {
	keys := []string{"k0", "k1", "k2"}
	for _, c := range []struct {
		name             string
		threads, refuses int // so many reads of each node and key come first
		reads            int // of each
	}{
		{"all answer", 6, 0, 1},
		{"fewer threads than nodes", 2, 0, 1},
		{"one thread", 1, 2, 3},
		{"some are late", 6, 7, 8},
		{"a node that never answers", 6, 1000, 40},
	} {
		o := options(c.threads)
		tries, ok := map[string]int{}, map[string]int{}
		schedulertest.Simulate(scheduler.Options{Threads: c.threads, Seed: 1,
			Main: workloads.Register().Final(o, keys)},
			func(inv history.Event) (history.Event, time.Duration) {
				var err error
				if inv.F == "recover" {
					return history.Complete(inv, 0, "", nil), 0
				}
				at := inv.Node + " " + inv.Key + " " + inv.F
				if tries[at]++; tries[at] <= c.refuses {
					err = history.Definite(fmt.Errorf("refused"))
				} else {
					ok[at]++
				}
				return history.Complete(inv, 0, "7", err), time.Millisecond
			})
		want := map[bool]int{true: 9, false: 0}[c.refuses < 40]
		if len(tries) != 9 || len(ok) != want {
			t.Errorf("%s: tried %v, ok %v", c.name, tries, ok)
		}
		for at, n := range tries {
			if !strings.HasSuffix(at, " read") || n != c.reads {
				t.Errorf("%s: %s was read %d times, want %d", c.name, at, n, c.reads)
			}
		}
	}
}

func TestCheckNamesWhatWouldBeRight(t *testing.T) {
	for _, c := range []struct {
		values map[string]string
		want   string
	}{
		{nil, ""},
		{map[string]string{"clients": "apart", "timeout": "5s", "per-key": ""}, ""},
		{map[string]string{"clients": "many"}, `clients "many" is none of mixed, apart`},
		{map[string]string{"color": "red"}, `"color" is no option of the system, nor one of register's: clients`},
	} {
		err := workloads.Register().Check(c.values)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v, want %q", c.values, err, c.want)
		}
	}
	if _, err := workloads.Find("registre"); err == nil || !strings.Contains(err.Error(), "none of bank, consensus") {
		t.Errorf("Find: %v", err)
	}
	if w, err := workloads.Find("register"); err != nil || w.Name != "register" {
		t.Errorf("Find: %v, %v", w.Name, err)
	}
}
