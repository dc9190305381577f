package nemesis

import (
	"testing"
	"time"
)

// TestSuccession: every plan can be done, strikes after changes, and is another one for another seed.
func TestSuccession(t *testing.T) {
	struck, peace := 0, 0
	seen := map[string]bool{}
	for seed := range uint64(200) {
		o := Options{Seed: seed, Nodes: 3 + 2*int(seed%2), TimeLimit: 6 * time.Second}
		faults := o.Succession()
		if len(faults) < 3 {
			t.Errorf("seed %d: only %d faults", seed, len(faults))
		}
		waits := 0
		words := ""
		for i, f := range faults {
			if f.On != nil && f.On.Event == "configured" {
				waits++
			}
			if f.At.Duration+f.Duration.Duration > o.TimeLimit+2*time.Second {
				t.Errorf("seed %d: fault %d lasts beyond the test: %+v", seed, i, f)
			}
			words += f.Kind + f.Target + f.At.String()
		}
		seen[words] = true
		struck += waits
		if waits == 0 {
			peace++
		}
	}
	if struck < 400 || peace == 0 || len(seen) < 190 {
		t.Errorf("%d strikes after changes, %d plans without any, %d plans differ", struck, peace, len(seen))
	}
}
