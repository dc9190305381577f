package shrink

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sunder/harness/plan"
)

func ms(n int) plan.Duration { return plan.Of(time.Duration(n) * time.Millisecond) }

func big(faults int) plan.Plan {
	p := plan.Plan{Version: plan.Version, Seed: 1, Nodes: 5, Concurrency: 10, Rate: 200,
		TimeLimit: plan.Of(20 * time.Second),
		Network:   plan.Network{Links: "stream", Loss: 0.05, Reorder: 0.1}}
	for i := range faults {
		kind := []string{"power", "partition", "pause"}[i%3]
		p.Faults = append(p.Faults, plan.Fault{Kind: kind, Target: "majority", Pick: uint64(i) + 1,
			At: ms((i + 1) * 777), Duration: plan.Of(time.Second)})
	}
	return p
}

// imagined are runs of plans that fail for a reason: they say 60 operations of 10 threads, and 50
// messages, of which every tenth is as any other.
func imagined(fails func(plan.Plan) bool) Runs {
	return Runs{Fails: fails, Record: func(p plan.Plan) (r Recording) {
		for i := range 60 {
			r.Script = append(r.Script, plan.ScriptedOp{At: ms(i * 300), Thread: i % 10, F: "write",
				Key: fmt.Sprint("k", i%3), Value: fmt.Sprint(i)})
		}
		for i := range 50 {
			takes := fixed
			if i%10 > 0 {
				takes += time.Duration(i) * time.Millisecond
			}
			r.Messages = append(r.Messages, plan.Except{From: "n1", To: "n2", Kind: "vote", Nth: i + 1,
				Takes: plan.Of(takes)})
		}
		r.Faults = slices.Clone(p.Faults)
		for i := range r.Faults {
			if r.Faults[i].On != nil {
				r.Faults[i].On, r.Faults[i].At, r.Faults[i].Target = nil, ms(300), "n2"
			}
		}
		return r
	}}
}

func has(p plan.Plan, values ...string) bool {
	for _, v := range values {
		if !slices.ContainsFunc(p.Script, func(o plan.ScriptedOp) bool { return o.Value == v }) {
			return false
		}
	}
	return true
}

func TestOnlyWhatIsNeededIsLeft(t *testing.T) {
	needs := func(p plan.Plan) bool { // a pause of more than one node, two writes, and slow messages
		slow := p.Network.Reorder > 0 || slices.ContainsFunc(p.Network.Except,
			func(e plan.Except) bool { return e.Nth == 13 })
		return slow && p.Nodes >= 3 && (len(p.Script) == 0 || has(p, "17", "23")) &&
			slices.ContainsFunc(p.Faults,
				func(f plan.Fault) bool { return f.Kind == "pause" && f.Target != "one" })
	}
	got := Plan(big(20), 5000, imagined(needs))
	p := got.Plan
	if len(p.Faults) != 1 || p.Nodes != 3 || p.Concurrency != 8 || len(p.Script) != 2 ||
		p.TimeLimit.Duration > 100*time.Millisecond {
		t.Errorf("after %d runs there is left %+v", got.Runs, p)
	}
	if f := p.Faults[0]; f.Target != "minority" || f.At.Duration != 0 || f.Pick != 0 ||
		f.Duration.Duration > 2*briefest {
		t.Errorf("the fault is not as simple as can be: %+v", f)
	}
	if want := (plan.Network{Fixed: plan.Of(fixed), Except: []plan.Except{{From: "n1", To: "n2",
		Kind: "vote", Nth: 13, Takes: ms(13)}}}); !reflect.DeepEqual(p.Network, want) {
		t.Errorf("the network is not as calm as can be: %+v", p.Network)
	}
}

func TestAnOptionThatMustBeGivenIsASmallNumber(t *testing.T) {
	p := big(1)
	p.Options = map[string]string{"snapshot": "64", "chunk": "64", "reads": "lease"}
	runs := imagined(func(p plan.Plan) bool {
		every := p.Options["snapshot"]
		return (every == "64" || every == "8") && p.Options["reads"] == "lease"
	})
	runs.Options = map[string][]string{"snapshot": {"1000", "64", "4", "8", "off"},
		"reads": {"log", "lease"}}
	got := Plan(p, 1000, runs).Plan.Options
	if want := map[string]string{"snapshot": "8", "reads": "lease"}; !maps.Equal(got, want) {
		t.Errorf("the options are %v, not %v", got, want)
	}
}

func TestATriggerBecomesATime(t *testing.T) {
	p := big(0)
	p.Faults = []plan.Fault{{Kind: "kill", Target: "receiver", At: ms(100), Duration: ms(500),
		On: &plan.Trigger{Event: "delivered", Kind: "vote", Nth: 9, Delay: ms(40)}}}
	for name, c := range map[string]struct {
		fails func(plan.Fault) bool
		on    *plan.Trigger
	}{
		"any kill":   {func(plan.Fault) bool { return true }, nil},
		"the moment": {func(f plan.Fault) bool { return f.On != nil }, &plan.Trigger{Event: "delivered", Kind: "vote"}},
		"the fourth": {func(f plan.Fault) bool { return f.On != nil && f.On.Nth >= 4 },
			&plan.Trigger{Event: "delivered", Kind: "vote", Nth: 4}},
	} {
		got := Plan(p, 1000, imagined(func(p plan.Plan) bool {
			return len(p.Faults) == 1 && p.Faults[0].Kind == "kill" && c.fails(p.Faults[0])
		})).Plan
		f := got.Faults[0]
		if !reflect.DeepEqual(f.On, c.on) || f.On == nil && f.Target != "n2" {
			t.Errorf("%s: left is %+v on %+v", name, f, f.On)
		}
	}
}

func TestASmallerPlanMayNeedAnotherSeed(t *testing.T) {
	odd := func(p plan.Plan) bool { return len(p.Faults) >= 1 && (len(p.Faults) >= 6 || p.Seed%3 == 0) }
	if got := Plan(big(6), 1000, imagined(odd)); len(got.Plan.Faults) != 1 {
		t.Errorf("%d faults are left, want 1", len(got.Plan.Faults))
	}
}

func TestARunThatIsNoScriptIsShrunkAnyway(t *testing.T) {
	fails := func(p plan.Plan) bool { return len(p.Script) == 0 && len(p.Faults) > 2 }
	got := Plan(big(12), 1000, imagined(fails)).Plan
	if len(got.Faults) != 3 || len(got.Script) != 0 || got.Concurrency != 1 || got.Rate != 1 {
		t.Errorf("left is %+v", got)
	}
}

// Whatever fails for whatever reason: the result fails, is no larger, and the budget holds.
func TestTheResultStillFails(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		start := big(rapid.IntRange(1, 12).Draw(t, "faults"))
		needed := rapid.SliceOfN(rapid.SampledFrom(start.Faults), 0, 4).Draw(t, "needed")
		values := rapid.SliceOfN(rapid.IntRange(0, 59), 0, 4).Draw(t, "values")
		mood := rapid.Uint64Range(1, 4).Draw(t, "mood")
		runs, budget := 0, rapid.IntRange(0, 600).Draw(t, "budget")
		fails := func(p plan.Plan) bool {
			for _, n := range needed {
				if !slices.ContainsFunc(p.Faults, func(f plan.Fault) bool { return f.Kind == n.Kind }) {
					return false
				}
			}
			for _, v := range values {
				if len(p.Script) > 0 && !has(p, fmt.Sprint(v)) {
					return false
				}
			}
			// A run may show it or not, as its seed wants, but what was given does.
			return hash(p)%mood == 0 || p.Seed == 1
		}
		by := imagined(func(p plan.Plan) bool { runs++; return fails(p) })
		record := by.Record
		by.Record = func(p plan.Plan) Recording { runs++; return record(p) }
		got := Plan(start, budget, by)
		switch p := got.Plan; {
		case !fails(p):
			t.Fatalf("it does not fail: %+v", p)
		case runs > budget || runs != got.Runs:
			t.Fatalf("%d runs of %d, said %d", runs, budget, got.Runs)
		case len(p.Faults) > len(start.Faults) || p.Nodes > start.Nodes || len(p.Script) > 60 ||
			p.Concurrency > start.Concurrency || p.TimeLimit.Duration > start.TimeLimit.Duration:
			t.Fatalf("it is larger: %+v", p)
		case p.Check() != nil:
			t.Fatalf("it is no plan: %v", p.Check())
		}
	})
}
