package host

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"sunder/nodes"
)

// TestTimersOnAFastClock lets the owner sleep true time while the node's clock runs at some rate.
func TestTimersOnAFastClock(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rate := rapid.Float64Range(1, 2).Draw(t, "rate")
		d := time.Duration(rapid.Int64Range(1, int64(10*time.Second)).Draw(t, "timer"))
		var ts timers
		ts.set(1, nodes.Mono(d))
		var now nodes.Mono
		wakes := 0
		for now < nodes.Mono(d) {
			now = now.Add(time.Duration(float64(ts.sleep(now))*rate) + 1)
			if wakes++; wakes > 64 {
				t.Fatalf("still %v short after %d wakes", d-time.Duration(now), wakes)
			}
		}
		if late := now.Sub(nodes.Mono(d)); late > nap+time.Microsecond {
			t.Fatalf("a timer of %v is %v late at rate %g", d, late, rate)
		}
	})
}

func TestTimersFallDueInOrder(t *testing.T) {
	var ts timers
	if _, _, set := ts.next(); set || ts.sleep(0) != never {
		t.Error("no timer is set, but one falls due")
	}
	for id, at := range map[nodes.TimerID]nodes.Mono{4: 20, 2: 10, 3: 10, 1: 30} {
		ts.set(id, at)
	}
	ts.set(1, 5)
	ts.set(1, 40) // moved, twice
	var got []nodes.TimerID
	for id, _, set := ts.next(); set; id, _, set = ts.next() {
		got = append(got, id)
		delete(ts.due, id)
	}
	if want := [...]nodes.TimerID{2, 3, 4, 1}; len(got) != 4 || [4]nodes.TimerID(got) != want {
		t.Errorf("fell due in order %v, want %v", got, want)
	}
	ts.set(7, 5)
	if d := ts.sleep(100); d != 0 {
		t.Errorf("a timer that is overdue waits for %v", d)
	}
}

func TestRandomIsKeyed(t *testing.T) {
	draw := func(seed uint64, purposes ...string) (out []uint64) {
		r := random{seed: seed}
		for _, p := range purposes {
			out = append(out, r.draw(p, 1<<62))
		}
		return out
	}
	a, b := draw(1, "x", "y", "x"), draw(1, "y", "x", "x")
	if a[0] != b[1] || a[1] != b[0] || a[2] != b[2] {
		t.Errorf("numbers depend on the order of purposes: %v, %v", a, b)
	}
	if a[0] == a[2] || a[0] == draw(2, "x")[0] || a[0] == a[1] {
		t.Errorf("numbers repeat: %v", a)
	}
	r := random{seed: 5}
	var counts [10]int
	for range 10_000 {
		counts[r.draw("election", 10)]++
	}
	for v, n := range counts {
		if n < 800 || n > 1200 {
			t.Errorf("%d was drawn %d times of 10000", v, n)
		}
	}
	if r.draw("none", 0) != 0 {
		t.Error("a number below 0")
	}
}
