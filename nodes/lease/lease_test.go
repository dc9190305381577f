package lease

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"sunder/nodes"
)

// TestNoLeaseOutlivesWhatItRestsOn: whatever the clocks do within the assumption, the leader's lease
// is over, in true time, before the first of those who are bound is free.
func TestNoLeaseOutlivesWhatItRestsOn(t *testing.T) {
	drift := Assumption(map[string]string{"reads": "lease"}).Drift
	rapid.Check(t, func(t *rapid.T) {
		bound := time.Duration(rapid.Int64Range(1, int64(time.Minute)).Draw(t, "bound"))
		slow := rapid.Float64Range(1-drift, 1+drift).Draw(t, "leader")
		fast := rapid.Float64Range(1-drift, 1+drift).Draw(t, "other")
		held, free := float64(Lasts(bound))/slow, float64(bound)/fast
		if held > free+1 { // a nanosecond of rounding
			t.Errorf("the lease lasts %v of true time, and another may lead after %v",
				time.Duration(held), time.Duration(free))
		}
	})
	if late := float64(Lasts(time.Second))*1.01/(1-drift) - float64(time.Second)/(1+drift); late <= 0 {
		t.Error("a lease that is 1 % longer is safe, too: the margin is too large")
	}
}

// TestRounds: a round is remembered while fewer than kept began after it, and no longer.
func TestRounds(t *testing.T) {
	var r Rounds
	r.Start(5)
	for n := range uint64(3 * kept) {
		now := nodes.Mono(5 + 10*n)
		if n > 0 {
			r.Begin(now)
		}
		for round := range n + 1 {
			known := n-round < kept
			age := time.Duration(10 * (n - round))
			if r.Last != n || r.Within(age+1, round, now) != known || r.Within(age, round, now) {
				t.Fatalf("round %d of %d: began within %v: %v, want %v", round, n, age+1,
					r.Within(age+1, round, now), known)
			}
		}
	}
	r.Start(0)
	if r.Last != 0 || !r.Within(1, 0, 0) {
		t.Error("a new reign begins with the rounds of the one before")
	}
}
