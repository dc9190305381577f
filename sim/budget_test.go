package sim_test

import (
	"context"
	"strings"
	"testing"

	"sunder/harness"
	"sunder/nodes"
	"sunder/nodes/raft"
	"sunder/sim"
	"sunder/workloads"
)

// restless is a node whose timer is due again at once, without end.
type restless struct{ nodes.Node }

func (n restless) Start(env nodes.Env, disk []nodes.Recovered) {
	n.Node.Start(env, disk)
	env.SetTimer(99, 0)
}

func (n restless) Timer(env nodes.Env, t nodes.TimerID) {
	if t == 99 {
		env.SetTimer(99, 0)
		return
	}
	n.Node.Timer(env, t)
}

func TestNodesThatLoopEndTheRun(t *testing.T) {
	p := planOf(t, 1, "")
	protocol := raft.Protocol()
	protocol.New = func(c nodes.Config) (nodes.Node, error) {
		n, err := raft.Protocol().New(c)
		return restless{n}, err
	}
	test := harness.NewTest(p, workloads.Register(), true)
	ctx, abort := context.WithCancel(t.Context())
	var why string
	w, err := sim.New(sim.Options{Plan: p, Protocol: protocol, Client: test.Client,
		Exhausted: func(words string) { why = words; abort() }})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	err = harness.Conduct(ctx, ctx, w, test.Scheduler(), &memory{note: test.Note}, func(string) {})
	if err == nil || !strings.Contains(why, "loop or flood") {
		t.Errorf("%v; %q", err, why)
	}
}

// Encoded or not, a run is the same.
func TestTheCodecMakesNoDifference(t *testing.T) {
	for seed := range uint64(3) {
		p := planOf(t, seed, "", "partition", "kill", "power")
		var traces [2]uint64
		for i, coded := range []bool{false, true} {
			test := harness.NewTest(p, workloads.Register(), true)
			w, err := sim.New(sim.Options{Plan: p, Protocol: raft.Protocol(), Client: test.Client,
				Codec: &coded})
			if err != nil {
				t.Fatal(err)
			}
			err = harness.Conduct(t.Context(), t.Context(), w, test.Scheduler(), &memory{note: test.Note},
				func(string) {})
			if err != nil {
				t.Fatal(err)
			}
			traces[i] = w.Trace()
			w.Close()
		}
		if traces[0] != traces[1] {
			t.Errorf("seed %d: %x plain, %x encoded", seed, traces[0], traces[1])
		}
	}
}
