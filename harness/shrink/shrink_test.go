package shrink

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sunder/harness/plan"
)

func big(faults int) plan.Plan {
	p := plan.Plan{Version: plan.Version, Seed: 1, Nodes: 5, Concurrency: 10, Rate: 200,
		TimeLimit: plan.Of(20 * time.Second),
		Network:   plan.Network{Links: "stream", Loss: 0.05, Reorder: 0.1}}
	for i := range faults {
		kind := []string{"power", "partition", "pause"}[i%3]
		p.Faults = append(p.Faults, plan.Fault{Kind: kind, Target: "majority", Pick: uint64(i) + 1,
			At: plan.Of(time.Duration(i+1) * 777 * time.Millisecond), Duration: plan.Of(time.Second)})
	}
	return p
}

func TestOnlyWhatIsNeededIsLeft(t *testing.T) {
	needs := func(p plan.Plan) bool { // a pause of more than one node, and lost messages
		return p.Network.Loss > 0 && p.Nodes >= 3 && slices.ContainsFunc(p.Faults,
			func(f plan.Fault) bool { return f.Kind == "pause" && f.Target != "one" })
	}
	got := Plan(big(20), 2000, needs)
	p := got.Plan
	if len(p.Faults) != 1 || p.Nodes != 3 || p.Concurrency != 1 || p.Rate != 1 ||
		p.TimeLimit.Duration > 2*time.Second {
		t.Errorf("after %d runs there is left %+v", got.Runs, p)
	}
	if f := p.Faults[0]; f.Target != "minority" || f.At.Duration >= time.Second ||
		f.Duration.Duration > 2*briefest {
		t.Errorf("the fault is not as simple as can be: %+v", f)
	}
	if !reflect.DeepEqual(p.Network, plan.Network{Loss: 0.05}) {
		t.Errorf("the network is not as calm as can be: %+v", p.Network)
	}
}

func TestASmallerPlanMayNeedAnotherSeed(t *testing.T) {
	odd := func(p plan.Plan) bool { return len(p.Faults) >= 1 && (len(p.Faults) >= 6 || p.Seed%2 == 0) }
	if got := Plan(big(6), 1000, odd); len(got.Plan.Faults) != 1 {
		t.Errorf("%d faults are left, want 1", len(got.Plan.Faults))
	}
}

// Whatever fails for whatever reason: the result fails, is no larger, and the budget holds.
func TestTheResultStillFails(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		start := big(rapid.IntRange(1, 12).Draw(t, "faults"))
		needed := rapid.SliceOfN(rapid.SampledFrom(start.Faults), 0, 4).Draw(t, "needed")
		runs, budget := 0, rapid.IntRange(0, 300).Draw(t, "budget")
		fails := func(p plan.Plan) bool {
			for _, n := range needed {
				if !slices.ContainsFunc(p.Faults, func(f plan.Fault) bool {
					return f.Kind == n.Kind && f.At == n.At
				}) {
					return false
				}
			}
			return true
		}
		got := Plan(start, budget, func(p plan.Plan) bool { runs++; return fails(p) })
		if !fails(got.Plan) || len(got.Plan.Faults) > len(start.Faults) || runs > budget ||
			runs != got.Runs {
			t.Fatalf("%d runs of %d, said %d: %+v", runs, budget, got.Runs, got.Plan)
		}
	})
}
