package sim_test

import (
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"sunder/checker"
	"sunder/harness/plan"
	"sunder/nemesis"
	"sunder/nodes/raft"
	"sunder/workloads"
)

// workPlan is a short test of a workload on a network with moods of its own.
func workPlan(t testing.TB, seed uint64, workload string, kinds ...string) plan.Plan {
	t.Helper()
	limit := 6 * time.Second
	p := plan.Plan{Version: plan.Version, Seed: seed, Environment: "sim", System: "raft",
		Workload: workload, Nodes: 3 + 2*int(seed%2), Concurrency: 10, Rate: 200,
		TimeLimit: plan.Of(limit), Network: nemesis.Network(seed)}
	var err error
	p.Faults, err = nemesis.Generate(nemesis.Options{Seed: seed, Nodes: p.Nodes, Kinds: kinds,
		TimeLimit: limit, Assumption: raft.Protocol().Clock(nil)})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// judged is the verdict of the workload's checkers alone, which know only what clients saw.
func judged(t testing.TB, p plan.Plan) checker.Result {
	t.Helper()
	w, err := workloads.Find(p.Workload)
	if err != nil {
		t.Fatal(err)
	}
	r := run(t, p, false).verdict
	r.Parts = r.Parts[:len(w.Checkers(workloads.Options{}))]
	var verdicts []checker.Verdict
	for _, part := range r.Parts {
		verdicts = append(verdicts, part.Verdict)
	}
	r.Verdict = checker.Worst(verdicts...)
	return r
}

// seedsOf is n, or what SUNDER_SEEDS says: for those who want rates, or to look for long.
func seedsOf(n uint64) uint64 {
	if many, err := strconv.ParseUint(os.Getenv("SUNDER_SEEDS"), 10, 64); err == nil {
		return many
	}
	return n
}

// TestWorkloadsFindWhatRegistersDoNot gives each workload a planted bug that it finds, and the
// register workload, under the same seeds and faults, does not or in fewer of them. Without the
// bug, the workload is silent.
func TestWorkloadsFindWhatRegistersDoNot(t *testing.T) {
	faults := []string{"partition", "kill", "pause"}
	busy := func(p *plan.Plan) { p.Rate, p.Concurrency = 1500, 30 }
	local := map[string]string{"reads": "local", "snapshot": "64"}
	for _, c := range []struct {
		workload, bug string
		seeds         uint64
		kinds         []string
		options       map[string]string // the register's reads are always the default ones
		change        func(*plan.Plan)
	}{
		{"bank", "txn-no-rollback", 2, faults, nil, nil},
		{"counter", "no-session-dedupe", 16, faults, nil, nil},
		{"list-append", "txn-stale-read", 2, faults, nil, nil},
		{"lock", "no-session-dedupe", 20, faults, nil, nil},
		{"monotonic", "snapshot-installed-late", 6, []string{"partition", "pause"}, local, busy},
		{"queue", "no-session-dedupe", 10, faults, nil, nil},
		{"set", "proposals-not-abandoned", 6, faults, nil, nil},
		{"set-full", "proposals-not-abandoned", 10, faults, nil, nil},
		{"unique-ids", "proposals-not-abandoned", 6, faults, nil, nil},
	} {
		t.Run(c.workload, func(t *testing.T) {
			t.Parallel()
			found, alarms, registers := 0, 0, 0
			n := seedsOf(c.seeds)
			for seed := uint64(1); seed <= n; seed++ {
				p := workPlan(t, seed, c.workload, c.kinds...)
				if c.change != nil {
					c.change(&p)
				}
				p.Options = c.options
				if seed <= 2 || os.Getenv("SUNDER_SEEDS") != "" {
					alarms += invalid(t, p)
				}
				p.Bug = c.bug
				found += invalid(t, p)
				p.Workload, p.Options = "register", map[string]string{"snapshot": c.options["snapshot"]}
				registers += invalid(t, p)
			}
			t.Logf("%s: %d of %d seeds, register %d", c.bug, found, n, registers)
			if found <= registers {
				t.Errorf("%s is found in %d of %d seeds, by registers in %d", c.bug, found, n, registers)
			}
			if alarms > 0 {
				t.Errorf("%d false alarms", alarms)
			}
		})
	}
}

func invalid(t testing.TB, p plan.Plan) int {
	t.Helper()
	if judged(t, p).Verdict == checker.Invalid {
		return 1
	}
	return 0
}

// TestNoWorkloadBlamesACorrectSystem: every workload's checkers find the system valid, whatever is
// done to it.
func TestNoWorkloadBlamesACorrectSystem(t *testing.T) {
	mixes := [][]string{{"partition", "clock", "kill", "pause"}, {"partition", "kill", "power", "disk"}}
	for _, w := range workloads.All() {
		if !possible(w) {
			continue
		}
		t.Run(w.Name, func(t *testing.T) {
			t.Parallel()
			for seed := uint64(1); seed <= seedsOf(4); seed++ {
				p := workPlan(t, seed, w.Name, mixes[seed%2]...)
				if r := judged(t, p); r.Verdict != checker.Valid {
					t.Errorf("seed %d: %s: %s", seed, r.Verdict, r.Reason)
				}
			}
		})
	}
}

// possible says whether Raft can do the workload.
func possible(w workloads.Workload) bool {
	for _, op := range w.Ops {
		if !slices.Contains(raft.Protocol().Ops, op) {
			return false
		}
	}
	return true
}
