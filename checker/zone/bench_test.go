package zone

import (
	"fmt"
	"testing"

	"sunder/checker/compact"
	"sunder/checker/crosscheck"
)

func raw(l crosscheck.Load) []compact.Raw {
	var out []compact.Raw
	for _, o := range l.Make() {
		out = append(out, compact.Raw{From: o.Old, To: o.New, Call: o.Call, Return: o.Return,
			Reads: o.Reads, Writes: o.Writes, Null: o.Reads && o.Old == 0})
	}
	return out
}

func BenchmarkMillion(b *testing.B) {
	for _, cas := range []bool{false, true} {
		for _, clients := range []int{5, 30} {
			for _, open := range []float64{0, 0.05} {
				for _, bad := range []bool{false, true} {
					l := crosscheck.Load{Ops: 1e6, Clients: clients, Open: open, Unique: true, CAS: cas,
						Bad: bad, Seed: 1}
					b.Run(fmt.Sprintf("cas=%v/clients=%d/open=%v/bad=%v", cas, clients, open, bad),
						func(b *testing.B) { judge(b, raw(l), bad) })
				}
			}
		}
	}
}

func judge(b *testing.B, in []compact.Raw, bad bool) {
	b.ReportAllocs()
	for b.Loop() {
		u, unique := compact.Intern(len(in), func(i int) compact.Raw { return in[i] }).Unique()
		if !unique {
			b.Fatal("values repeat")
		}
		order, w := Check(u)
		if (w != nil) != bad {
			b.Fatalf("witness %v", w)
		}
		if w == nil {
			if err := verify(u, order); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(len(in)), "ops")
}
