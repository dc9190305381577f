package sim_test

import (
	"runtime/debug"
	"syscall"
	"testing"
	"time"

	"sunder/harness/history"
	"sunder/harness/plan"
	"sunder/nodes/catalog"
)

// cpu is the time that this process has had on a core: others may be busy on the machine.
func cpu(b testing.TB) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// searchGC is how often a search collects garbage: a run leaves little that lives on.
const searchGC = 400

// BenchmarkSystems is short tests of each system, one after the other in the same memory, as a
// search runs them. How many seeds that is a minute says little without how large they are: a
// decree of Basic Paxos takes thirty events. So there is also a size of it at which a seed has as
// many events as in the prototype that the bar was measured with, about 980.
func BenchmarkSystems(b *testing.B) {
	defer debug.SetGCPercent(debug.SetGCPercent(searchGC))
	for _, c := range []struct {
		system, workload, size string
		rate                   float64
	}{{"raft", "register", "", 25}, {"etcdraft", "register", "", 25}, {"paxos", "consensus", "", 25},
		{"paxos", "register", "", 25}, {"paxos", "register", "-small", 6},
		{"multipaxos", "register", "", 25}, {"cheappaxos", "register", "", 25}} {
		b.Run(c.system+"/"+c.workload+c.size, func(b *testing.B) {
			protocol, err := catalog.Find(c.system)
			if err != nil {
				b.Fatal(err)
			}
			s := newSearch(b)
			s.many, s.protocol = true, protocol
			var seed, events, ops uint64
			began := cpu(b)
			for b.Loop() {
				seed++
				p := short(b, seed)
				p.System, p.Workload, p.Rate = c.system, c.workload, c.rate
				out := s.run(b, p)
				events, ops = events+out.steps, ops+operations(out)
			}
			took := cpu(b) - began
			b.ReportMetric(float64(events)/float64(b.N), "events/seed")
			b.ReportMetric(float64(ops)/float64(b.N), "ops/seed")
			b.ReportMetric(float64(b.N)/took.Minutes(), "seeds/cpu-min")
			b.ReportMetric(float64(events)/took.Seconds(), "events/cpu-s")
		})
	}
}

// operations is how many were invoked.
func operations(o outcome) (n uint64) {
	for i := range o.events {
		if e := &o.events[i]; e.Kind == history.Invoke && e.Process >= 0 {
			n++
		}
	}
	return n
}

// BenchmarkRun is whole tests, judged by everything: the usual one; a short one; and short ones in
// the memory of the one before, as a search runs them.
func BenchmarkRun(b *testing.B) {
	usual := func(seed uint64) plan.Plan {
		return planOf(b, seed, "", "partition", "clock", "kill", "pause")
	}
	searching := newSearch(b)
	searching.many = true
	for _, c := range []struct {
		name string
		run  func(seed uint64) (steps uint64)
	}{
		{"usual", func(seed uint64) uint64 { return run(b, usual(seed), true).steps }},
		{"short", func(seed uint64) uint64 { return run(b, short(b, seed), true).steps }},
		{"search", func(seed uint64) uint64 { return searching.run(b, short(b, seed)).steps }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			var seed, events uint64
			began := cpu(b)
			for b.Loop() {
				seed++
				events += c.run(seed)
			}
			took := cpu(b) - began
			b.ReportMetric(float64(b.N)/took.Minutes(), "seeds/cpu-min")
			b.ReportMetric(float64(events)/took.Seconds(), "events/cpu-s")
		})
	}
}
