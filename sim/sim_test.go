package sim_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"sunder/checker"
	"sunder/harness"
	"sunder/harness/history"
	"sunder/harness/plan"
	"sunder/nemesis"
	"sunder/nodes"
	"sunder/nodes/kv"
	"sunder/nodes/raft"
	"sunder/sim"
	"sunder/workloads"
)

// memory is a journal that keeps the history.
type memory struct {
	events []history.Event
	note   func(history.Event)
}

func (m *memory) Append(e history.Event) (history.Event, error) {
	e.Index = len(m.events)
	m.events = append(m.events, e)
	m.note(e)
	return e, nil
}

func (m *memory) Flush() error { return nil }

type outcome struct {
	moments  []sim.Moment
	events   []history.Event
	observed map[nodes.ID][]nodes.Observed
	trace    uint64
	steps    uint64
	evidence harness.Evidence
	verdict  checker.Result
}

// planOf is a short test with all faults.
func planOf(t testing.TB, seed uint64, bug string, kinds ...string) plan.Plan {
	t.Helper()
	limit := 10 * time.Second
	faults, err := nemesis.Generate(nemesis.Options{Seed: seed, Nodes: 5, Kinds: kinds, TimeLimit: limit})
	if err != nil {
		t.Fatal(err)
	}
	return plan.Plan{Version: plan.Version, Seed: seed, Environment: "sim", System: "raft",
		Workload: "register", Bug: bug, Nodes: 5, Concurrency: 10, Rate: 200, TimeLimit: plan.Of(limit),
		Faults: faults}
}

// run runs a plan to its verdict.
func run(t testing.TB, p plan.Plan, observe bool) outcome {
	t.Helper()
	work, err := workloads.Find(p.Workload)
	if err != nil {
		t.Fatal(err)
	}
	test := harness.NewTest(p, work, true)
	out := outcome{observed: map[nodes.ID][]nodes.Observed{}}
	o := sim.Options{Plan: p, Protocol: raft.Protocol(), Client: test.Client,
		Log: func(id nodes.ID, line string) { t.Logf("%s: %s", id, line) }}
	if observe {
		o.Observe = func(x nodes.Observed) { out.observed[x.Node] = append(out.observed[x.Node], x) }
		o.Watch = func(m sim.Moment) { out.moments = append(out.moments, m) }
	}
	w, err := sim.New(o)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	j := &memory{note: test.Note}
	ctx := context.Background()
	if err := harness.Conduct(ctx, ctx, w, test.Scheduler(), j, func(string) {}); err != nil {
		t.Fatal(err)
	}
	out.events, out.trace, out.steps = j.events, w.Trace(), w.Steps()
	e := harness.Evidence{Plan: p, Events: j.events, Checkers: test.Workload.Checkers(test.Options),
		Assumption: raft.Protocol().Clock(nil), Records: w.Records()}
	if observe {
		e.Observed = out.observed
	}
	out.evidence, out.verdict = e, harness.Judge(context.Background(), e)
	return out
}

func TestASeedReplaysBitForBit(t *testing.T) {
	for seed := range uint64(2) {
		p := planOf(t, seed, "", "partition", "clock", "kill", "pause", "power", "disk")
		p.Network = nemesis.Network(seed)
		a, b := run(t, p, true), run(t, p, true)
		if a.trace != b.trace || len(a.events) != len(b.events) {
			t.Fatalf("seed %d: traces %x and %x, %d and %d events", seed, a.trace, b.trace,
				len(a.events), len(b.events))
		}
		for i := range a.events {
			if a.events[i] != b.events[i] {
				t.Fatalf("seed %d: event %d is %+v and %+v", seed, i, a.events[i], b.events[i])
			}
		}
		if blind := run(t, p, false); blind.trace != a.trace {
			t.Errorf("seed %d: who listens changes the run: traces %x and %x", seed, a.trace, blind.trace)
		}
	}
}

func TestACorrectSystemIsNeverBlamed(t *testing.T) {
	for seed := range uint64(12) {
		p := planOf(t, seed, "", "partition", "clock", "kill", "pause")
		if r := run(t, p, true).verdict; r.Verdict != checker.Valid {
			t.Errorf("seed %d: %s: %s", seed, r.Verdict, r.Reason)
		}
	}
}

func TestACorrectSystemSurvivesItsDisks(t *testing.T) {
	for seed := range uint64(12) {
		p := planOf(t, seed, "", "partition", "kill", "power", "disk")
		p.Network = nemesis.Network(seed)
		if r := run(t, p, true).verdict; r.Verdict != checker.Valid {
			t.Errorf("seed %d: %s: %s", seed, r.Verdict, r.Reason)
		}
	}
}

func TestPlantedBugsAreFound(t *testing.T) {
	const seeds = 60
	for _, bug := range []string{"stale-read", "lost-ack", "quorum-half"} {
		found := 0
		for seed := uint64(1); seed <= seeds && found == 0; seed++ {
			if run(t, planOf(t, seed, bug, "partition", "kill"), true).verdict.Verdict == checker.Invalid {
				found = int(seed)
			}
		}
		if found == 0 {
			t.Errorf("%s was not found in %d seeds", bug, seeds)
		}
		t.Logf("%s was found after %d seeds", bug, found)
	}
}

// echo is a system of one kind of node, which answers at once and remembers nothing.
type echo struct{ self nodes.ID }

func (e *echo) Start(env nodes.Env, _ []nodes.Recovered) { env.SetTimer(1, 100*time.Millisecond) }
func (e *echo) Recv(nodes.Env, nodes.ID, nodes.Message)  {}
func (e *echo) Synced(nodes.Env, nodes.Token, error)     {}
func (e *echo) Invoke(env nodes.Env, r nodes.RequestID, c kv.Command) {
	if c.Arg < 0 {
		panic("negative")
	}
	env.Reply(r, kv.Result{Status: kv.OK, Found: true, Value: int64(env.Now())})
}
func (e *echo) Timer(env nodes.Env, t nodes.TimerID) {
	env.Observe(nodes.Observation{Fact: nodes.Applied, Index: uint64(env.Now() / 1e6)})
	env.SetTimer(t, 100*time.Millisecond)
}

func echoes() nodes.Protocol {
	return nodes.Protocol{Name: "echo",
		New:   func(c nodes.Config) (nodes.Node, error) { return &echo{c.Self}, nil },
		Clock: func(map[string]string) nodes.ClockAssumption { return nodes.ClockAssumption{} }}
}

// script is a client that runs a function for each operation.
type script func(nodes.Conn) (history.Value, error)

func (s script) Invoke(c nodes.Conn, _ history.Event) (history.Value, error) { return s(c) }

func world(t *testing.T, client script, faults ...plan.Fault) (*sim.World, *[]nodes.Observed) {
	t.Helper()
	var observed []nodes.Observed
	w, err := sim.New(sim.Options{Plan: plan.Plan{Nodes: 2, Seed: 7, Faults: faults}, Protocol: echoes(),
		Client:  func(history.Process) nodes.Client { return client },
		Observe: func(o nodes.Observed) { observed = append(observed, o) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	return w, &observed
}

func invoke(w *sim.World, within time.Duration) history.Event {
	w.Invoke(history.Event{Kind: history.Invoke, F: "do"})
	e, _ := w.Await(w.Now() + within)
	return e
}

func TestClientsWaitInVirtualTime(t *testing.T) {
	began := time.Now()
	w, _ := world(t, func(c nodes.Conn) (history.Value, error) {
		from := c.Now()
		c.Sleep(time.Hour)
		_, err := c.Do(1, kv.Command{Op: kv.Read}, time.Second)
		return history.Int(int64((c.Now() - from).Truncate(time.Hour))), err
	})
	e := invoke(w, 2*time.Hour)
	if e.Kind != history.OK || e.Value != history.Int(int64(time.Hour)) || e.Node != "n1" {
		t.Errorf("got %+v after %v", e, time.Since(began))
	}
}

func TestWhatADeadNodeNeverSawIsDefinite(t *testing.T) {
	kill := plan.Fault{Kind: "kill", Target: "n1", Duration: plan.Of(time.Second)}
	w, _ := world(t, func(c nodes.Conn) (history.Value, error) {
		_, err := c.Do(1, kv.Command{Op: kv.Write}, time.Second)
		return "", err
	}, kill)
	w.Inject(history.Event{Process: history.Nemesis, F: "start"}, 0, false)
	w.Await(w.Now())
	if e := invoke(w, time.Second); e.Kind != history.Fail {
		t.Errorf("a command to a dead node: %+v, want a fail", e)
	}
	w.Inject(history.Event{Process: history.Nemesis, F: "end"}, 0, true)
	e, _ := w.Await(w.Now())
	var r nemesis.Record
	if err := e.Value.Decode(&r); err != nil || r.Effect != nemesis.Proven {
		t.Errorf("the kill: %+v, %v", r, err)
	}
	if e := invoke(w, time.Second); e.Kind != history.OK {
		t.Errorf("a command to a node that was started again: %+v, want ok", e)
	}
}

func TestAPanicBreaksTheConnectionAndEndsTheNode(t *testing.T) {
	w, _ := world(t, func(c nodes.Conn) (history.Value, error) {
		_, err := c.Do(2, kv.Command{Op: kv.Write, Arg: -1}, time.Second)
		return "", err
	})
	if e := invoke(w, time.Second); e.Kind != history.Info {
		t.Errorf("a command that killed its node: %+v, want info", e)
	}
}

func TestAPausedNodeAnswersWhenItIsResumed(t *testing.T) {
	pause := plan.Fault{Kind: "pause", Target: "all", Duration: plan.Of(time.Second)}
	w, observed := world(t, func(c nodes.Conn) (history.Value, error) {
		_, err := c.Do(1, kv.Command{Op: kv.Read}, time.Minute)
		return history.Int(int64(c.Now() / time.Second)), err
	}, pause)
	w.Inject(history.Event{Process: history.Nemesis, F: "start"}, 0, false)
	w.Await(w.Now())
	before := len(*observed)
	w.Invoke(history.Event{Kind: history.Invoke, F: "do"})
	if e, ok := w.Await(5 * time.Second); ok || len(*observed) != before {
		t.Fatalf("a paused node did something: %+v", e)
	}
	w.Inject(history.Event{Process: history.Nemesis, F: "end"}, 0, true)
	w.Await(w.Now())
	if e, ok := w.Await(6 * time.Second); !ok || e.Kind != history.OK || e.Value != "5" {
		t.Errorf("after it was resumed: %+v", e)
	}
}

func TestClocksRunAsSkewed(t *testing.T) {
	clock := plan.Fault{Kind: "clock", Target: "n1", Duration: plan.Of(time.Hour),
		Clock: &plan.Clock{Which: "both", Rate: 0.5, Others: 2}}
	w, observed := world(t, nil, clock)
	w.Inject(history.Event{Process: history.Nemesis, F: "start"}, 0, false)
	w.Await(w.Now())
	w.Await(10 * time.Second)
	ticks := map[nodes.ID]int{}
	for _, o := range *observed {
		ticks[o.Node]++
	}
	if got := fmt.Sprint(ticks); got != "map[n1:50 n2:200]" {
		t.Errorf("ticks of 100 ms in 10 s at rates 0.5 and 2: %s", got)
	}
}
