package sim_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"sunder/checker"
	"sunder/harness"
	"sunder/harness/plan"
	"sunder/nodes"
	"sunder/nodes/kv"
	"sunder/nodes/raft"
	"sunder/sim"
	"sunder/workloads"
)

// faint is a node that panics in one of its methods, once it was called that often.
type faint struct {
	nodes.Node
	in   string
	left int
}

func (f *faint) call(method string) {
	if method == f.in {
		if f.left--; f.left < 0 {
			panic("faint in " + method)
		}
	}
}

func (f *faint) Start(env nodes.Env, disk []nodes.Recovered) {
	f.call("Start")
	f.Node.Start(env, disk)
}

func (f *faint) Recv(env nodes.Env, from nodes.ID, m nodes.Message) {
	f.call("Recv")
	f.Node.Recv(env, from, m)
}

func (f *faint) Timer(env nodes.Env, t nodes.TimerID) {
	f.call("Timer")
	f.Node.Timer(env, t)
}

func (f *faint) Synced(env nodes.Env, tok nodes.Token, err error) {
	f.call("Synced")
	f.Node.Synced(env, tok, err)
}

func (f *faint) Invoke(env nodes.Env, r nodes.RequestID, c kv.Command) {
	f.call("Invoke")
	f.Node.Invoke(env, r, c)
}

func (f *faint) Status() nodes.Status {
	f.call("Status")
	return f.Node.(nodes.Statuser).Status()
}

// TestAPanicIsAnAnomalyOfTheNode: wherever a node panics, the test goes on without it, and the
// verdict blames that node, whose log has the stack.
func TestAPanicIsAnAnomalyOfTheNode(t *testing.T) {
	for _, c := range []struct {
		in    string
		after int
	}{{"New", 0}, {"Start", 0}, {"Recv", 5}, {"Timer", 1}, {"Synced", 1}, {"Invoke", 3}, {"Status", 0}} {
		p := planOf(t, 1, "")
		p.TimeLimit, p.Faults = plan.Of(2*time.Second), nil
		protocol := raft.Protocol()
		protocol.New = func(cfg nodes.Config) (nodes.Node, error) {
			n, err := raft.Protocol().New(cfg)
			if cfg.Self != 2 {
				return n, err
			}
			f := &faint{n, c.in, c.after}
			f.call("New")
			return f, err
		}
		test := harness.NewTest(p, workloads.Register(), true)
		var log bytes.Buffer
		w, err := sim.New(sim.Options{Plan: p, Protocol: protocol, Client: test.Client,
			Log: func(id nodes.ID, line string) {
				if id == 2 {
					log.WriteString(line + "\n")
				}
			}})
		if err != nil {
			t.Fatalf("%s: %v", c.in, err)
		}
		j := &memory{note: test.Note}
		if err := harness.Conduct(t.Context(), t.Context(), w, test.Scheduler(), j, func(string) {}); err != nil {
			t.Fatalf("%s: %v", c.in, err)
		}
		w.Close()
		if text := log.String(); !strings.Contains(text, "panic: faint in "+c.in) ||
			!strings.Contains(text, "(*faint).call") {
			t.Errorf("%s: the log of n2 is\n%s", c.in, text)
		}
		r := harness.Judge(t.Context(), harness.Evidence{Plan: p, Events: j.events, Records: w.Records(),
			Checkers: test.Workload.Checkers(test.Options), Assumption: raft.Protocol().Clock(nil),
			Logs: []checker.Log{{Node: "n2", Text: &log}}})
		blamed := false
		for _, a := range r.Anomalies {
			blamed = blamed || a.Node == "n2" && strings.Contains(a.Words, "faint in "+c.in)
			if a.Class != "log" && a.Class != "liveness" {
				t.Errorf("%s: blames %s: %s", c.in, a.Class, a.Words)
			}
		}
		if r.Verdict != checker.Invalid || !blamed {
			t.Errorf("%s: %s: %s", c.in, r.Verdict, r.Reason)
		}
	}
}
