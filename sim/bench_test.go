package sim_test

import (
	"syscall"
	"testing"
	"time"

	"sunder/harness/plan"
)

// cpu is the time that this process has had on a core: others may be busy on the machine.
func cpu(b testing.TB) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkRun is whole tests, judged by everything: the usual one, and a short one of about 4
// simulated seconds and 100 operations as a search for bugs runs them.
func BenchmarkRun(b *testing.B) {
	short := func(seed uint64) plan.Plan {
		p := planOf(b, seed, "", "partition", "clock", "kill", "pause")
		p.TimeLimit, p.Rate, p.Concurrency = plan.Of(3*time.Second), 25, 4
		for i := range p.Faults { // 10 s of faults in 3
			f := &p.Faults[i]
			f.At.Duration, f.Duration.Duration = f.At.Duration*3/10, f.Duration.Duration*3/10
		}
		return p
	}
	for name, make := range map[string]func(uint64) plan.Plan{
		"usual": func(seed uint64) plan.Plan {
			return planOf(b, seed, "", "partition", "clock", "kill", "pause")
		},
		"short": short,
	} {
		b.Run(name, func(b *testing.B) {
			var seed uint64
			var events uint64
			began := cpu(b)
			for b.Loop() {
				seed++
				events += run(b, make(seed), true).steps
			}
			took := cpu(b) - began
			b.ReportMetric(float64(b.N)/took.Minutes(), "seeds/cpu-min")
			b.ReportMetric(float64(events)/took.Seconds(), "events/cpu-s")
		})
	}
}
