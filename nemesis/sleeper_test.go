package nemesis

import (
	"testing"
	"time"

	"sunder/harness/plan"
	"sunder/nodes"
)

// TestRecipes: each begins when it is told to, is over when the next one may begin at the latest,
// and is of faults that a plan can have.
func TestRecipes(t *testing.T) {
	messages := []string{"vote", "vote-reply", "append"}
	for seed := range uint64(100) {
		o := Options{Seed: seed, Nodes: 3 + 2*int(seed%2), TimeLimit: 2500 * time.Millisecond,
			Assumption: nodes.ClockAssumption{Bounded: true, Drift: 0.1}}
		c := cook{newReactor(o, recipesStream, messages)}
		recipes := map[string]func(time.Duration) []plan.Fault{"sleeper": c.sleeper,
			"swing": c.swing, "hearsay": c.hearsay, "relapse": c.relapse}
		if o.Nodes >= ReignsNodes {
			recipes["echo"], recipes["rumour"] = c.echo, c.rumour
		}
		for name, make := range recipes {
			faults := make(time.Second)
			if len(faults) < 2 {
				t.Errorf("seed %d: %s is %d faults", seed, name, len(faults))
			}
			for _, f := range faults {
				if f.At.Duration < time.Second || f.At.Duration+f.Duration.Duration > 2200*time.Millisecond ||
					f.Duration.Duration <= 0 {
					t.Errorf("seed %d: %s at 1 s has a fault at %v for %v", seed, name, f.At, f.Duration)
				}
			}
			l := Ledger{Nodes: nodeNames(o.Nodes), Assumption: o.Assumption}
			for _, f := range faults {
				if err := l.Check(f); err != nil {
					t.Errorf("seed %d: %s: %v", seed, name, err)
				}
			}
		}
	}
}
