package generator_test

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sunder/harness/generator"
	"sunder/harness/history"
	"sunder/harness/scheduler"
	"sunder/harness/scheduler/schedulertest"
)

// TestAScriptIsDoneAsItStands: nothing is added, left out or begun early, each operation is on its
// thread, and only that thread may be why one is late.
func TestAScriptIsDoneAsItStands(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const threads = 3
		script := make([]generator.Due, rapid.IntRange(0, 20).Draw(t, "ops"))
		for i := range script {
			at := time.Duration(rapid.IntRange(0, 50).Draw(t, "at")) * time.Millisecond
			script[i] = generator.Due{At: at, Op: generator.Op{F: "do", Key: fmt.Sprint("k", i%2),
				Node: "n1", Value: history.Int(int64(i)),
				Thread: generator.Thread(rapid.IntRange(0, threads-1).Draw(t, "thread"))}}
		}
		took := time.Duration(rapid.IntRange(1, 9).Draw(t, "took")) * time.Millisecond
		answer := schedulertest.AllOK(took)
		if rapid.Bool().Draw(t, "crash") { // then each thread has a new process each time
			answer = func(inv history.Event) (history.Event, time.Duration) {
				if inv.Process == history.Nemesis {
					return history.Complete(inv, 0, "", nil), took
				}
				return history.Complete(inv, 0, "", fmt.Errorf("crashed")), took
			}
		}
		var got []history.Event
		for _, e := range schedulertest.Simulate(scheduler.Options{Threads: threads, Seed: 1,
			Main: generator.Script(script).Clients()}, answer) {
			if e.Kind == history.Invoke && e.Process != history.Nemesis {
				got = append(got, e)
			}
		}
		slices.SortStableFunc(script, func(a, b generator.Due) int { return cmp.Compare(a.At, b.At) })
		free := map[generator.Thread]time.Duration{}
		want := make([]time.Duration, len(script))
		for i, d := range script {
			want[i] = max(d.At, free[d.Thread])
			free[d.Thread] = want[i] + took
		}
		if len(got) != len(script) {
			t.Fatalf("%d operations of a script of %d", len(got), len(script))
		}
		for i, d := range script {
			if !slices.ContainsFunc(got, func(e history.Event) bool {
				return e.Value == d.Value && e.Time == want[i] && e.F == "do" && e.Key == d.Key &&
					e.Node == "n1" && int(e.Process)%threads == int(d.Thread)
			}) {
				t.Fatalf("%+v is not there at %v: %+v", d, want[i], got)
			}
		}
	})
}

// TestAScriptIsAValue: who asks twice is answered twice the same, and nothing was changed.
func TestAScriptIsAValue(t *testing.T) {
	ops := []generator.Due{{At: 2, Op: generator.Op{F: "b", Thread: 1}}, {Op: generator.Op{F: "a"}}}
	g := generator.Script(ops)
	ops[1].F = "changed"
	c := generator.NewThreads(2, 1).Context(0)
	for range 2 {
		op, v, _, rest := g.Next(c)
		if op.F != "a" || v != generator.Emit {
			t.Fatalf("got %+v, verdict %d", op, v)
		}
		if _, v, at, _ := rest.Next(c); v != generator.NotYet || at != 2 {
			t.Fatalf("after it: verdict %d at %v", v, at)
		}
	}
}
