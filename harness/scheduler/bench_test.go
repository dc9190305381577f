package scheduler_test

import (
	"testing"
	"time"

	"sunder/harness/generator"
	"sunder/harness/history"
	"sunder/harness/scheduler"
)

// register is what a register workload does: groups of threads on a key, some of them reading.
func register() generator.Generator {
	read := generator.Func(func(generator.Context, generator.Thread) generator.Op {
		return generator.Op{F: "read"}
	})
	write := generator.Func(func(c generator.Context, _ generator.Thread) generator.Op {
		return generator.Op{F: "write", Value: history.Int(int64(c.Step))}
	})
	cas := generator.Func(func(c generator.Context, _ generator.Thread) generator.Op {
		return generator.Op{F: "cas", Value: history.Int(int64(c.Rand("old", 1000)))}
	})
	keys := generator.Keys{Group: 8, Limit: 200, Processes: 16, Of: func(string) generator.Generator {
		return generator.Reserve(3, read, generator.Mix(read, write, write, cas))
	}}
	return keys.Generator().TimeLimit(time.Hour)
}

// BenchmarkScheduler is one operation, Next and Complete, of 64 threads.
func BenchmarkScheduler(b *testing.B) {
	for _, c := range []struct {
		name  string
		main  generator.Generator
		batch int
	}{
		{"register, drained one by one", register(), 1},
		{"register, drained in batches", register(), 32},
		{"register, staggered", register().Stagger(1), 1},
	} {
		b.Run(c.name, func(b *testing.B) {
			s := scheduler.New(scheduler.Options{Threads: 64, Seed: 1, Main: c.main,
				ClientTimeout: time.Second, Faults: []scheduler.Timed{{At: time.Hour}}})
			open := make([]history.Event, 0, 64)
			now := time.Duration(0)
			b.ReportAllocs()
			for b.Loop() {
				now += 2 * time.Microsecond
				a := s.Next(now)
				for ; a.Kind != scheduler.Invoke; a = s.Next(now) {
					for _, e := range open[len(open)-c.batch:] {
						e.Kind, e.Time = history.OK, now
						s.Complete(e)
					}
					open = open[:len(open)-c.batch]
				}
				open = append(open, a.Event)
			}
		})
	}
}
