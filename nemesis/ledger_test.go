package nemesis

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
	"pgregory.net/rapid"

	"sunder/harness/history"
	"sunder/harness/plan"
	"sunder/nodes"
)

// faultOf reads a fault as the golden files write it: kind shape=... target=... rate=...
func faultOf(t testing.TB, kind string, args []datadriven.CmdArg) plan.Fault {
	f := plan.Fault{Kind: kind, Duration: plan.Of(time.Second)}
	if kind == clock {
		f.Clock = &plan.Clock{Which: monotonic}
	}
	for _, a := range args {
		value := ""
		if len(a.Vals) > 0 {
			value = strings.Join(a.Vals, ",")
		}
		var err error
		switch a.Key {
		case "shape":
			f.Shape = value
		case "target":
			f.Target = value
		case "variant":
			f.Variant = value
		case "pick":
			f.Pick, err = strconv.ParseUint(value, 10, 64)
		case "which":
			f.Clock.Which = value
		case "rate":
			f.Clock.Rate, err = strconv.ParseFloat(value, 64)
		case "others":
			f.Clock.Others, err = strconv.ParseFloat(value, 64)
		case "step":
			f.Clock.Step.Duration, err = time.ParseDuration(value)
		case "strobe":
			f.Clock.Strobe.Duration, err = time.ParseDuration(value)
		case "period":
			f.Clock.Period.Duration, err = time.ParseDuration(value)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return f
}

// bench is a ledger under a golden file.
type bench struct {
	ledger Ledger
	view   View
}

func (b *bench) run(t *testing.T, d *datadriven.TestData) string {
	if d.HasArg("at") {
		var at string
		d.ScanArgs(t, "at", &at)
		b.view.Now = must(time.ParseDuration(at))
	}
	arg := func(i int) string { return d.CmdArgs[i].Key }
	switch d.Cmd {
	case "cluster": // cluster nodes=N [drift=D]
		var n int
		d.ScanArgs(t, "nodes", &n)
		*b = bench{ledger: Ledger{Nodes: nodeNames(n)}}
		if d.HasArg("drift") {
			b.ledger.Assumption.Bounded = true
			b.ledger.Assumption.Drift = must(strconv.ParseFloat(d.CmdArgs[1].Vals[0], 64))
		}
		return ""
	case "view": // view [leader=n1] [dead=(n2,n3)]
		b.view.Leader, b.view.Dead = "", nil
		for _, a := range d.CmdArgs {
			switch a.Key {
			case "leader":
				b.view.Leader = a.Vals[0]
			case "dead":
				b.view.Dead = a.Vals
			}
		}
		return ""
	case "start": // start NUMBER KIND ARGS
		r, err := b.ledger.Start(must(strconv.Atoi(arg(0))), faultOf(t, arg(1), d.CmdArgs[2:]), b.view)
		if err != nil {
			return err.Error() + "\n"
		}
		return b.tell(r, "") + b.states()
	case "end": // end NUMBER
		r := b.ledger.End(must(strconv.Atoi(arg(0))), b.view.Now)
		return b.tell(r, kill, pause, clock) + b.states()
	}
	t.Fatalf("no command %s", d.Cmd)
	return ""
}

func (b *bench) tell(r Record, overlap ...string) string {
	out := r.String()
	for _, n := range r.Notes {
		out += "; " + n
	}
	if r.Outside != "" {
		out += "; outside the assumption"
	}
	for _, kind := range overlap {
		for _, n := range b.ledger.Nodes {
			if by := r.by(n, kind); by != "" {
				out += "; " + n + " also held by " + by
			}
		}
	}
	return out + "\n"
}

// states has a line for each node that is not healthy.
func (b *bench) states() string {
	var out strings.Builder
	for _, n := range b.ledger.Nodes {
		if s := b.ledger.Desired()[n]; !reflect.DeepEqual(s, State{}) {
			text, _ := json.Marshal(s)
			fmt.Fprintf(&out, "  %s: %s\n", n, text)
		}
	}
	if out.Len() == 0 {
		return "  all healthy\n"
	}
	return out.String()
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestLedger(t *testing.T) {
	for _, path := range []string{"testdata/compose.txt", "testdata/resolve.txt"} {
		var b bench
		datadriven.RunTest(t, path, b.run)
	}
}

// anyFault is a fault that Check lets pass on n nodes.
func anyFault(n int) *rapid.Generator[plan.Fault] {
	return rapid.Custom(func(t *rapid.T) plan.Fault {
		f := plan.Fault{Kind: rapid.SampledFrom([]string{partition, clock, kill, pause}).Draw(t, "kind"),
			Duration: plan.Of(time.Second), Pick: rapid.Uint64().Draw(t, "pick")}
		if f.Kind == partition {
			able := slices.DeleteFunc(slices.Clone(shapes), func(s shape) bool { return s.least > n })
			f.Shape = rapid.SampledFrom(able).Draw(t, "shape").name
			return f
		}
		f.Target = rapid.SampledFrom(append(slices.Clone(targets), "n2", "n1,n2")).Draw(t, "target")
		if f.Kind != clock {
			return f
		}
		rates := rapid.SampledFrom([]float64{0, 0.5, 0.9, 1, 1.5})
		which := rapid.SampledFrom([]string{realtime, monotonic, both}).Draw(t, "which")
		f.Clock = &plan.Clock{Which: which,
			Rate: rates.Draw(t, "rate"), Others: rates.Draw(t, "others"), Step: plan.Of(time.Second)}
		if f.Clock.Which == realtime && rapid.Bool().Draw(t, "strobe") {
			f.Clock.Strobe, f.Clock.Period = plan.Of(time.Second), plan.Of(time.Millisecond)
		}
		return f
	})
}

func TestEverythingEnds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 7).Draw(t, "nodes")
		l := Ledger{Nodes: nodeNames(n)}
		steps := make(map[string]time.Duration)
		var active []int
		for i := range rapid.IntRange(1, 12).Draw(t, "faults") {
			leader := rapid.SampledFrom(append(nodeNames(n), "")).Draw(t, "leader")
			v := View{Now: time.Duration(i), Leader: leader}
			f := anyFault(n).Draw(t, "fault")
			r, err := l.Start(i, f, v)
			if err != nil {
				t.Fatal(err)
			}
			if f.Kind == clock && f.Clock.Which != realtime {
				for _, n := range r.Targets {
					steps[n] += f.Clock.Step.Duration
				}
			}
			active = append(active, i)
			for len(active) > 0 && rapid.Bool().Draw(t, "end one") {
				at := rapid.IntRange(0, len(active)-1).Draw(t, "which")
				l.End(active[at], v.Now)
				active = slices.Delete(active, at, at+1)
			}
			if !slices.Equal(l.Active(), active) {
				t.Fatalf("active %v, want %v", l.Active(), active)
			}
			for n, s := range l.Desired() {
				if s.Clock.Monotonic.Offset != steps[n] {
					t.Fatalf("%s: monotonic offset %v, want %v", n, s.Clock.Monotonic.Offset, steps[n])
				}
			}
		}
		for _, i := range active {
			l.End(i, time.Second)
		}
		for n, s := range l.Desired() {
			want := State{Clock: Clock{Monotonic: Skew{Offset: steps[n]}}}
			if !reflect.DeepEqual(s, want) {
				t.Errorf("%s ends as %+v, want %+v", n, s, want)
			}
		}
	})
}

// Only of rates and strobes does the last one win; all else must not depend on the order.
func TestWhatAddsUpHasNoOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := nodeNames(rapid.IntRange(2, 7).Draw(t, "nodes"))
		var records []*Record
		for i := range rapid.IntRange(2, 6).Draw(t, "faults") {
			f := anyFault(len(names)).Draw(t, "fault")
			if f.Clock != nil {
				f.Clock = &plan.Clock{Which: f.Clock.Which, Step: f.Clock.Step}
			}
			l := Ledger{Nodes: names} // a ledger of its own: no other fault has a say in its targets
			r, err := l.Start(i, f, View{Leader: "n1"})
			if err != nil {
				t.Fatal(err)
			}
			records = append(records, &r)
		}
		want := compose(names, records)
		got := compose(names, rapid.Permutation(records).Draw(t, "order"))
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v\nwant %+v", got, want)
		}
	})
}

// What the ledger gave away is in the history already and must not change.
func TestRecordsAreNotWrittenAgain(t *testing.T) {
	l := Ledger{Nodes: nodeNames(3)}
	start := func(i int, kind, target string) Record {
		return must(l.Start(i, plan.Fault{Kind: kind, Target: target}, View{}))
	}
	start(0, kill, "n1")
	second := start(1, kill, "n1")
	before := history.Marshal(second)
	start(2, kill, "n1")
	start(3, pause, "n2")
	if after := history.Marshal(second); after != before {
		t.Errorf("a record changed from %s to %s", before, after)
	}
}

func TestRecordsComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := Ledger{Nodes: nodeNames(5), Assumption: nodes.ClockAssumption{Bounded: true, Drift: 0.1}}
		for i := range 4 {
			_, err := l.Start(i, anyFault(5).Draw(t, "fault"), View{Now: time.Second, Leader: "n3"})
			if err != nil {
				t.Fatal(err)
			}
		}
		want := l.End(1, 3*time.Second).Judge(Proof{StartTook: time.Millisecond})
		var got Record
		if err := history.Marshal(want).Decode(&got); err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("got %+v, %v\nwant %+v\n%s", got, err, want, history.Marshal(want))
		}
	})
}

func TestRecordsAreReadStrictly(t *testing.T) {
	good := string(history.Marshal(Record{Fault: 2, Asked: plan.Fault{Kind: kill, Target: "one"},
		Targets: []string{"n1"}, Start: plan.Of(time.Second), End: plan.Of(2 * time.Second),
		Effect: Proven}))
	for _, c := range []struct{ name, old, new, err string }{
		{"as it was", "", "", ""},
		{"unknown field", `"fault":2`, `"fault":2,"rats":1`, "rats"},
		{"no kind", `"kind":"kill"`, `"kind":""`, "no kind"},
		{"unknown effect", `"proven"`, `"proved"`, "proved"},
		{"negative", `"fault":2`, `"fault":-2`, "-2"},
		{"backwards", `"end":"2s"`, `"end":"500ms"`, "before start"},
		{"before", `"start":"1s"`, `"start":"-1s"`, "before the first operation"},
		{"clock without one", `"kind":"kill"`, `"kind":"clock"`, "with or without a clock"},
		{"type", `"fault":2`, `"fault":"two"`, "fault"},
	} {
		text := strings.Replace(good, c.old, c.new, 1)
		if c.old != "" && text == good {
			t.Fatalf("%s: nothing replaced in %s", c.name, good)
		}
		var r Record
		err := history.Value(text).Decode(&r)
		if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: err %v does not say %q", c.name, err, c.err)
		}
	}
}

func FuzzRecord(f *testing.F) {
	f.Add(`{"fault":1,"asked":{"kind":"clock","clock":{"which":"both","rate":0.5}},
		"targets":["n1"],"start":"1s"}`)
	f.Add(`{"fault":1,"asked":{"kind":"partition"},"grudge":{"n1":["n2","n9"]},
		"start":"1s","end":"2s"}`)
	f.Fuzz(func(t *testing.T, text string) {
		var r, again Record
		if history.Value(text).Decode(&r) != nil {
			return
		}
		if err := history.Marshal(r).Decode(&again); err != nil {
			t.Fatalf("%+v does not come back: %v", r, err)
		}
		seen := map[string]Evidence{"n1": {State: running, PID: 1}, "n2": {}}
		r.Judge(Proof{Before: seen, Started: seen, Ending: seen, Ended: seen})
		Windows([]string{"n1", "n2", "n3"}, time.Minute, []Record{r, r})
	})
}
