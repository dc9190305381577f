package elle

import (
	"context"
	"testing"

	"sunder/checker"
	"sunder/checker/crosscheck"
)

func BenchmarkAppend(b *testing.B) {
	h := crosscheck.Lists(100_000, 20, 1)
	b.ReportAllocs()
	for b.Loop() {
		if r := Append("strict-serializable").Check(context.Background(), h); r.Verdict != checker.Valid {
			b.Fatal(r.Reason)
		}
	}
	b.ReportMetric(100_000*float64(b.N)/b.Elapsed().Seconds(), "txn/s")
}
