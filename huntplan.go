package main

import (
	"math/rand/v2"
	"time"

	"sunder/harness/plan"
	"sunder/nemesis"
	"sunder/nodes"
)

// huntLimit is the main phase of a test that hunts a bug: many short tests see more beginnings.
const huntLimit = 6 * time.Second

// mixes are the kinds of fault that go together; a seed takes one.
var mixes = [][]string{
	{"partition", "kill"},
	{"partition", "clock", "kill", "pause"},
	{"power", "partition"},
	{"power", "disk", "kill"},
	{"partition", "clock"},
}

// unsound are values of options under which a system promises less than is checked.
var unsound = map[string]string{"reads": "local"}

// huntPlan is the plan of a seed in the hunt for a bug. Everything that a person could choose is
// chosen by the seed, half of the time as by default.
func huntPlan(seed uint64, protocol nodes.Protocol, bug string) (plan.Plan, error) {
	rng := rand.New(rand.NewPCG(seed, 2))
	p := plan.Plan{Version: plan.Version, Seed: seed, Environment: "sim", System: protocol.Name,
		Workload: "register", Bug: bug, Options: map[string]string{}, Nodes: 3 + 2*rng.IntN(2),
		Concurrency: 4 + rng.IntN(8), Rate: float64(50 + 50*rng.IntN(6)), TimeLimit: plan.Of(huntLimit)}
	for _, o := range protocol.Options {
		if v := o.Values[rng.IntN(len(o.Values))]; rng.IntN(2) == 0 && v != unsound[o.Name] {
			p.Options[o.Name] = v
		}
	}
	if rng.IntN(3) == 0 { // readers that stay and writers that roam
		p.Options["clients"], p.Options["timeout"] = "apart", "200ms"
	}
	if rng.IntN(2) == 0 {
		p.Network = nemesis.Network(seed)
	}
	var err error
	p.Faults, err = nemesis.Generate(nemesis.Options{Seed: seed, Nodes: p.Nodes,
		Kinds: mixes[rng.IntN(len(mixes))], TimeLimit: huntLimit,
		Assumption: protocol.Clock(p.Options)})
	return p, err
}
