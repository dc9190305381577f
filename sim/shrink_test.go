package sim_test

import (
	"context"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"sunder/checker"
	"sunder/harness"
	"sunder/harness/plan"
	"sunder/harness/shrink"
	"sunder/nemesis"
	"sunder/nodes"
	"sunder/nodes/raft"
	"sunder/sim"
	"sunder/workloads"
)

type watchedRun struct {
	outcome
	moments []sim.Moment
}

func runWatched(p plan.Plan, watch bool) (out watchedRun, err error) {
	test := harness.NewTest(p, workloads.Register(), true)
	out.observed = map[nodes.ID][]nodes.Observed{}
	o := sim.Options{Plan: p, Protocol: raft.Protocol(), Client: test.Client,
		Observe: func(x nodes.Observed) { out.observed[x.Node] = append(out.observed[x.Node], x) }}
	if watch {
		o.Watch = func(m sim.Moment) { out.moments = append(out.moments, m) }
	}
	w, err := sim.New(o)
	if err != nil {
		return out, err
	}
	defer w.Close()
	j := &memory{note: test.Note}
	ctx := context.Background()
	if err := harness.Conduct(ctx, ctx, w, test.Scheduler(), j, func(string) {}); err != nil {
		return out, err
	}
	out.events, out.trace, out.steps = j.events, w.Trace(), w.Steps()
	out.verdict = harness.Judge(ctx, harness.Evidence{Plan: p, Events: j.events, Observed: out.observed,
		Checkers: test.Workload.Checkers(test.Options), Assumption: raft.Protocol().Clock(p.Options)})
	return out, nil
}

func runsOf(class string) shrink.Runs {
	return shrink.Runs{
		Fails: func(p plan.Plan) bool {
			out, err := runWatched(p, false)
			return err == nil && slices.ContainsFunc(out.verdict.Anomalies,
				func(a checker.Anomaly) bool { return a.Class == class })
		},
		Record: func(p plan.Plan) shrink.Recording {
			out, err := runWatched(p, true)
			if err != nil {
				return shrink.Recording{}
			}
			return shrink.Recording{Script: harness.ScriptOf(p, out.events),
				Faults: harness.FaultsOf(p, out.events), Messages: sim.ExceptionsOf(raft.Protocol(), out.moments)}
		},
	}
}

var testMixes = [][]string{
	{"partition", "kill"},
	{"partition", "clock", "kill", "pause"},
	{"power", "partition"},
	{"power", "disk", "kill"},
	{"partition", "clock"},
}

func preyPlan(seed uint64, bug string) plan.Plan {
	const limit = 2500 * time.Millisecond
	rng := rand.New(rand.NewPCG(seed, 1))
	p := plan.Plan{Version: plan.Version, Seed: seed, Environment: "sim", System: "raft",
		Workload: "register", Bug: bug, Options: map[string]string{}, Nodes: 3 + 2*rng.IntN(2),
		Concurrency: 4 + rng.IntN(7), Rate: float64(int(20) << rng.IntN(4)), TimeLimit: plan.Of(limit)}
	if rng.IntN(3) == 0 {
		p.Options["clients"], p.Options["timeout"] = "apart", "200ms"
	}
	p.Network = nemesis.Network(seed)
	p.Faults, _ = nemesis.Generate(nemesis.Options{Seed: seed, Nodes: p.Nodes, TimeLimit: limit,
		Kinds: testMixes[rng.IntN(len(testMixes))], Assumption: raft.Protocol().Clock(p.Options)})
	return p
}

func TestShrinkBench(t *testing.T) {
	want := os.Getenv("SHRINK")
	if want == "" {
		t.Skip()
	}
	for _, b := range raft.Protocol().Bugs {
		if want != "all" && !slices.Contains(strings.Split(want, ","), b.Name) {
			continue
		}
		cases := 0
		for seed := uint64(1); seed <= 300 && cases < 3; seed++ {
			p := preyPlan(seed, b.Name)
			out, err := runWatched(p, false)
			if err != nil || len(out.verdict.Anomalies) == 0 {
				continue
			}
			cases++
			class := out.verdict.Anomalies[0].Class
			before := len(harness.ScriptOf(p, out.events))
			began, cpu0 := time.Now(), cpu(t)
			got := shrink.Plan(p, 10000, runsOf(class))
			q := got.Plan
			last, _ := runWatched(q, false)
			t.Logf("%-22s seed %3d %-16s faults %2d→%d ops %3d→%d nodes %d clients %d steps %d→%d explicit %v odd %d runs %d wall %v cpu %v limit %v",
				b.Name, seed, class, len(p.Faults), len(q.Faults), before, len(q.Script), q.Nodes, q.Concurrency,
				out.steps, last.steps, q.Network.Fixed.Duration != 0, len(q.Network.Except), got.Runs,
				time.Since(began).Round(time.Millisecond), (cpu(t) - cpu0).Round(time.Millisecond), q.TimeLimit)
			if os.Getenv("SHOW") != "" {
				var s strings.Builder
				q.Write(&s)
				t.Log(s.String())
			}
		}
	}
}
