package main

import (
	"fmt"
	"testing"

	"sunder/harness/report"
)

func TestWilson(t *testing.T) {
	for _, c := range []struct {
		k, n int
		want string
	}{{0, 0, "0.000 1.000"}, {0, 10, "0.000 0.278"}, {10, 10, "0.722 1.000"}, {5, 10, "0.237 0.763"}} {
		low, high := wilson(c.k, c.n)
		if got := fmt.Sprintf("%.3f %.3f", low, high); got != c.want {
			t.Errorf("%d of %d: %s, want %s", c.k, c.n, got, c.want)
		}
	}
}

func TestReproducedMeansTheSameClassOfAnomaly(t *testing.T) {
	failed := func(class string) report.Results {
		return report.Results{Verdict: "invalid", Anomalies: []report.Anomaly{{Class: class}}}
	}
	first := failed("stale read")
	got := compare(&first, []report.Results{failed("stale read"), failed("lost write"), {}}, false)
	if got.Same != 1 || got.Runs != 3 {
		t.Errorf("%d of %d, want 1 of 3: another failure does not count", got.Same, got.Runs)
	}
	got = compare(nil, []report.Results{{}, failed("lost write"), failed("lost write")}, false)
	if got.Same != 2 || got.Class != "lost write" {
		t.Errorf("%d of %d of class %q, want 2 lost writes", got.Same, got.Runs, got.Class)
	}
	exact := report.Results{HistoryHash: "a", TraceHash: "b"}
	got = compare(&exact, []report.Results{exact, {HistoryHash: "a", TraceHash: "c"}}, true)
	if got.Same != 1 {
		t.Errorf("%d of 2 are the same, want 1: another trace is another run", got.Same)
	}
}
