package shrink

import (
	"fmt"
	"reflect"
	"slices"
	"time"

	"sunder/harness/plan"
)

// simpler is what may take the place of a word in a fault, and is simpler to think about.
var simpler = map[string]string{
	"all": "majority", "majority": "minority", "minority": "one", // targets
	"others":    "self",
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
		if f.Kind == "partition" && f.Shape != "leader-isolated" {
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
	func(f *plan.Fault) { f.Duration = plan.Of(rounded(f.Duration.Duration)) },
	trigger(func(t *plan.Trigger) { t.Nth = 0 }),
	trigger(func(t *plan.Trigger) { t.Delay = plan.Duration{} }),
	trigger(func(t *plan.Trigger) { t.Within = plan.Duration{} }),
	trigger(func(t *plan.Trigger) { t.Nth /= 2 }),
	trigger(func(t *plan.Trigger) {
		t.Delay = plan.Of((t.Delay.Duration / 2).Truncate(time.Millisecond))
	}),
	func(f *plan.Fault) { f.Stays = false },
	func(f *plan.Fault) { f.At = plan.Duration{} },
	func(f *plan.Fault) { f.At = plan.Of(f.At.Truncate(time.Second)) },
	func(f *plan.Fault) { f.At = plan.Of(f.At.Round(100 * time.Millisecond)) },
	func(f *plan.Fault) { f.Pick = 0 },
}

// rounded is d with one digit that counts, or d where that is longer.
func rounded(d time.Duration) time.Duration {
	unit := time.Millisecond
	for unit*10 <= d {
		unit *= 10
	}
	return max(d.Truncate(unit), min(d, briefest))
}

// trigger is a step that changes a fault's trigger, if it has one.
func trigger(step func(*plan.Trigger)) func(*plan.Fault) {
	return func(f *plan.Fault) {
		if f.On != nil {
			t := *f.On
			step(&t)
			f.On = &t
		}
	}
}

// simpler makes each fault as simple as it can be.
func (s *search) simpler() {
	for i := range s.best.Faults {
		for _, step := range steps {
			for s.change(i, step) {
			}
		}
		s.named(i)
	}
	s.plain()
}

// named names the one node of a fault, rather than to have it found by chance.
func (s *search) named(i int) {
	f := s.best.Faults[i]
	if f.Target != "one" && (f.Target != "" || f.Shape != "one") {
		return
	}
	for n := range s.best.Nodes {
		name := fmt.Sprintf("n%d", n+1)
		if s.change(i, func(f *plan.Fault) { f.Target, f.Pick = name, 0 }) {
			return
		}
	}
}

// change tries the best plan with a step done to a fault, if that changes anything.
func (s *search) change(i int, step func(*plan.Fault)) bool {
	p := s.best
	p.Faults = slices.Clone(p.Faults)
	step(&p.Faults[i])
	return !reflect.DeepEqual(p.Faults[i], s.best.Faults[i]) && s.try(p)
}

// plain starts faults at a time that waited for an event, where that fails as well.
func (s *search) plain() {
	if !slices.ContainsFunc(s.best.Faults, func(f plan.Fault) bool { return f.On != nil }) {
		return
	}
	recorded, ok := s.record()
	if !ok || len(recorded.Faults) != len(s.best.Faults) {
		return
	}
	for i, f := range recorded.Faults {
		if s.best.Faults[i].On != nil && f.On == nil {
			s.change(i, func(best *plan.Fault) { *best = f })
		}
	}
}
