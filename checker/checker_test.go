package checker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"sunder/harness/history"
)

func TestWorst(t *testing.T) {
	for _, c := range []struct {
		in   []Verdict
		want Verdict
	}{
		{nil, Unknown},
		{[]Verdict{Valid}, Valid},
		{[]Verdict{Valid, Unknown, Valid}, Unknown},
		{[]Verdict{Unknown, Invalid, Valid}, Invalid},
		{[]Verdict{Valid, 0}, Unknown},
		{[]Verdict{Valid, 200}, Unknown},
		{[]Verdict{Invalid, 200}, Invalid},
	} {
		if got := Worst(c.in...); got != c.want {
			t.Errorf("Worst(%v) = %v, want %v", c.in, got, c.want)
		}
	}
}

func TestVerdictText(t *testing.T) {
	for v := Valid; v <= Invalid; v++ {
		text, err := json.Marshal(v)
		var back Verdict
		if err != nil || json.Unmarshal(text, &back) != nil || back != v {
			t.Errorf("%v went to %s and came back as %v", v, text, back)
		}
	}
	var v Verdict
	if err := json.Unmarshal([]byte(`"fine"`), &v); err == nil {
		t.Error("a verdict that is none was read")
	}
}

type fixed struct {
	name string
	give func() Result
}

func (f fixed) Name() string                          { return f.name }
func (f fixed) Check(context.Context, History) Result { return f.give() }

func TestAll(t *testing.T) {
	valid := fixed{"a", func() Result { return Result{Verdict: Valid} }}
	invalid := fixed{"b", func() Result {
		return Result{Verdict: Invalid, Reason: "no", Anomalies: []Anomaly{{Class: "x"}}}
	}}
	crash := fixed{"c", func() Result { panic("boom") }}
	forgot := fixed{"d", func() Result { return Result{} }}
	for _, c := range []struct {
		parts   []Checker
		verdict Verdict
		reason  string
	}{
		{nil, Unknown, "nothing was checked"},
		{[]Checker{valid, valid}, Valid, ""},
		{[]Checker{valid, crash}, Unknown, "c: the checker panicked: boom"},
		{[]Checker{crash, invalid}, Invalid, "b: no"},
		{[]Checker{forgot, valid}, Unknown, "d: the checker gave no verdict"},
		{[]Checker{nil, invalid}, Invalid, "b: no"},
	} {
		r := All("all", c.parts...).Check(context.Background(), History{})
		if r.Verdict != c.verdict || r.Reason != c.reason || len(r.Parts) != len(c.parts) {
			t.Errorf("%v: %+v", c.parts, r)
		}
		if len(r.Anomalies) != 0 != (c.verdict == Invalid) {
			t.Errorf("%v: anomalies %v", c.parts, r.Anomalies)
		}
	}
}

// ops makes a history of operations "function kind start end".
func ops(t *testing.T, lines ...string) History {
	t.Helper()
	var events []history.Event
	for i, l := range lines {
		var f, kind string
		var start, end time.Duration
		if _, err := fmt.Sscan(l, &f, &kind, &start, &end); err != nil {
			t.Fatalf("%q: %v", l, err)
		}
		e := history.Event{Process: history.Process(i), F: f, Kind: history.Invoke, Time: start}
		events = append(events, e)
		for e.Kind = history.OK; e.Kind.String() != kind; e.Kind++ {
		}
		e.Time = end
		events = append(events, e)
	}
	slices.SortStableFunc(events, func(a, b history.Event) int { return int(a.Time - b.Time) })
	for i := range events {
		events[i].Index = i
	}
	h, err := NewHistory(events)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestStats(t *testing.T) {
	fault := []Window{{Name: "partition", Start: 10, End: 20, Quorum: true}}
	lossy := []Window{{Name: "cut", Start: 10, End: 20}}
	full := []string{"read ok 1 2", "write ok 3 4", "read ok 11 12", "write ok 21 22", "read ok 23 24"}
	for _, c := range []struct {
		name   string
		stats  Stats
		ops    []string
		reason string
	}{
		{"full", Stats{Windows: fault, Final: "read", FinalFrom: 22, FloorOps: 5}, full, ""},
		{"empty", Stats{}, nil, "no operation was invoked"},
		{"never ok", Stats{}, []string{"read ok 1 2", "write info 1 2"}, "no write succeeded"},
		{"asked only after the faults", Stats{Windows: fault}, slices.Concat(full, []string{"cas ok 26 27"}), ""},
		{"asked only after the faults, and failed", Stats{Windows: fault},
			slices.Concat(full, []string{"cas fail 26 27"}), "no cas succeeded"},
		{"asked for", Stats{Functions: []string{"cas"}}, full, "no cas succeeded"},
		{"before", Stats{Windows: fault}, slices.Concat(full, []string{"cas ok 15 25", "cas ok 26 27"}),
			"no cas succeeded before the first fault"},
		{"after", Stats{Windows: fault}, slices.Concat(full, []string{"cas ok 1 2", "cas ok 15 25"}),
			"no cas succeeded after the last fault"},
		{"nothing in the window", Stats{Windows: fault}, slices.Delete(slices.Clone(full), 2, 3),
			"nothing was invoked during partition"},
		{"nothing ok in the window", Stats{Windows: fault},
			slices.Replace(slices.Clone(full), 2, 3, "read info 11 12"),
			"nothing succeeded during partition"},
		{"no quorum, no ok", Stats{Windows: lossy},
			slices.Replace(slices.Clone(full), 2, 3, "read info 11 12"), ""},
		{"floor", Stats{FloorOps: 6}, full, "5 operations succeeded"},
		{"final", Stats{Final: "read", FinalFrom: 24}, full, "no final read succeeded"},
	} {
		r := c.stats.Check(context.Background(), ops(t, c.ops...))
		want := Valid
		if c.reason != "" {
			want = Unknown
		}
		if r.Verdict != want || !strings.Contains(r.Reason, c.reason) {
			t.Errorf("%s: %v: %s", c.name, r.Verdict, r.Reason)
		}
		if _, err := json.Marshal(r); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestLogs(t *testing.T) {
	long := strings.Repeat("x", 3*logLineMax)
	for _, c := range []struct {
		name, text string
		verdict    Verdict
		words      string
	}{
		{"quiet", "all is well\n", Valid, ""},
		{"empty", "", Valid, ""},
		{"panic", "up\npanic: index out of range\n\n", Invalid, `line 2: "panic: index out of range"`},
		{"without line end", "fatal error: all goroutines are asleep", Invalid, "line 1"},
		{"race", "WARNING: DATA RACE\n", Invalid, "DATA RACE"},
		{"mentioned", "client says no-panic:here\n", Valid, ""},
		{"long line", long + "\npanic: x\n", Invalid, "line 2"},
		{"terminal escapes", "panic: \x1b[2J\n", Invalid, `\x1b[2J`},
	} {
		logs := Logs{Logs: []Log{{"n0", strings.NewReader("")}, {"n1", strings.NewReader(c.text)}}}
		r := logs.Check(context.Background(), History{})
		if r.Verdict != c.verdict || !strings.Contains(r.Reason, c.words) {
			t.Errorf("%s: %v: %s", c.name, r.Verdict, r.Reason)
		}
		if c.verdict == Invalid && r.Anomalies[0].Node != "n1" {
			t.Errorf("%s: node %s", c.name, r.Anomalies[0].Node)
		}
	}
	broken := Logs{Logs: []Log{{"n1", io.MultiReader(strings.NewReader("ok\n"),
		iotest.ErrReader(errors.New("gone")))}}}
	if r := broken.Check(context.Background(), History{}); r.Verdict != Unknown {
		t.Errorf("unreadable: %v", r.Verdict)
	}
	flood := Logs{Logs: []Log{{"n1", strings.NewReader(strings.Repeat("panic: x\n", 1000))}}}
	if r := flood.Check(context.Background(), History{}); len(r.Anomalies) != logAnomalyMax {
		t.Errorf("%d anomalies of one node", len(r.Anomalies))
	}
}

func TestExceptions(t *testing.T) {
	h := ops(t, "read ok 1 2", "write info 3 4", "write info 5 6", "write info 7 8")
	if r := (Exceptions{}).Check(context.Background(), h); r.Verdict != Valid {
		t.Errorf("no panic: %v", r.Verdict)
	}
	for i, text := range map[int]string{3: "panic: a", 5: "panic: b", 7: "panic: b"} {
		h.Events[i].Error = text
	}
	r := Exceptions{}.Check(context.Background(), h)
	if r.Verdict != Unknown || !strings.Contains(r.Reason, "event 5") {
		t.Errorf("%v: %s", r.Verdict, r.Reason)
	}
}

// Where nobody can judge while the test runs, there is no stream: not even in parts.
func TestNoStream(t *testing.T) {
	if s := NewStream(Stats{}, All("all", Exceptions{}, All("none"))); s != nil {
		t.Errorf("a stream of nothing: %v", s)
	}
}

// thirteen is a checker that no event is of 13. It counts how often it is asked.
type thirteen struct{ asked *int }

func (thirteen) Name() string { return "thirteen" }

func (c thirteen) Check(_ context.Context, h History) Result {
	*c.asked++
	for _, e := range h.Events {
		if e.Value == "13" {
			return Result{Verdict: Invalid, Anomalies: []Anomaly{{Class: "thirteen", Ops: []int{e.Index}}}}
		}
	}
	return Result{Verdict: Valid}
}

// A history that is judged again and again costs little more than once, and not much later.
func TestAgain(t *testing.T) {
	const wrong = 10_001
	asked, found := 0, -1
	s := Again(thirteen{&asked})
	for i := 0; i < 2*wrong && found < 0; i++ {
		e := history.Event{Index: i, F: "write", Value: "1", Kind: history.Invoke + history.Kind(i%2)}
		if i == wrong {
			e.Value = "13"
		}
		if a, bad := s.Add(e); bad {
			found = i
			if again, still := s.Add(e); !still || a.Class != "thirteen" || again.Ops[0] != wrong {
				t.Errorf("%v, then %v", a, again)
			}
		}
	}
	if found < wrong || found > wrong+wrong/10 || asked > 60 {
		t.Errorf("found with event %d after judging %d times", found, asked)
	}
}
