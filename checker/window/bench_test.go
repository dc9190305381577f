package window

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"time"

	"sunder/checker/crosscheck"
)

// cell is a register operation for Typed.
type cell struct {
	reads, writes bool
	from, to      int64
}

func register(l crosscheck.Load) ([]Op, *Typed[int64, cell]) {
	t := NewTyped(int64(0), func(s int64, o cell) (int64, bool) {
		if o.reads && o.from != s {
			return s, false
		}
		if o.writes {
			return o.to, true
		}
		return s, true
	}, func(o cell) bool { return !o.writes }, true)
	var ops []Op
	for _, r := range l.Make() {
		c := cell{reads: r.Reads, writes: r.Writes}
		if r.Reads {
			c.from = r.Old
		}
		if r.Writes {
			c.to = r.New
		}
		ops = append(ops, Op{r.Call, r.Return, t.Class(c)})
	}
	return ops, t
}

func BenchmarkFewValues(b *testing.B) {
	for _, l := range []crosscheck.Load{
		{Ops: 100_000, Clients: 5}, {Ops: 100_000, Clients: 10}, {Ops: 100_000, Clients: 10, Open: 0.01},
		{Ops: 100_000, Clients: 10, Open: 0.05}, {Ops: 100_000, Clients: 5, Bad: true},
		{Ops: 10_000, Clients: 10, Bad: true}, {Ops: 1000, Clients: 30},
		{Ops: 10_000, Clients: 30}, {Ops: 100_000, Clients: 30}, {Ops: 1_000_000, Clients: 10,
			Open: 0.05},
	} {
		l.CAS, l.Seed = true, 1
		b.Run(fmt.Sprintf("ops=%d/clients=%d/open=%v/bad=%v", l.Ops, l.Clients, l.Open, l.Bad),
			func(b *testing.B) {
				ops, m := register(l)
				b.ReportAllocs()
				for b.Loop() {
					ctx, cancel := context.WithTimeout(context.Background(), 40*time.Second)
					answer, _ := Search(ctx, ops, m, Limits{Memory: 4 << 30})
					cancel()
					b.ReportMetric(float64(answer), "answer")
				}
				var mem runtime.MemStats
				runtime.ReadMemStats(&mem)
				b.ReportMetric(float64(mem.Sys>>20), "MB-sys")
			})
	}
}
