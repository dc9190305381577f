// Package harnesstest is the contract of an environment as a test: who adds one is told at once
// what it breaks. It watches the conductor, too, which every environment is driven by.
package harnesstest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"sunder/harness"
	"sunder/harness/generator"
	"sunder/harness/history"
	"sunder/harness/plan"
	"sunder/harness/scheduler"
	"sunder/nemesis"
	"sunder/nodes"
	"sunder/nodes/kv"
)

// Start makes an environment: a cluster of p's nodes that is up, with these clients. It is to be
// interrupted when ctx ends, and ended when the test does.
type Start func(t *testing.T, ctx context.Context, p plan.Plan,
	client func(history.Process) nodes.Client) harness.Environment

// Run tests the environments that start makes. It makes one for each of its tests.
func Run(t *testing.T, start Start) {
	t.Run("operations", func(t *testing.T) { operations(t, start) })
	t.Run("faults", func(t *testing.T) { faults(t, start) })
	t.Run("conducted", func(t *testing.T) { conducted(t, start) })
	t.Run("interrupted", func(t *testing.T) { interrupted(t, start) })
}

// patience is how long anything may take that is certain to come.
const patience = 30 * time.Second

// planOf is a test of three nodes, all that the contract needs.
func planOf(faults ...plan.Fault) plan.Plan {
	return plan.Plan{Version: plan.Version, Seed: 1, System: "raft", Workload: "register", Nodes: 3,
		Concurrency: 4, TimeLimit: plan.Of(time.Minute), Faults: faults}
}

// client does what an operation's function says.
type client struct {
	did    int // operations of this client
	cancel context.CancelFunc
}

var errTrouble = errors.New("trouble")

func (c *client) Invoke(conn nodes.Conn, inv history.Event) (history.Value, error) {
	c.did++
	switch inv.F {
	case "count":
		return history.Int(int64(c.did)), nil
	case "fail":
		return "", history.Definite(errTrouble)
	case "info":
		return "", errTrouble
	case "panic":
		panic(errTrouble)
	case "sleep":
		ms, err := inv.Value.Int()
		conn.Sleep(time.Duration(ms) * time.Millisecond)
		return inv.Value, err
	case "ask":
		_, err := conn.Do(2, kv.Command{Op: kv.Read, Key: "x"}, 200*time.Millisecond)
		return inv.Value, err
	case "cancel":
		c.cancel()
	}
	return inv.Value, nil
}

// hand drives an environment without a conductor.
type hand struct {
	t     *testing.T
	env   harness.Environment
	index int
}

func (h *hand) event(p history.Process, f string, v history.Value) history.Event {
	h.index++
	return history.Event{Index: h.index, Time: h.env.Now(), Process: p, Kind: history.Invoke, F: f,
		Key: "x", Value: v}
}

// await waits for one completion, which must be that of inv.
func (h *hand) await(inv history.Event) history.Event {
	h.t.Helper()
	e, ok := h.env.Await(h.env.Now() + patience)
	switch {
	case !ok:
		h.t.Fatalf("%s did not complete within %v", inv.F, patience)
	case e.Index != inv.Index || e.Process != inv.Process || e.F != inv.F || e.Key != inv.Key:
		h.t.Fatalf("got the completion %+v, want one of %+v", e, inv)
	case e.Time < inv.Time || e.Time > h.env.Now():
		h.t.Errorf("%s from %v was complete at %v; it is %v", inv.F, inv.Time, e.Time, h.env.Now())
	}
	return e
}

func (h *hand) do(p history.Process, f string, v history.Value) history.Event {
	h.t.Helper()
	inv := h.event(p, f, v)
	h.env.Invoke(inv)
	return h.await(inv)
}

func operations(t *testing.T, start Start) {
	made := 0
	h := &hand{t: t, env: start(t, t.Context(), planOf(), func(history.Process) nodes.Client {
		made++
		return &client{}
	})}
	for _, c := range []struct {
		name    string
		process history.Process
		f       string
		kind    history.Kind
		value   history.Value
		err     string
	}{
		{"an answer", 0, "count", history.OK, "1", ""},
		{"the next of the same process has the same client", 0, "count", history.OK, "2", ""},
		{"another process has another client", 1, "count", history.OK, "1", ""},
		{"a definite error", 1, "fail", history.Fail, "9", "trouble"},
		{"a fail does not end the process", 1, "count", history.OK, "3", ""},
		{"any other error", 2, "info", history.Info, "9", "trouble"},
		{"a client that panics", 3, "panic", history.Info, "9", "panic: trouble"},
		{"the successor of a retired process", 6, "count", history.OK, "1", ""},
	} {
		e := h.do(c.process, c.f, "9")
		if e.Kind != c.kind || e.Value != c.value || e.Error != c.err {
			t.Errorf("%s: got %+v", c.name, e)
		}
	}
	if made != 5 {
		t.Errorf("%d clients were made for 5 processes", made)
	}
	if e := h.do(0, "ask", "9"); e.Node != "n2" {
		t.Errorf("the completion of a question to n2 names node %q", e.Node)
	}
	slow, fast := h.event(0, "sleep", "200"), h.event(1, "sleep", "20")
	h.env.Invoke(slow)
	h.env.Invoke(fast)
	if e, ok := h.env.Await(0); ok {
		t.Errorf("while two sleep: %+v", e)
	}
	a, b := h.await(fast), h.await(slow)
	if a.Time > b.Time {
		t.Errorf("a completion at %v came before one at %v", a.Time, b.Time)
	}
	until := h.env.Now() + 20*time.Millisecond
	if e, ok := h.env.Await(until); ok || h.env.Now() < until {
		t.Errorf("nothing was open, but Await(%v) returned at %v: %+v", until, h.env.Now(), e)
	}
}

func killOf(node string, at, d time.Duration) plan.Fault {
	return plan.Fault{Kind: "kill", Target: node, Variant: "process", At: plan.Of(at),
		Duration: plan.Of(d)}
}

func faults(t *testing.T, start Start) {
	h := &hand{t: t, env: start(t, t.Context(), planOf(killOf("n2", 0, time.Second)),
		func(history.Process) nodes.Client { return &client{} })}
	inject := func(f string, end bool) (r nemesis.Record) {
		inv := h.event(history.Nemesis, f, "")
		h.env.Inject(inv, 0, end)
		e := h.await(inv)
		if err := e.Value.Decode(&r); err != nil || e.Kind != history.OK || e.Error != "" {
			t.Fatalf("%s: %+v, %v", f, e, err)
		}
		return r
	}
	if r := inject("start", false); !slices.Equal(r.Targets, []string{"n2"}) || r.Effect != "" {
		t.Errorf("the record of a start: %+v", r)
	}
	if e := h.do(0, "ask", ""); e.Kind != history.Fail {
		t.Errorf("a question to a node that is dead: %+v, want a fail", e)
	}
	r := inject("end", true)
	if r.Effect != nemesis.Proven || len(r.Evidence) == 0 || r.End.Duration < r.Start.Duration {
		t.Errorf("the record of an end: %+v", r)
	}
	inv := h.event(history.Nemesis, "recover", "")
	h.env.Recover(inv)
	if e := h.await(inv); e.Kind != history.OK || !strings.Contains(string(e.Value), "leader") {
		t.Errorf("recovery: %+v", e)
	}
	if e := h.do(0, "ask", ""); e.Kind != history.OK {
		t.Errorf("a question to a node that was started again: %+v", e)
	}
}

// op is a generator of operations of one function.
func op(f string, v history.Value) generator.Generator {
	return generator.Func(func(generator.Context, generator.Thread) generator.Op {
		return generator.Op{F: f, Key: "x", Value: v}
	})
}

func timed(p plan.Plan) (out []scheduler.Timed) {
	for i, f := range p.Faults {
		out = append(out, scheduler.Timed{At: f.At.Duration, Fault: i},
			scheduler.Timed{At: f.At.Duration + f.Duration.Duration, Fault: i, End: true})
	}
	return out
}

// conducted runs a test in which operations end in every way, and one of them too late.
func conducted(t *testing.T, start Start) {
	p := planOf(killOf("n2", 100*time.Millisecond, 900*time.Millisecond))
	w := &watched{t: t, Environment: start(t, t.Context(), p,
		func(history.Process) nodes.Client { return &client{} })}
	s := scheduler.New(scheduler.Options{Threads: p.Concurrency, Seed: 1, Faults: timed(p),
		Main: op("sleep", "1200").Once().Then(generator.Mix(op("ok", "1"), op("fail", "1"),
			op("info", "1"), op("panic", "1"), op("sleep", "20"), op("ask", "1")).
			Delay(2 * time.Millisecond).TimeLimit(1500 * time.Millisecond)),
		Final:         func() generator.Generator { return op("final", "2").Limit(10) },
		ClientTimeout: 800 * time.Millisecond, NemesisTimeout: patience, RecoverTimeout: patience})
	w.conduct(t.Context(), s)
	count := w.check()
	if len(w.late) == 0 || w.late[0].F != "sleep" || w.late[0].Value != "1200" {
		t.Errorf("%d completions came too late, want that of the long sleep: %+v", len(w.late), w.late)
	}
	for _, what := range []string{"ok ok", "fail fail", "info info", "panic info", "sleep ok",
		"sleep info", "ask ok", "ask fail", "start ok", "end ok", "recover ok"} {
		if count[what] == 0 {
			t.Errorf("no operation ended as %q", what)
		}
	}
	if count["final ok"] != 10 {
		t.Errorf("%d final operations were ok, want 10", count["final ok"])
	}
}

// interrupted ends a test by its context, while a fault is active and everything waits.
func interrupted(t *testing.T, start Start) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	p := planOf(killOf("n2", 10*time.Millisecond, time.Hour))
	w := &watched{t: t, Environment: start(t, ctx, p,
		func(history.Process) nodes.Client { return &client{cancel: cancel} })}
	s := scheduler.New(scheduler.Options{Threads: p.Concurrency, Seed: 1, Faults: timed(p),
		Main: generator.Phases(op("sleep", "300").Once(), op("cancel", "").Once(),
			generator.Sleep(10*time.Minute), op("never", "").Once()),
		Final:         func() generator.Generator { return op("final", "2").Limit(10) },
		ClientTimeout: patience, NemesisTimeout: patience, RecoverTimeout: patience})
	w.conduct(ctx, s)
	count := w.check()
	for _, what := range []string{"cancel ok", "start ok", "end ok", "recover ok"} {
		if count[what] != 1 {
			t.Errorf("%d operations ended as %q, want 1", count[what], what)
		}
	}
	if count["never ok"] > 0 || count["final ok"] != 10 {
		t.Errorf("%d operations followed the interrupt, and %d of 10 final ones",
			count["never ok"], count["final ok"])
	}
}
