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
	return nemesis.Record{Asked: plan.Fault{Kind: "partition", Shape: "one"}, Targets: targets, Grudge: g,
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
			kind := rapid.SampledFrom([]history.Kind{history.OK, history.Fail, history.Info, 0}).Draw(t, "kind")
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

func TestBetweenIsByInvocation(t *testing.T) {
	ops := newOps(t, script([]op{{0, "r", "n1", 0, 5, history.OK}, {1, "r", "n1", 5, 20, history.OK},
		{2, "r", "n1", 10, 11, history.Fail}}))
	for _, c := range []struct {
		from, to time.Duration
		want     Tally
	}{{0, 5, Tally{1, 0, 0}}, {5, 10, Tally{1, 0, 0}}, {5, 11, Tally{1, 1, 0}}, {0, 99, Tally{2, 1, 0}},
		{11, 99, Tally{}}, {9, 3, Tally{}}} {
		if got := ops.Between(c.from*ms, c.to*ms).Tally(); got != c.want {
			t.Errorf("%d to %d: got %+v, want %+v", c.from, c.to, got, c.want)
		}
	}
}

func TestWindowsHaveFourMomentsAndTheLastProof(t *testing.T) {
	open := kill(1, 30, 0, "n2")
	got := Windows(script([]op{{0, "r", "n1", 0, 50, history.OK}}, kill(0, 10, 20, "n1"), open))
	if len(got) != 2 {
		t.Fatalf("got %d windows", len(got))
	}
	w := got[0]
	if w.Began != 10*ms || w.From != 11*ms || w.To != 20*ms || w.Healed != 21*ms || w.Open {
		t.Errorf("moments %v %v %v %v", w.Began, w.From, w.To, w.Healed)
	}
	if w.Effect != "proven" || fmt.Sprint(w.Proof) != "[pid 3 → 4]" || !w.Touches("n1") || w.Touches("n2") {
		t.Errorf("got %+v", w)
	}
	if w = got[1]; !w.Open || w.To != 50*ms || w.Healed != 50*ms || w.Effect != "" {
		t.Errorf("the open one: %+v", w)
	}
}

func TestWindowsPassOverWhatIsNoFault(t *testing.T) {
	es := []history.Event{
		{Process: history.Nemesis, Kind: history.Invoke, F: "start", Value: `"heal"`},
		{Process: history.Nemesis, Kind: history.Info, F: "end", Value: `{"fault":3}`},
		{Process: 0, Kind: history.Invoke, F: "start", Value: `{"fault":3,"asked":{"kind":"kill"}}`}}
	if got := Windows(es); len(got) != 0 {
		t.Errorf("got %+v", got)
	}
}

func TestMaskedNamesTheMask(t *testing.T) {
	r := cut(1, 5, []string{"n1"}, nemesis.Grudge{"n1": {"n2"}})
	r.Effect = nemesis.Masked
	r.Overlap = map[string]map[string][]int{"kill": {"n1": {7, 2}}, "pause": {"n1": {2}}}
	if got := Windows(script(nil, r))[0].Proof; fmt.Sprint(got) != "[by fault 2, 7]" {
		t.Errorf("got %q", got)
	}
}

func TestSides(t *testing.T) {
	five := []string{"n1", "n2", "n3", "n4", "n5"}
	for _, c := range []struct {
		name string
		n    int
		g    nemesis.Grudge
		want string
	}{
		{"nothing is cut", 5, nil, ""},
		{"one", 5, nemesis.Grudge{"n1": {"n2", "n3", "n4", "n5"}, "n2": {"n1"}, "n3": {"n1"}, "n4": {"n1"},
			"n5": {"n1"}}, "n1 no 0/1; n2 n3 n4 n5 yes 2/2"},
		{"deaf only", 5, nemesis.Grudge{"n1": {"n2", "n3", "n4", "n5"}},
			"n1 no 0/1; n2 n3 n4 n5 yes 2/2"},
		{"bridge", 5, nemesis.Grudge{"n1": {"n4", "n5"}, "n2": {"n4", "n5"}, "n4": {"n1", "n2"},
			"n5": {"n1", "n2"}}, "n1 n2 yes 0/1; n3 yes 1/1; n4 n5 yes 1/1"},
		{"halves of four", 4, nemesis.Grudge{"n1": {"n3", "n4"}, "n2": {"n3", "n4"}, "n3": {"n1", "n2"},
			"n4": {"n1", "n2"}}, "n1 n2 no 0/1; n3 n4 no 1/1"},
	} {
		events := script([]op{{0, "r", "n1", 10, 900, history.Info}, {1, "r", "n3", 10, 12, history.OK},
			{2, "r", "n5", 10, 12, history.OK}, {3, "r", "n4", 99, 100, history.OK}}, cut(5, 50, nil, c.g))
		var words []string
		for _, s := range Windows(events)[0].Sides(five[:c.n], newOps(t, events)) {
			quorum := map[bool]string{true: "yes", false: "no"}[s.Quorum]
			words = append(words, fmt.Sprintf("%s %s %d/%d", strings.Join(s.Nodes, " "), quorum, s.OK,
				s.Attempted()))
		}
		if got := strings.Join(words, "; "); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestRecoveries(t *testing.T) {
	two := []string{"n1", "n2"}
	for _, c := range []struct {
		name   string
		ops    []op
		faults []nemesis.Record
		want   string
	}{
		{"first ok counts, whenever it was invoked", []op{{0, "r", "n1", 15, 30, history.OK},
			{1, "r", "n1", 22, 40, history.OK}}, []nemesis.Record{kill(0, 10, 20, "n1")}, "0 n1 9ms"},
		{"a fail is no recovery", []op{{0, "r", "n1", 21, 22, history.Fail}},
			[]nemesis.Record{kill(0, 10, 20, "n1")}, "0 n1 never"},
		{"held by another", []op{{0, "r", "n1", 90, 91, history.OK}},
			[]nemesis.Record{kill(0, 10, 20, "n1"), kill(1, 15, 80, "n1")}, "1 n1 10ms"},
		{"the next fault came first", []op{{0, "r", "n1", 90, 91, history.OK}},
			[]nemesis.Record{kill(0, 10, 20, "n1"), kill(1, 30, 80, "n1")}, "0 n1 never, 1 n1 10ms"},
		{"another node's fault is no matter", []op{{0, "r", "n1", 30, 31, history.OK}},
			[]nemesis.Record{kill(0, 10, 20, "n1"), kill(1, 15, 80, "n2")}, "0 n1 10ms, 1 n2 never"},
		{"both ends of a cut", []op{{0, "r", "n1", 30, 31, history.OK}, {1, "r", "n2", 24, 26, history.OK}},
			[]nemesis.Record{cut(10, 20, nil, nemesis.Grudge{"n1": {"n2"}})}, "0 n1 10ms, 0 n2 5ms"},
	} {
		events := script(c.ops, c.faults...)
		var words []string
		for _, r := range Recoveries(two, newOps(t, events), Windows(events)) {
			took := r.After.String()
			if r.Never {
				took = "never"
			}
			words = append(words, fmt.Sprintf("%d %s %s", r.Window, r.Node, took))
		}
		if got := strings.Join(words, ", "); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
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
	want := "n1 leader 1 5-9; n2 follower 1 6-25; n1 follower 2 31-100; n2 candidate 2 25-26; n2 leader 2 26-100"
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
	f.Add(int64(5), int64(-3), `{"fault":0,"asked":{"kind":"kill","at":"1s","duration":"1s","pick":1}}`, uint8(2))
	f.Add(int64(math.MaxInt64), int64(math.MinInt64), `{}`, uint8(1))
	f.Fuzz(func(t *testing.T, a, b int64, value string, kind uint8) {
		es := []history.Event{
			{Index: 0, Time: time.Duration(a), Kind: history.Invoke, F: "r", Node: value},
			{Index: 1, Time: time.Duration(b), Kind: history.Kind(kind), F: "r"},
			{Index: 2, Time: time.Duration(b), Process: -1, Kind: history.Invoke, F: "start", Value: history.Value(value)},
			{Index: 3, Time: time.Duration(a), Process: -1, Kind: history.Info, F: "start", Value: history.Value(value)},
			{Index: 4, Time: time.Duration(b), Process: -1, Kind: history.Invoke, F: "end", Value: history.Value(value)}}
		ops, _ := NewOps(es)
		windows := Windows(es)
		names := Nodes(3, ops, windows)
		for _, w := range windows {
			w.Sides(names, ops)
		}
		Recoveries(names, ops, windows)
		ops.Latencies()
		if n := len(ops.Buckets(Last(ops))); n > bucketsMax+1 {
			t.Errorf("%d buckets", n)
		}
	})
}
