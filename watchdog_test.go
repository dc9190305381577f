package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"sunder/harness"
	"sunder/harness/history"
	"sunder/harness/plan"
	"sunder/harness/report"
	"sunder/harness/report/store"
	"sunder/nodes"
	"sunder/nodes/kv"
	"sunder/nodes/raft"
)

// odd is a Raft node with something odd about how it is invoked.
type odd struct {
	nodes.Node
	calls *atomic.Int64
	env   nodes.Env
	does  func(env nodes.Env, call int64)
}

func (o *odd) Start(env nodes.Env, disk []nodes.Recovered) { o.env = env; o.Node.Start(env, disk) }

func (o *odd) Invoke(env nodes.Env, r nodes.RequestID, c kv.Command) {
	o.does(env, o.calls.Add(1))
	o.Node.Invoke(env, r, c)
}

func (o *odd) Timer(env nodes.Env, t nodes.TimerID) {
	if t == flood {
		env.SetTimer(flood, 0)
		return
	}
	o.Node.Timer(env, t)
}

// flood is a timer that is due again at once.
const flood = 99

// oddTest runs a test of a cluster with odd nodes, and gives what it told and its run's folder.
func oddTest(t *testing.T, patience time.Duration, does func(env nodes.Env, call int64)) (
	r report.Results, told, dir string) {
	t.Helper()
	var stderr bytes.Buffer
	s := &session{log: hclog.NewNullLogger(), stdout: &bytes.Buffer{}, stderr: &stderr,
		patience: patience, plan: plan.Plan{Version: plan.Version, Seed: 1, Environment: "sim",
			System: "raft", Workload: "register", Nodes: 3, Concurrency: 6, Rate: 100,
			TimeLimit: plan.Of(3 * time.Second)}}
	var err error
	if s.parts, err = partsOf(s.plan); err != nil {
		t.Fatal(err)
	}
	var calls atomic.Int64
	s.parts.protocol.New = func(c nodes.Config) (nodes.Node, error) {
		n, err := raft.Protocol().New(c)
		return &odd{Node: n, calls: &calls, does: does}, err
	}
	s.test = harness.NewTest(s.plan, s.parts.workload, true)
	if s.run, err = store.Create(t.TempDir(), s.plan, report.Origin{}); err != nil {
		t.Fatal(err)
	}
	defer s.run.Close()
	env, err := s.environment(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r, err = s.conductAndJudge(t.Context(), env)
	if err := errors.Join(err, env.Close(t.Context())); err != nil {
		t.Fatal(err)
	}
	return r, stderr.String(), s.run.Dir
}

// A node that never comes back from a call ends the test as unknown, and what was done until then
// is on the disk, where it can be judged.
func TestANodeThatLoopsEndsTheTest(t *testing.T) {
	var over atomic.Bool
	defer over.Store(true) // or it would loop on while other tests run
	r, told, dir := oddTest(t, time.Second, func(_ nodes.Env, call int64) {
		for call >= 100 && !over.Load() {
		}
	})
	if statusOf(r) != exitUnknown || !strings.Contains(r.Why, errStuck.Error()) {
		t.Errorf("%s: %s", r.Verdict, r.Why)
	}
	stack, err := os.ReadFile(filepath.Join(dir, stackFile))
	if err != nil || !strings.Contains(string(stack), "(*odd).Invoke") ||
		!strings.Contains(told, "(*odd).Invoke") {
		t.Errorf("%v: the stack is\n%s\nwhat was told is\n%s", err, stack, told)
	}
	events, torn, err := history.ReadFile(filepath.Join(dir, store.HistoryFile))
	count := func(k history.Kind) (n int) {
		for _, e := range events {
			if e.Kind == k {
				n++
			}
		}
		return n
	}
	if err != nil || torn || count(history.Invoke) < 50 || count(history.OK) < 50 {
		t.Errorf("%d events, torn %v, %v", len(events), torn, err)
	}
	var stdout, stderr bytes.Buffer
	status := run(context.Background(), []string{"analyze", dir}, &stdout, &stderr)
	if status == exitInvalid || !strings.Contains(stdout.String(), "linearizable") {
		t.Errorf("analyze: exit %d\n%s%s", status, &stdout, &stderr)
	}
}

// So does one that does ever more, in as many calls as one likes.
func TestNodesThatFloodEndTheTest(t *testing.T) {
	r, _, _ := oddTest(t, patience, func(env nodes.Env, call int64) {
		if call == 100 {
			env.SetTimer(flood, 0)
		}
	})
	if statusOf(r) != exitUnknown || !strings.Contains(r.Why, "loop or flood") {
		t.Errorf("%s: %s", r.Verdict, r.Why)
	}
}

// A panic is the node's, not ours: it is an anomaly with its stack, and the test goes on.
func TestANodeThatPanicsIsAnAnomaly(t *testing.T) {
	r, _, dir := oddTest(t, patience, func(_ nodes.Env, call int64) {
		if call == 100 {
			panic("my leg")
		}
	})
	at := slices.IndexFunc(r.Anomalies, func(a report.Anomaly) bool {
		return strings.Contains(a.Words, "panic: my leg")
	})
	if statusOf(r) != exitInvalid || at < 0 {
		t.Fatalf("%s: %s: %+v", r.Verdict, r.Why, r.Anomalies)
	}
	log, err := os.ReadFile(filepath.Join(dir, "nodes", r.Anomalies[at].Node, "stderr.log"))
	if err != nil || !strings.Contains(string(log), "(*odd).Invoke") {
		t.Errorf("%v: the log of node %q has no stack:\n%s", err, r.Anomalies[at].Node, log)
	}
}

func TestGuard(t *testing.T) {
	var beats atomic.Int64
	failed := errors.New("failed")
	if err := guard(beats.Load, time.Hour, func() error { return failed }); err != failed {
		t.Errorf("what failed gives %v", err)
	}
	err := guard(beats.Load, 300*time.Millisecond, func() error {
		for range 30 { // three times as long as it may take without a beat
			time.Sleep(30 * time.Millisecond)
			beats.Add(1)
		}
		return nil
	})
	if err != nil {
		t.Errorf("what beats gives %v", err)
	}
	end := make(chan struct{})
	defer close(end)
	if err := guard(beats.Load, 60*time.Millisecond, func() error { <-end; return nil }); err != errStuck {
		t.Errorf("what waits for ever gives %v", err)
	}
}
