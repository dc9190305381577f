package figures

import (
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sunder/harness/history"
	"sunder/harness/plan"
	"sunder/nemesis"
	"sunder/nodes"
)

const ms = time.Millisecond

// op is an operation in short: process, function, node, from and to in milliseconds, outcome.
type op struct {
	p        history.Process
	f, node  string
	from, to int
	kind     history.Kind
}

// script makes a history of operations and faults, ordered by time.
func script(ops []op, faults ...nemesis.Record) []history.Event {
	var es []history.Event
	add := func(e history.Event, at int) { e.Time = time.Duration(at) * ms; es = append(es, e) }
	for _, o := range ops {
		e := history.Event{Process: o.p, F: o.f, Node: o.node, Key: "k", Kind: history.Invoke}
		add(e, o.from)
		if e.Kind = o.kind; o.kind != 0 {
			add(e, o.to)
		}
	}
	for _, r := range faults {
		for i, at := range []plan.Duration{r.Start, plan.Of(r.Start.Duration + ms), r.End,
			plan.Of(r.End.Duration + ms)} {
			say := r
			if i < 3 {
				say.Effect, say.Evidence = "", nil
			}
			if at.Duration == 0 || i > 1 && r.End.Duration == 0 {
				continue
			}
			e := history.Event{Process: history.Nemesis, F: []string{"start", "end"}[i/2],
				Kind: []history.Kind{history.Invoke, history.Info}[i%2], Value: history.Marshal(say)}
			add(e, int(at.Duration/ms))
		}
	}
	sortByTime(es)
	return es
}

func sortByTime(es []history.Event) {
	for i := range es {
		for j := i; j > 0 && es[j].Time < es[j-1].Time; j-- {
			es[j], es[j-1] = es[j-1], es[j]
		}
	}
	for i := range es {
		es[i].Index = i
	}
}

func newOps(t *testing.T, es []history.Event) Ops {
	t.Helper()
	ops, err := NewOps(es)
	if err != nil {
		t.Fatal(err)
	}
	return ops
}

func cut(from, to int, targets []string, g nemesis.Grudge) nemesis.Record {
	return nemesis.Record{Asked: plan.Fault{Kind: "partition", Shape: "one"},
		Targets: targets, Grudge: g,
		Start: plan.Of(time.Duration(from) * ms), End: plan.Of(time.Duration(to) * ms)}
}

func kill(i, from, to int, targets ...string) nemesis.Record {
	return nemesis.Record{Fault: i, Asked: plan.Fault{Kind: "kill"}, Targets: targets,
		Start: plan.Of(time.Duration(from) * ms), End: plan.Of(time.Duration(to) * ms),
		Effect: nemesis.Proven, Evidence: []string{"pid 3 → 4"}}
}

func TestSpreadIsByNearestRank(t *testing.T) {
	upTo := func(n int) (ds []time.Duration) {
		for i := n; i > 0; i-- {
			ds = append(ds, time.Duration(i))
		}
		return ds
	}
	for _, c := range []struct {
		in   []time.Duration
		want Spread
	}{
		{nil, Spread{}},
		{upTo(1), Spread{1, 1, 1, 1}},
		{upTo(2), Spread{2, 1, 2, 2}},
		{upTo(100), Spread{100, 50, 99, 100}},
		{upTo(1000), Spread{1000, 500, 990, 1000}},
		{[]time.Duration{7, 7, 7}, Spread{3, 7, 7, 7}},
	} {
		if got := NewSpread(c.in); got != c.want {
			t.Errorf("of %d: got %+v, want %+v", len(c.in), got, c.want)
		}
	}
}

func TestLatenciesCountAllAndTimeOnlyOK(t *testing.T) {
	ops := newOps(t, script([]op{
		{0, "read", "n1", 0, 2, history.OK}, {1, "write", "n1", 1, 900, history.Info},
		{2, "read", "n2", 3, 7, history.OK}, {0, "read", "n1", 8, 9, history.Fail},
		{2, "read", "n2", 10, 0, 0}}))
	want := []Latency{{"read", Tally{2, 1, 1}, Spread{2, 2 * ms, 4 * ms, 4 * ms}},
		{"write", Tally{0, 0, 1}, Spread{}}}
	if got := ops.Latencies(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
	if got := ops.Span(); got != 900*ms {
		t.Errorf("span %v", got)
	}
}

func TestBucketWidthFollowsTheRun(t *testing.T) {
	for span, want := range map[time.Duration]time.Duration{
		0: ms, 100 * ms: ms, time.Second: 10 * ms, 20 * time.Second: 200 * ms, 60 * time.Second: 500 * ms,
		time.Hour: 50 * time.Second, math.MaxInt64: 100_000_000 * time.Second,
	} {
		if got := BucketWidth(span); got != want {
			t.Errorf("%v: got %v, want %v", span, got, want)
		}
	}
}

func TestBucketsLoseNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		end := rapid.IntRange(1, 100_000).Draw(t, "end")
		var ops []op
		for i := range rapid.IntRange(0, 50).Draw(t, "n") {
			from := rapid.IntRange(0, end).Draw(t, "from")
			to := rapid.IntRange(from, end).Draw(t, "to")
			kind := history.Kind(rapid.SampledFrom([]int{0, 2, 3, 4}).Draw(t, "kind"))
			ops = append(ops, op{history.Process(i), "read", "n1", from, to, kind})
		}
		all, err := NewOps(script(ops))
		if err != nil {
			t.Fatal(err)
		}
		var sum Tally
		buckets := all.Buckets(time.Duration(end) * ms)
		for _, b := range buckets {
			sum.OK, sum.Fail, sum.Info = sum.OK+b.OK, sum.Fail+b.Fail, sum.Info+b.Info
		}
		if sum != all.Tally() || len(buckets) > bucketsMax+1 {
			t.Fatalf("%d buckets hold %+v of %+v", len(buckets), sum, all.Tally())
		}
	})
}

func TestBucketsAreByCompletion(t *testing.T) {
	ops := newOps(t, script([]op{{0, "r", "n1", 10, 90, history.OK}, {1, "r", "n1", 20, 0, 0}}))
	for _, b := range ops.Buckets(100 * ms) {
		want := map[time.Duration]Tally{90 * ms: {OK: 1}, 20 * ms: {Info: 1}}[b.From]
		if b.Tally != want {
			t.Errorf("%v: got %+v, want %+v", b.From, b.Tally, want)
		}
	}
}

func TestBetweenIsByInvocation(t *testing.T) {
	ops := newOps(t, script([]op{{0, "r", "n1", 0, 5, history.OK}, {1, "r", "n1", 5, 20, history.OK},
		{2, "r", "n1", 10, 11, history.Fail}}))
	for _, c := range []struct {
		from, to time.Duration
		want     Tally
	}{{0, 5, Tally{1, 0, 0}}, {5, 10, Tally{1, 0, 0}}, {5, 11, Tally{1, 1, 0}},
		{0, 99, Tally{2, 1, 0}}, {11, 99, Tally{}}, {9, 3, Tally{}}} {
		if got := ops.Between(c.from*ms, c.to*ms).Tally(); got != c.want {
			t.Errorf("%d to %d: got %+v, want %+v", c.from, c.to, got, c.want)
		}
	}
}

func TestReigns(t *testing.T) {
	see := func(n nodes.ID, boot uint64, at int, f nodes.Fact, term uint64) nodes.Observed {
		return nodes.Observed{Node: n, Boot: boot, Time: time.Duration(at) * ms,
			Observation: nodes.Observation{Fact: f, Term: term}}
	}
	got := Reigns([]nodes.Observed{
		see(1, 0, 5, nodes.BecameLeader, 1), see(1, 0, 9, nodes.Committed, 1),
		see(2, 0, 6, nodes.BecameFollower, 1), see(2, 0, 7, nodes.BecameFollower, 1),
		see(1, 1, 30, nodes.Voted, 2), see(1, 1, 31, nodes.BecameFollower, 2),
		see(2, 0, 25, nodes.BecameCandidate, 2), see(2, 0, 26, nodes.BecameLeader, 2),
	}, 100*ms)
	var words []string
	for _, r := range got {
		words = append(words, fmt.Sprintf("%s %s %d %d-%d", r.Node, r.Role, r.Term, r.From/ms, r.To/ms))
	}
	want := "n1 leader 1 5-9; n2 follower 1 6-25; n1 follower 2 31-100; n2 candidate 2 25-26; " +
		"n2 leader 2 26-100"
	if s := strings.Join(words, "; "); s != want {
		t.Errorf("got  %s\nwant %s", s, want)
	}
}

func TestNodesAreInOrder(t *testing.T) {
	events := script([]op{{0, "r", "n11", 1, 2, history.OK}}, kill(0, 3, 4, "zoo"))
	if got := fmt.Sprint(Nodes(2, newOps(t, events), Windows(events))); got != "[n1 n2 n11 zoo]" {
		t.Errorf("got %s", got)
	}
}

// FuzzFigures feeds what could stand in a damaged or foreign history: nothing may panic or grow.
func FuzzFigures(f *testing.F) {
	f.Add(int64(5), int64(-3), string(history.Marshal(kill(0, 1, 2, "n1"))), uint8(2))
	f.Add(int64(math.MaxInt64), int64(math.MinInt64), `{}`, uint8(1))
	f.Fuzz(func(t *testing.T, a, b int64, value string, kind uint8) {
		es := []history.Event{
			{Index: 0, Time: time.Duration(a), Kind: history.Invoke, F: "r", Node: value},
			{Index: 1, Time: time.Duration(b), Kind: history.Kind(kind), F: "r"},
			{Index: 2, Time: time.Duration(b), Process: -1, Kind: history.Invoke, F: "start"},
			{Index: 3, Time: time.Duration(a), Process: -1, Kind: history.Info, F: "start"},
			{Index: 4, Time: time.Duration(b), Process: -1, Kind: history.Invoke, F: "end"}}
		for i := 2; i < len(es); i++ {
			es[i].Value = history.Value(value)
		}
		ops, _ := NewOps(es)
		windows := Windows(es)
		names := Nodes(3, ops, windows)
		for _, w := range windows {
			w.Sides(names, ops, nil)
		}
		Recoveries(names, ops, windows)
		ops.Latencies()
		if n := len(ops.Buckets(Last(ops))); n > bucketsMax+1 {
			t.Errorf("%d buckets", n)
		}
	})
}

func TestTerm(t *testing.T) {
	for term, want := range map[uint64]string{3: "term 3", 3<<16 | 2: "ballot 3.n2", 0: "term 0"} {
		if got := Term(term); got != want {
			t.Errorf("%d is %s, want %s", term, got, want)
		}
	}
}
