package harness_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"sunder/checker"
	"sunder/checker/linear"
	"sunder/harness"
	"sunder/harness/history"
	"sunder/harness/plan"
	"sunder/nemesis"
	"sunder/nodes"
)

// tape writes a history: each operation is over before the next begins.
type tape []history.Event

func (tp *tape) op(e history.Event, kind history.Kind, answer history.Value) *history.Event {
	at := time.Duration(len(*tp)) * 100 * time.Millisecond
	e.Index, e.Time, e.Kind = len(*tp), at, history.Invoke
	*tp = append(*tp, e)
	e.Index, e.Time, e.Kind = len(*tp), at+time.Millisecond, kind
	if answer != "" {
		e.Value = answer
	}
	*tp = append(*tp, e)
	return &(*tp)[len(*tp)-1]
}

func (tp *tape) fault(f string, r nemesis.Record) *history.Event {
	return tp.op(history.Event{Process: history.Nemesis, F: f}, history.OK, history.Marshal(r))
}

// pause is the record of a fault that was as it should be.
func pause() nemesis.Record {
	return nemesis.Record{Asked: plan.Fault{Kind: "pause", Target: "n1"}, Targets: []string{"n1"},
		Start: plan.Of(time.Second)}
}

// evidence is of a short test that is valid. change may spoil it: the record of its fault's end,
// or afterwards everything.
func evidence(record func(*nemesis.Record), change func(*harness.Evidence)) harness.Evidence {
	var tp tape
	for v := range int64(4) {
		tp.op(history.Event{F: "write", Key: "k0", Value: history.Int(v + 1)}, history.OK, "")
	}
	tp.op(history.Event{F: "read", Key: "k0"}, history.OK, "4")
	r := pause()
	tp.fault("start", r)
	tp.op(history.Event{F: "read", Key: "k0"}, history.OK, "4")
	r.End, r.Effect, r.Evidence = plan.Of(1400*time.Millisecond), nemesis.Proven, []string{"n1: in state T"}
	if record != nil {
		record(&r)
	}
	tp.fault("end", r)
	tp.op(history.Event{Process: history.Nemesis, F: "recover"}, history.OK, `{"leader":"n1"}`)
	tp.op(history.Event{F: "write", Key: "k0", Value: "5"}, history.OK, "")
	for _, n := range []string{"n1", "n2", "n3"} {
		tp.op(history.Event{F: "read", Key: "k0", Node: n}, history.OK, "5")
	}
	e := harness.Evidence{Plan: plan.Plan{Nodes: 3, TimeLimit: plan.Of(2 * time.Second)}, Events: tp,
		Checkers:   []checker.Checker{linear.Register(linear.Budget{})},
		Assumption: nodes.ClockAssumption{Bounded: true, Drift: 0.1, Words: "lease reads"},
		Observed:   map[nodes.ID][]nodes.Observed{}}
	for id := nodes.ID(1); id <= 3; id++ {
		e.Observed[id] = []nodes.Observed{{Node: id, Observation: nodes.Observation{
			Fact: nodes.Committed, Term: 1, Index: 5, Hash: 77}}}
	}
	if change != nil {
		change(&e)
	}
	return e
}

// endAt has the plan's clients end then.
func endAt(limit time.Duration) func(*harness.Evidence) {
	return func(e *harness.Evidence) { e.Plan.TimeLimit = plan.Of(limit) }
}

// and makes it the evidence of a plan with one more fault, which was due at that time and never
// done, and whose clients end after 1.5 s.
func and(due time.Duration) func(*harness.Evidence) {
	return func(e *harness.Evidence) {
		endAt(1500 * time.Millisecond)(e)
		e.Plan.Faults = []plan.Fault{pause().Asked, {Kind: "pause", Target: "n2",
			At: plan.Of(due * time.Millisecond), Duration: plan.Of(time.Second)}}
	}
}

// The events of evidence, by position.
const (
	theRead  = 13 // what the read during the fault was answered
	theEnd   = 15
	recovery = 17
	ofNode1  = 21 // final reads: of n2 and n3, two and four further
)

func TestJudge(t *testing.T) {
	stale := func(e *harness.Evidence) { e.Events[theRead].Value = "3" }
	for _, c := range []struct {
		name    string
		record  func(*nemesis.Record)
		change  func(*harness.Evidence)
		verdict checker.Verdict
		reason  string // its beginning
		says    string // and something in it
	}{
		{"all is well", nil, nil, checker.Valid, "", ""},
		{"a stale read", nil, stale, checker.Invalid, "linear", ""},
		{"a fault that was masked", func(r *nemesis.Record) { r.Effect = nemesis.Masked }, nil,
			checker.Valid, "", ""},
		{"a fault without effect", func(r *nemesis.Record) { r.Effect = nemesis.None }, nil,
			checker.Unknown, "faults: fault 0: pause of n1 had no effect", "in state T"},
		{"a fault that healed by itself", func(r *nemesis.Record) { r.Healed = []string{"n1"} }, nil,
			checker.Unknown, "faults: fault 0: pause of n1 healed by itself on n1", ""},
		{"a fault in which nothing was asked", func(r *nemesis.Record) {
			r.Start, r.End = plan.Of(1450*time.Millisecond), plan.Of(1590*time.Millisecond)
		}, nil, checker.Unknown, "stats: nothing was invoked during fault 0: pause of n1", ""},
		{"one that came when clients had ended, alone", func(r *nemesis.Record) {
			r.Start, r.End = plan.Of(1450*time.Millisecond), plan.Of(1590*time.Millisecond)
		}, endAt(1500 * time.Millisecond), checker.Unknown, "faults: no fault was in force before", ""},
		{"one that waited for its event, alone", func(r *nemesis.Record) {
			r.Start, r.End = plan.Of(1450*time.Millisecond), plan.Of(1590*time.Millisecond)
		}, func(e *harness.Evidence) {
			endAt(1500 * time.Millisecond)(e)
			asked := pause().Asked
			asked.On = &plan.Trigger{Event: "elected"}
			e.Plan.Faults = []plan.Fault{asked}
		}, checker.Valid, "", ""},
		{"and after another", func(r *nemesis.Record) {
			r.Start, r.End = plan.Of(time.Second), plan.Of(1250*time.Millisecond)
		}, func(e *harness.Evidence) {
			endAt(1500 * time.Millisecond)(e)
			again := pause()
			again.Fault, again.Effect = 1, nemesis.Proven
			again.Start, again.End = plan.Of(1510*time.Millisecond), plan.Of(1590*time.Millisecond)
			e.Events[theEnd+1].F, e.Events[recovery].F = "end", "end"
			e.Events[recovery].Value = history.Marshal(again)
		}, checker.Valid, "", ""},
		{"a fault that the ones before it delayed until clients had ended", nil, and(1400),
			checker.Valid, "", ""},
		{"a fault that was due when clients had ended", nil, and(1500), checker.Unknown,
			"faults: 1 of the plan's 2 faults were never done", ""},
		{"a delayed fault of a test that was interrupted", nil, func(e *harness.Evidence) {
			and(1400)(e)
			e.Plan.TimeLimit = plan.Of(time.Minute)
		}, checker.Unknown, "faults: 1 of the plan's 2 faults were never done", ""},
		{"a fault that could not be applied", nil, func(e *harness.Evidence) {
			e.Events[theEnd].Kind, e.Events[theEnd].Error = history.Info, "apply to n1: broken"
		}, checker.Unknown, "faults: end: apply to n1: broken", ""},
		{"a record that is none", nil, func(e *harness.Evidence) {
			e.Events[theEnd].Value = `{"fault":-1}`
		}, checker.Unknown, "faults: event 15: ", "fault -1"},
		{"no record", nil, func(e *harness.Evidence) { e.Events[theEnd].Value = "" }, checker.Unknown,
			"faults: event 15: ", ""},
		{"a fault of which nobody knows how it ended", func(r *nemesis.Record) { r.Effect = "" }, nil,
			checker.Unknown, "faults: fault 0: pause of n1 was not seen to end", ""},
		{"no recovery", nil, func(e *harness.Evidence) {
			e.Events[recovery].Kind, e.Events[recovery].Error = history.Info, "not recovered after 10s"
		}, checker.Unknown, "faults: recover: not recovered", ""},
		{"a node that was not read at the end", nil, func(e *harness.Evidence) {
			e.Events[ofNode1+2].Kind = history.Fail
		}, checker.Unknown, "final-reads: no final read succeeded on n2", ""},
		{"no final reads at all", nil, func(e *harness.Evidence) { e.Events = e.Events[:ofNode1-1] },
			checker.Unknown, "final-reads: no final read succeeded on n1, n2, n3", ""},
		{"a node whose observations are missing", nil, func(e *harness.Evidence) {
			delete(e.Observed, 2)
		}, checker.Unknown, "oracles: the observations of n2 are missing", ""},
		{"a system that observes nothing", nil, func(e *harness.Evidence) { e.Observed = nil },
			checker.Valid, "", ""},
		{"nodes that committed different entries", nil, func(e *harness.Evidence) {
			e.Observed[2][0].Hash++
		}, checker.Invalid, "oracles: ", "entry 5"},
		{"a violation, and a node without observations", nil, func(e *harness.Evidence) {
			e.Observed[2][0].Hash++
			delete(e.Observed, 3)
		}, checker.Invalid, "oracles: ", "entry 5"},
		{"an anomaly and a fault without effect", func(r *nemesis.Record) { r.Effect = nemesis.None },
			stale, checker.Invalid, "linear", ""},
		{"an anomaly outside of the assumption", func(r *nemesis.Record) { r.Outside = "clock" }, stale,
			checker.Invalid, "outside the declared clock assumption (lease reads): linear", ""},
		{"outside of the assumption, and nothing found", func(r *nemesis.Record) { r.Outside = "clock" },
			nil, checker.Valid, "", ""},
		{"a history that no run can produce", nil, func(e *harness.Evidence) {
			e.Events[3].Kind = history.Invoke
		}, checker.Unknown, "make history: ", "event 3"},
		{"a plan of more operations than there were", nil, func(e *harness.Evidence) {
			e.Plan.TimeLimit = plan.Of(time.Minute)
		}, checker.Unknown, "stats: ", ""},
		{"a client that panicked", nil, func(e *harness.Evidence) {
			tp := tape(e.Events)
			tp.op(history.Event{F: "read", Key: "k0"}, history.Info, "").Error = "panic: oops"
			e.Events = tp
		}, checker.Unknown, "exceptions: ", "oops"},
		{"a log with a panic", nil, func(e *harness.Evidence) {
			e.Logs = []checker.Log{{Node: "n3", Text: strings.NewReader("panic: oops\n")}}
		}, checker.Invalid, "logs: ", "n3"},
		{"nothing", nil, func(e *harness.Evidence) { *e = harness.Evidence{} }, checker.Unknown, "", ""},
	} {
		r := harness.Judge(context.Background(), evidence(c.record, c.change))
		if r.Verdict != c.verdict || !strings.HasPrefix(r.Reason, c.reason) ||
			!strings.Contains(r.Reason, c.says) || (r.Reason == "") != (c.verdict == checker.Valid) {
			t.Errorf("%s: %s, %q", c.name, r.Verdict, r.Reason)
		}
	}
}

// FuzzJudge puts anything in the place of what the nemesis said. It must not panic, and what is no
// record must not pass.
func FuzzJudge(f *testing.F) {
	f.Add(string(history.Marshal(pause())), "")
	f.Add(`{"fault":0,"asked":{"kind":"partition"},"grudge":{"n9":["n1"]},"targets":["n7"]}`, "")
	f.Add(`{"fault":9223372036854775807,"asked":{"kind":"clock","clock":{}},"end":"9999h"}`, "broken")
	f.Add(`null`, "")
	f.Fuzz(func(t *testing.T, value, trouble string) {
		e := evidence(nil, func(e *harness.Evidence) {
			e.Events[theEnd].Value, e.Events[theEnd].Error = history.Value(value), trouble
		})
		r := harness.Judge(context.Background(), e)
		var record nemesis.Record
		if err := history.Value(value).Decode(&record); r.Verdict == checker.Valid &&
			(err != nil || trouble != "") {
			t.Errorf("valid, though the nemesis said %q, %q", value, trouble)
		}
		if strings.Contains(r.Reason, "panicked") {
			t.Error(r.Reason)
		}
	})
}
