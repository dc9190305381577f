package shrink

import (
	"slices"
	"time"

	"sunder/harness/plan"
)

// simpler is what may take the place of a word in a fault, and is simpler to think about.
var simpler = map[string]string{
	"all": "majority", "majority": "minority", "minority": "one", // targets
	"container": "process", // variants of a kill
	"stall":     "slow",    // and of a disk fault
}

// briefest is the shortest fault that is tried.
const briefest = 10 * time.Millisecond

// steps make one fault simpler. Each comes to an end.
var steps = []func(*plan.Fault){
	func(f *plan.Fault) {
		if f.Kind == "power" {
			f.Kind, f.Variant = "kill", "process"
		}
	},
	func(f *plan.Fault) {
		if f.Kind == "partition" {
			f.Shape, f.Target = "one", ""
		}
	},
	func(f *plan.Fault) {
		if to := simpler[f.Target]; to != "" {
			f.Target = to
		}
	},
	func(f *plan.Fault) {
		if to := simpler[f.Variant]; to != "" {
			f.Variant = to
		}
	},
	func(f *plan.Fault) {
		if half := f.Duration.Duration / 2; half >= briefest {
			f.Duration = plan.Of(half.Round(time.Millisecond))
		}
	},
	func(f *plan.Fault) { f.At = plan.Of(f.At.Round(100 * time.Millisecond)) },
	func(f *plan.Fault) { f.At = plan.Of(f.At.Truncate(time.Second)) },
	func(f *plan.Fault) { f.At = plan.Of((f.At.Duration / 2).Truncate(100 * time.Millisecond)) },
	func(f *plan.Fault) { f.Pick = 0 },
}

// simpler makes each fault as simple as it can be.
func (s *search) simpler() {
	for i := range s.best.Faults {
		for _, step := range steps {
			for {
				p := s.best
				p.Faults = slices.Clone(p.Faults)
				if step(&p.Faults[i]); p.Faults[i] == s.best.Faults[i] || !s.try(p) {
					break
				}
			}
		}
	}
}
