package scheduler_test

import (
	"testing"
	"time"

	"sunder/harness/generator"
	"sunder/harness/scheduler"
	"sunder/harness/scheduler/schedulertest"
)

// TestFaultsBeginAtOnce: with a script the nemesis does not wait for the first operation.
func TestFaultsBeginAtOnce(t *testing.T) {
	for atOnce, want := range map[bool]time.Duration{true: 10 * time.Millisecond, false: 60 * time.Millisecond} {
		events := schedulertest.Simulate(scheduler.Options{Threads: 1, AtOnce: atOnce,
			Main: generator.Script([]generator.Due{{At: 50 * time.Millisecond, Op: generator.Op{F: "read"}},
				{At: 90 * time.Millisecond, Op: generator.Op{F: "read"}}}),
			Faults: []scheduler.Timed{{At: 10 * time.Millisecond}}}, schedulertest.AllOK(time.Millisecond))
		var got time.Duration
		for _, e := range events {
			if e.F == "start" && got == 0 {
				got = e.Time
			}
		}
		if got != want {
			t.Errorf("at once %v: the fault began at %v, want %v", atOnce, got, want)
		}
	}
}
