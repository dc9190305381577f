package sim_test

import (
	"context"
	"testing"
	"time"

	"sunder/checker"
	"sunder/harness"
	"sunder/harness/plan"
	"sunder/nodes"
	"sunder/nodes/raft"
	"sunder/oracle"
	"sunder/sim"
	"sunder/workloads"
)

// search runs one plan after the other as those do who look for a bug: in one world, the oracle
// listening, the history in memory.
type search struct {
	w          *sim.World
	protocol   nodes.Protocol
	oracle     *oracle.Oracle
	violations int
	many       bool // one run proves nothing alone: see harness.Evidence
	journal    memory
}

func newSearch(t testing.TB) *search {
	s := &search{w: new(sim.World), protocol: raft.Protocol(), oracle: oracle.New()}
	t.Cleanup(s.w.Close)
	return s
}

func (s *search) run(t testing.TB, p plan.Plan) outcome {
	t.Helper()
	s.oracle.Reset()
	s.violations = 0
	work, err := workloads.Find(p.Workload)
	if err != nil {
		t.Fatal(err)
	}
	test := harness.NewTest(p, work, true)
	test.Brief = true
	o := sim.Options{Plan: p, Protocol: s.protocol, Client: test.Client, Brief: true,
		Observe: func(x nodes.Observed) {
			if s.oracle.Observe(x) != nil {
				s.violations++
			}
		}}
	if err := s.w.Reset(o); err != nil {
		t.Fatal(err)
	}
	s.journal = memory{events: s.journal.events[:0], note: test.Note}
	ctx := context.Background()
	if err := harness.Conduct(ctx, ctx, s.w, test.Scheduler(), &s.journal, func(string) {}); err != nil {
		t.Fatal(err)
	}
	out := outcome{events: s.journal.events, trace: s.w.Trace(), steps: s.w.Steps()}
	out.verdict = harness.Judge(ctx, harness.Evidence{Plan: p, Events: out.events, Many: s.many,
		Checkers: test.Workload.Checkers(test.Options), Records: s.w.Records(),
		Assumption: s.protocol.Clock(nil)})
	if s.violations > 0 {
		out.verdict.Verdict = checker.Invalid
	}
	return out
}

// short is a test of about 4 simulated seconds and 100 operations, with every fault.
func short(t testing.TB, seed uint64) plan.Plan {
	p := planOf(t, seed, "", "partition", "clock", "kill", "pause")
	p.TimeLimit, p.Rate, p.Concurrency = plan.Of(3*time.Second), 25, 4
	for i := range p.Faults { // 10 s of faults in 3
		f := &p.Faults[i]
		f.At.Duration, f.Duration.Duration = f.At.Duration*3/10, f.Duration.Duration*3/10
	}
	return p
}

// A world that was used before, for plans of other sizes too, runs as a new one does.
func TestAResetWorldIsANewOne(t *testing.T) {
	s := newSearch(t)
	for seed := range uint64(12) {
		p := short(t, seed)
		p.Nodes = []int{5, 3, 4}[seed%3]
		if seed%4 == 1 {
			p.Bug = "lost-ack"
		}
		again, once := s.run(t, p), run(t, p, true)
		if again.trace != once.trace || again.steps != once.steps ||
			again.verdict.Verdict != once.verdict.Verdict {
			t.Errorf("seed %d: trace %x and %s in a new world, %x and %s in a used one", seed,
				once.trace, once.verdict.Verdict, again.trace, again.verdict.Verdict)
		}
	}
}
