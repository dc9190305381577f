package history

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"
	"unsafe"

	"pgregory.net/rapid"
)

func TestEventSize(t *testing.T) {
	if got := unsafe.Sizeof(Event{}); got != 104 {
		t.Errorf("an Event takes %d bytes; correct the doc comment of Event", got)
	}
}

func TestRoundTripKeepsValuesAsRecorded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 20).Draw(t, "n")
		var want []Event
		var buf bytes.Buffer
		w := NewWriter(&buf)
		for i := range n {
			e := Event{
				Time:    time.Duration(rapid.Int64Min(0).Draw(t, "time")),
				Process: Process(rapid.Int32().Draw(t, "process")),
				Kind:    Kind(rapid.IntRange(int(Invoke), int(Info)).Draw(t, "kind")),
				F:       rapid.String().Draw(t, "f"),
				Key:     rapid.String().Draw(t, "key"),
				Node:    rapid.StringMatching(`n[0-9]`).Draw(t, "node"),
				Error:   rapid.String().Draw(t, "error"),
			}
			if rapid.Bool().Draw(t, "has value") {
				e.Value = Int(rapid.Int64().Draw(t, "value"))
			}
			got, err := w.Append(e)
			if err != nil {
				t.Fatal(err)
			}
			if e.Index = i; got != e {
				t.Fatalf("Append returned %+v, want %+v", got, e)
			}
			want = append(want, e)
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		got, torn, err := Read(&buf)
		if err != nil || torn {
			t.Fatalf("Read: torn %v, %v", torn, err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("got %+v\nwant %+v", got, want)
		}
	})
}

const two = `{"index":0,"time":1,"process":0,"type":"invoke","f":"write","key":"k","value":5}
{"index":1,"time":2,"process":0,"type":"ok","f":"write","key":"k","value":5}
`

func TestReadDamage(t *testing.T) {
	for _, c := range []struct {
		name, text string
		events     int
		torn       bool
		err        string
	}{
		{"whole", two, 2, false, ""},
		{"empty", "", 0, false, ""},
		{"last line without end", strings.TrimSuffix(two, "\n"), 2, false, ""},
		{"torn last line", two + `{"index":2,"ti`, 2, true, ""},
		{"damage with a line end", two + "{\"index\":2,\"ti\n", 2, false, "line 3"},
		{"damage in the middle", strings.Replace(two, `"process":0`, `"process":x`, 1), 0, false, "line 1"},
		{"two values on a line", two + two[:len(two)/2] + two, 2, false, "line 3"},
		{"missing index", `{"time":1,"process":0,"type":"ok"}` + "\n", 0, false, "line 1: index"},
		{"unknown type", `{"index":0,"process":0,"type":"okay"}` + "\n", 0, false, "okay"},
		{"unknown field", `{"index":0,"process":0,"type":"ok","x":1}` + "\n", 0, false, "x"},
		{"gap", strings.SplitAfter(two, "\n")[1], 0, false, "index 1, want 0"},
		{"empty line", two + "\n" + two, 2, false, "line 3"},
	} {
		events, torn, err := Read(strings.NewReader(c.text))
		if len(events) != c.events || torn != c.torn || (err == nil) != (c.err == "") {
			t.Errorf("%s: %d events, torn %v, err %v", c.name, len(events), torn, err)
		}
		if err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: err %q does not say %q", c.name, err, c.err)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(two))
	f.Add([]byte(`{"index":0,"time":1e3}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		events, _, err := Read(bytes.NewReader(text))
		if err != nil {
			return
		}
		var buf bytes.Buffer
		w := NewWriter(&buf)
		for _, e := range events {
			if _, err := w.Append(e); err != nil {
				t.Fatal(err)
			}
		}
		w.Flush()
		again, torn, err := Read(&buf)
		if err != nil || torn || len(again) != len(events) {
			t.Fatalf("rewritten history: %d of %d events, torn %v, %v", len(again), len(events), torn, err)
		}
	})
}

// script makes events from words: "0 invoke read x".
func script(lines ...string) []Event {
	var es []Event
	for i, l := range lines {
		var e Event
		var kind string
		if _, err := fmt.Sscan(l, &e.Process, &kind, &e.F, &e.Key); err != nil {
			panic(l)
		}
		for k := Invoke; k <= Info; k++ {
			if k.String() == kind {
				e.Kind = k
			}
		}
		e.Index = i
		es = append(es, e)
	}
	return es
}

func TestPair(t *testing.T) {
	for _, c := range []struct {
		name string
		in   []Event
		ops  int
		err  string
	}{
		{"two overlap", script("0 invoke r x", "1 invoke w x", "0 ok r x", "1 fail w x"), 2, ""},
		{"one stays open", script("0 invoke r x"), 1, ""},
		{"no invocation", script("0 ok r x"), 0, "nothing open"},
		{"twice", script("0 invoke r x", "0 invoke r x"), 0, "is open"},
		{"after info", script("0 invoke r x", "0 info r x", "0 invoke r x"), 0, "retired"},
		{"the nemesis goes on", script("-1 invoke start f", "-1 info start f", "-1 invoke end f"), 2, ""},
		{"other function", script("0 invoke r x", "0 ok w x"), 0, "event 0 invoked r"},
	} {
		ops, err := Pair(c.in)
		if len(ops) != c.ops || (err == nil) != (c.err == "") ||
			err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: %d operations, err %v", c.name, len(ops), err)
		}
	}
}

func TestByKeySharesKeylessOperations(t *testing.T) {
	es := script("0 invoke r x", "1 invoke reset y", "2 invoke r z", "-1 invoke start n")
	es[1].Key = ""
	ops, err := Pair(es)
	if err != nil {
		t.Fatal(err)
	}
	keys, byKey := ByKey(ops)
	if fmt.Sprint(keys) != "[x z]" || len(byKey["x"]) != 2 || len(byKey["z"]) != 2 {
		t.Errorf("keys %v, x has %d, z has %d operations", keys, len(byKey["x"]), len(byKey["z"]))
	}
}

func TestCompleteIsIndefiniteUnlessProven(t *testing.T) {
	inv := Event{Kind: Invoke, F: "write", Value: "5"}
	for _, c := range []struct {
		err   error
		kind  Kind
		value Value
	}{
		{nil, OK, "9"},
		{errors.New("timeout"), Info, "5"},
		{Definite(errors.New("refused")), Fail, "5"},
		{fmt.Errorf("do: %w", Definite(errors.New("refused"))), Fail, "5"},
	} {
		got := Complete(inv, 7, "9", c.err)
		if got.Kind != c.kind || got.Value != c.value || got.Time != 7 {
			t.Errorf("%v: got %+v", c.err, got)
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	var buf bytes.Buffer
	w := NewWriter(&buf)
	e := Event{Process: 3, Kind: Invoke, F: "write", Key: "k12", Node: "n3", Value: "1234567"}
	b.ReportAllocs()
	for b.Loop() {
		if buf.Len() > 1<<24 {
			buf.Reset()
		}
		e.Time += 1000
		if _, err := w.Append(e); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRead reads a register test of half a million operations, a million events: values are
// unique, and everything else is shared. It prints what an event takes in memory and on disk.
func BenchmarkRead(b *testing.B) {
	const n = 1_000_000
	var text bytes.Buffer
	w := NewWriter(&text)
	for i := range n {
		e := Event{Time: time.Duration(i) * time.Microsecond, Process: Process(i / 2 % 64), F: "write",
			Key: fmt.Sprint("k", i/600), Value: Int(int64(i/2 + 1)), Kind: Invoke + Kind(i%2)}
		if i%2 == 1 {
			e.Node = fmt.Sprint("n", i/2%5+1)
		}
		if _, err := w.Append(e); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(text.Len()))
	var live uint64
	for b.Loop() {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		events, _, err := Read(bytes.NewReader(text.Bytes()))
		if err != nil || len(events) != n {
			b.Fatal(len(events), err)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		live = after.HeapAlloc - before.HeapAlloc
		runtime.KeepAlive(events)
	}
	b.ReportMetric(float64(live)/n, "bytes/event")
	b.ReportMetric(float64(text.Len())/n, "disk-bytes/event")
}
