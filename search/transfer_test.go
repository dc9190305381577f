package search_test

import (
	"testing"
	"time"

	"sunder/harness/history"
	"sunder/harness/plan"
	"sunder/nemesis"
	"sunder/nodes"
	"sunder/search"
	"sunder/sim"
)

// elsewhere is a failing run as containers leave it behind: what clients did, when which faults
// were in force, and what the nodes observed. It was simulated over another network under a seed
// that the transfer does not know.
func elsewhere(t *testing.T, bug string, seed uint64) (e search.Evidence, class string) {
	t.Helper()
	faults, err := nemesis.Generate(nemesis.Options{Seed: seed, Nodes: 5, Kinds: []string{"partition"},
		TimeLimit: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	e.Plan = plan.Plan{Version: plan.Version, Seed: seed, Environment: "sim", System: "raft",
		Workload: "register", Bug: bug, Nodes: 5, Concurrency: 10, Rate: 200,
		TimeLimit: plan.Of(10 * time.Second), Faults: faults,
		Network: plan.Network{Links: "stream", Latency: plan.Of(2 * time.Millisecond)}}
	e.Observed = map[nodes.ID][]nodes.Observed{}
	r := search.Runner{Watch: func(sim.Moment) {}, // so that the history tells of the faults
		Observe: func(o nodes.Observed) { e.Observed[o.Node] = append(e.Observed[o.Node], o) }}
	defer r.Close()
	o, err := r.Run(t.Context(), e.Plan)
	if err != nil {
		t.Fatal(err)
	}
	e.Events = append([]history.Event(nil), o.Events...)
	e.Plan.Environment, e.Plan.Network = "docker", plan.Network{}
	if class = o.Class(); class != "" {
		e.Ops = o.Result.Anomalies[0].Ops
	}
	return e, class
}

// What fails elsewhere fails in the simulation, and what does not fail there does not here.
func TestTransfer(t *testing.T) {
	for _, bug := range []string{"stale-read", "lost-ack", ""} {
		failed, came, most := 0, 0, 2
		if bug == "" {
			most = 1
		}
		for seed := uint64(1); seed <= 6 && failed < most; seed++ {
			e, class := elsewhere(t, bug, seed)
			if class == "" && bug != "" {
				continue
			}
			failed++
			found, err := search.Hunt(t.Context(), e.Transfer(), 0, search.Budget{Seeds: 40, Class: class})
			if err != nil {
				t.Fatal(err)
			}
			if found.Found {
				came++
				if !found.Outcome.Has(class) || found.Plan.Environment != "sim" || len(found.Plan.Script) == 0 {
					t.Errorf("%s, seed %d: %s from %+v", bug, seed, found.Outcome.Class(), found.Plan.Network)
				}
			}
		}
		if bug == "" && came > 0 || bug != "" && (failed == 0 || came < failed-1) {
			t.Errorf("bug %q: %d of %d failures came back", bug, came, failed)
		}
	}
}

// Delays are those that the leaders saw.
func TestTransferFitsDelays(t *testing.T) {
	e, _ := elsewhere(t, "stale-read", 1)
	p, err := e.Transfer()(3)
	if err != nil {
		t.Fatal(err)
	}
	if l := p.Network.Latency.Duration; p.Network.Links != "stream" || l < time.Millisecond || l > 4*time.Millisecond {
		t.Errorf("a network of 2 ms was taken for %+v", p.Network)
	}
}
