package main

import (
	"slices"
	"testing"
	"time"

	"sunder/harness/plan"
	"sunder/nodes/raft"
	"sunder/search"
)

// The hash is the same whoever listens, and another one if anything of a run is.
func TestTheHashIsOfTheRun(t *testing.T) {
	plans := search.Prey{Protocol: raft.Protocol()}.Plan
	const seeds = 4
	want, err := settings{twice: true}.hashAll(plans, 1, seeds)
	if err != nil {
		t.Fatal(err)
	}
	on := true
	for _, s := range []settings{{blind: true}, {watch: true}, {codec: &on}} {
		if got, err := s.hashAll(plans, 1, seeds); err != nil || !slices.Equal(got, want) {
			t.Errorf("%+v: %x, want %x; %v", s, got, want, err)
		}
	}
	other, err := settings{}.hashAll(func(seed uint64) (plan.Plan, error) {
		p, err := plans(seed)
		if seed == 3 {
			p.TimeLimit.Duration += time.Second
		}
		return p, err
	}, 1, seeds)
	if err != nil || other[2] == want[2] || other[1] != want[1] || other[3] != want[3] {
		t.Errorf("a second more of seed 3 gives %x, and was %x; %v", other, want, err)
	}
}
