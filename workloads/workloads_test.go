package workloads_test

import (
	"context"
	"testing"
	"time"

	"sunder/checker"
	"sunder/harness/history"
	"sunder/harness/scheduler"
	"sunder/harness/scheduler/schedulertest"
	"sunder/nodes"
	"sunder/nodes/kv"
	"sunder/workloads"
)

// direct is a connection to a state machine, which every node has as it is. A broken one does
// something else for a command.
type direct struct {
	machine kv.Machine
	before  kv.Machine // as it was a while ago
	at      uint64
	now     time.Duration
	broken  func(d *direct, c kv.Command) kv.Result
}

func (d *direct) Now() time.Duration           { return d.now }
func (d *direct) Sleep(t time.Duration)        { d.now += t }
func (d *direct) apply(c kv.Command) kv.Result { return d.machine.Apply(d.at, c) }

func (d *direct) Do(_ nodes.ID, c kv.Command, _ time.Duration) (kv.Result, error) {
	d.at++
	d.now += time.Millisecond
	if d.at%50 == 0 {
		if err := d.before.Restore(d.machine.Snapshot()); err != nil {
			return kv.Result{}, err
		}
	}
	if d.broken != nil && c.Op != kv.OpenSession {
		return d.broken(d, c), nil
	}
	return d.apply(c), nil
}

// play runs a workload, its final phase included, one operation after the other.
func play(t *testing.T, w workloads.Workload, broken func(*direct, kv.Command) kv.Result) checker.History {
	t.Helper()
	o := workloads.Options{Nodes: []nodes.ID{1, 2, 3}, Concurrency: 12, Rate: 1000,
		TimeLimit: time.Second, Sessions: true}
	d := &direct{broken: broken}
	clients := map[history.Process]nodes.Client{}
	var keys []string
	seen := map[string]bool{}
	var events []history.Event
	phase := func(s scheduler.Options) {
		s.Threads, s.Seed = o.Concurrency, 1
		from := time.Duration(0)
		if len(events) > 0 {
			from = events[len(events)-1].Time
		}
		for _, e := range schedulertest.Simulate(s, func(inv history.Event) (history.Event, time.Duration) {
			if inv.Process == history.Nemesis {
				return history.Complete(inv, 0, "", nil), 0
			}
			if !seen[inv.Key] {
				seen[inv.Key] = true
				keys = append(keys, inv.Key)
			}
			if clients[inv.Process] == nil {
				clients[inv.Process] = w.Client(o, inv.Process)
			}
			v, err := clients[inv.Process].Invoke(d, inv)
			return history.Complete(inv, 0, v, err), time.Millisecond
		}) {
			e.Index, e.Time = len(events), e.Time+from
			events = append(events, e)
		}
	}
	phase(scheduler.Options{Main: w.Main(o)})
	phase(scheduler.Options{Main: w.Final(o, keys)})
	h, err := checker.NewHistory(events)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func judge(w workloads.Workload, h checker.History) checker.Result {
	return checker.All(w.Name, w.Checkers(workloads.Options{})...).Check(context.Background(), h)
}

// TestWorkloadsOnOneMachine: where nothing goes wrong, all that is asked is understood, every kind
// of operation succeeds, every node has answered in the end, and the checkers agree.
func TestWorkloadsOnOneMachine(t *testing.T) {
	for _, w := range workloads.All() {
		h := play(t, w, nil)
		if r := judge(w, h); r.Verdict != checker.Valid {
			t.Errorf("%s: %s: %s", w.Name, r.Verdict, r.Reason)
		}
		ok, failed, named := map[string]int{}, map[string]string{}, map[string]bool{}
		for _, o := range h.Operations {
			switch in := o.Invocation; {
			case in.Process == history.Nemesis:
			case o.Kind() == history.OK:
				ok[in.F]++
				named[in.Node] = true
			case o.Kind() == history.Fail:
				failed[in.F] = o.Completion.Error
			default:
				t.Fatalf("%s: event %d: %s", w.Name, in.Index, o.Completion.Error)
			}
		}
		for f, why := range failed {
			if ok[f] == 0 {
				t.Errorf("%s: no %s succeeds: %s", w.Name, f, why)
			}
		}
		for _, n := range []string{"n1", "n2", "n3"} {
			if !named[n] {
				t.Errorf("%s: no final read on %s", w.Name, n)
			}
		}
	}
}

// every is a fault that happens to each n-th command of an operation.
func every(n uint64, op kv.Op, fault func(*direct, kv.Command) kv.Result) func(*direct,
	kv.Command) kv.Result {
	count := uint64(0)
	return func(d *direct, c kv.Command) kv.Result {
		if c.Op == op {
			if count++; count%n == 0 {
				return fault(d, c)
			}
		}
		return d.apply(c)
	}
}

// The faults: what is acknowledged is not done, or twice; a read is of the past; of a transaction
// a part is done; an answer is another's.
func forget(d *direct, c kv.Command) kv.Result {
	var other kv.Machine
	if err := other.Restore(d.machine.Snapshot()); err != nil {
		panic(err)
	}
	return other.Apply(d.at, c)
}

func twice(d *direct, c kv.Command) kv.Result {
	again := c
	again.Session = 0
	d.machine.Apply(d.at, again)
	return d.apply(c)
}

func past(d *direct, c kv.Command) kv.Result { return d.before.Query(c) }

func half(d *direct, c kv.Command) kv.Result {
	if len(c.Txn) == 2 && c.Txn[0].Op == kv.CAS {
		c.Txn = c.Txn[:1]
	}
	return d.apply(c)
}

func stolen(d *direct, c kv.Command) kv.Result {
	c.Op, c.Arg = kv.ReadCounter, 0
	return d.apply(c)
}

func given(d *direct, c kv.Command) kv.Result { // to somebody, though it is held
	return kv.Result{Status: kv.OK, Found: true, Value: 1}
}

func newest(d *direct, c kv.Command) kv.Result { // instead of the oldest
	res := d.machine.Query(kv.Command{Op: kv.ReadQueue, Key: c.Key})
	if len(res.Values) < 2 {
		return d.apply(c)
	}
	last := res.Values[len(res.Values)-1]
	for range res.Values {
		v := d.machine.Apply(d.at, kv.Command{Op: kv.Dequeue, Key: c.Key}).Value
		if v != last {
			d.machine.Apply(d.at, kv.Command{Op: kv.Enqueue, Key: c.Key, Arg: v})
		}
	}
	return kv.Result{Status: kv.OK, Found: true, Value: last}
}

// TestWorkloadsFindWhatTheyAreFor breaks the machine in the way that a workload is there to find.
func TestWorkloadsFindWhatTheyAreFor(t *testing.T) {
	for _, c := range []struct {
		workload, fault string
		broken          func(*direct, kv.Command) kv.Result
		want            string // class of an anomaly
	}{
		{"register", "lost writes", every(20, kv.Write, forget), "stale-read"},
		{"set", "lost adds", every(20, kv.SetAdd, forget), "lost"},
		{"set-full", "lost adds", every(20, kv.SetAdd, forget), "lost"},
		{"set-full", "reads of the past", every(20, kv.ReadSet, past), "stale"},
		{"counter", "lost adds", every(20, kv.Add, forget), "not-linearizable"},
		{"counter", "adds done twice", every(20, kv.Add, twice), "not-linearizable"},
		{"monotonic", "reads of the past", every(20, kv.ReadCounter, past), "non-monotonic"},
		{"unique-ids", "answers of others", every(20, kv.Add, stolen), "duplicate"},
		{"queue", "lost elements", every(20, kv.Enqueue, forget), "lost"},
		{"queue", "elements that stay", every(20, kv.Dequeue, forget), "duplicated"},
		{"queue", "elements put in twice", every(20, kv.Enqueue, twice), "duplicated"},
		{"queue", "the newest comes out", every(20, kv.Dequeue, newest), "reordered"},
		{"lock", "two holders", every(20, kv.Lock, given), "not-linearizable"},
		{"lock", "reads of the past", every(20, kv.ReadLock, past), "not-linearizable"},
		{"list-append", "reads of the past", every(20, kv.Txn, func(d *direct, c kv.Command) kv.Result {
			if c.ReadOnly() {
				return past(d, c)
			}
			return d.apply(c)
		}), "G-single-realtime"},
		{"list-append", "lost transactions", every(20, kv.Txn, forget), "incompatible-order"},
		{"list-append", "transactions done twice", every(20, kv.Txn, twice), "duplicate-elements"},
		{"bank", "half transactions", every(20, kv.Txn, half), "wrong-total"},
	} {
		w, err := workloads.Find(c.workload)
		if err != nil {
			t.Fatal(err)
		}
		r := judge(w, play(t, w, c.broken))
		classes := map[string]bool{}
		for _, a := range r.Anomalies {
			classes[a.Class] = true
		}
		if r.Verdict != checker.Invalid || !classes[c.want] {
			t.Errorf("%s with %s: %s, %v, want %s: %s", c.workload, c.fault, r.Verdict, classes, c.want, r.Reason)
		}
	}
}

// TestMalformedOperationsAreRefused: a client asks nobody for what it does not understand.
func TestMalformedOperationsAreRefused(t *testing.T) {
	for _, w := range workloads.All() {
		for _, inv := range []history.Event{{F: "fly"}, {F: "write", Value: "x"}, {F: "add", Value: `"1"`},
			{F: "enqueue"}, {F: "acquire", Value: "{}"}, {F: "release", Value: "null"},
			{F: "transfer", Value: "[1,2]"}, {F: "txn", Value: "7"}, {F: "txn", Value: `[["r"]]`},
			{F: "txn", Value: `[["w","x",1]]`}, {F: "txn", Value: `[["append","x",null]]`},
			{F: "txn", Value: `[["append",7,1]]`}, {F: "cas", Value: "[1]"}} {
			inv.Key = "k0"
			s := &direct{broken: func(_ *direct, c kv.Command) kv.Result {
				t.Errorf("%s asks for %s of %s %s", w.Name, c.Op, inv.F, inv.Value)
				return kv.Result{}
			}}
			v, err := w.Client(options(6), 1).Invoke(s, inv)
			if c := history.Complete(inv, 0, v, err); c.Kind != history.Fail {
				t.Errorf("%s: %s of %s ends as %s", w.Name, inv.F, inv.Value, c.Kind)
			}
		}
	}
}
