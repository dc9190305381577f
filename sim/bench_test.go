package sim_test

import (
	"syscall"
	"testing"
	"time"

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

// BenchmarkSystems is short tests of each system, one after the other in the same memory.
func BenchmarkSystems(b *testing.B) {
	for _, c := range []struct{ system, workload string }{{"raft", "register"}, {"etcdraft", "register"},
		{"paxos", "consensus"}, {"paxos", "register"}, {"multipaxos", "register"},
		{"cheappaxos", "register"}} {
		b.Run(c.system+"/"+c.workload, func(b *testing.B) {
			protocol, err := catalog.Find(c.system)
			if err != nil {
				b.Fatal(err)
			}
			s := newSearch(b)
			s.many, s.protocol = true, protocol
			var seed, events uint64
			began := cpu(b)
			for b.Loop() {
				seed++
				p := short(b, seed)
				p.System, p.Workload = c.system, c.workload
				events += s.run(b, p).steps
			}
			took := cpu(b) - began
			b.ReportMetric(float64(b.N)/took.Minutes(), "seeds/cpu-min")
			b.ReportMetric(float64(events)/took.Seconds(), "events/cpu-s")
		})
	}
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
