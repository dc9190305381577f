package generator_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"sunder/harness/generator"
	"sunder/harness/history"
	"sunder/harness/scheduler"
	"sunder/harness/scheduler/schedulertest"
)

// TestGenerators runs what testdata describes. A failure means that a generator behaves otherwise
// than it was: run with -rewrite and commit the difference only if you understand it.
func TestGenerators(t *testing.T) {
	datadriven.Walk(t, "testdata/golden", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			g, err := schedulertest.Parse(d.Input)
			if err != nil {
				t.Fatalf("%s: %v", d.Pos, err)
			}
			threads, seed := 2, 1
			d.MaybeScanArgs(t, "threads", &threads)
			d.MaybeScanArgs(t, "seed", &seed)
			o := scheduler.Options{Threads: threads, Seed: uint64(seed), Main: g}
			switch d.Cmd {
			case "operations":
				return operations(schedulertest.Simulate(o, answer))
			case "count":
				return count(schedulertest.Simulate(o, answer))
			}
			return "no such command: " + d.Cmd
		})
	})
}

// answer ends an operation as its function says: crash is info, refuse fails, flaky fails before
// 50 ms and is ok from then on, all else is ok. It takes 10 ms; slow 100 ms, quick 1 ms. late is
// info after 100 ms.
func answer(inv history.Event) (history.Event, time.Duration) {
	latency := 10 * time.Millisecond
	var err error
	switch inv.F {
	case "crash":
		err = fmt.Errorf("crashed")
	case "late":
		err, latency = fmt.Errorf("crashed late"), 100*time.Millisecond
	case "refuse":
		err = history.Definite(fmt.Errorf("refused"))
	case "flaky":
		if inv.Time < 50*time.Millisecond {
			err = history.Definite(fmt.Errorf("refused"))
		}
	case "quick":
		latency = time.Millisecond
	case "slow":
		latency = 100 * time.Millisecond
	}
	return history.Complete(inv, 0, inv.Value, err), latency
}

// operations draws a line for each operation: when, who, what, and how and when it ended.
func operations(events []history.Event) string {
	ops, err := history.Pair(events)
	if err != nil {
		return err.Error()
	}
	var b strings.Builder
	for _, o := range ops {
		if o.Invocation.F == "recover" {
			continue
		}
		b.WriteString(line(o))
	}
	return b.String()
}

func line(o history.Operation) string {
	i, c := o.Invocation, o.Completion
	what := strings.TrimSpace(fmt.Sprintf("%s %s %s", i.F, i.Key, i.Node))
	what = strings.Join(strings.Fields(what), " ")
	return fmt.Sprintf("%4d ms  process %2d  %-12s %-4s %4d ms\n",
		i.Time.Milliseconds(), i.Process, what, c.Kind, c.Time.Milliseconds())
}

// count says how often each process did what.
func count(events []history.Event) string {
	n := make(map[string]int)
	var order []string
	for _, e := range events {
		if e.Kind != history.Invoke || e.F == "recover" {
			continue
		}
		for _, what := range []string{
			e.F, fmt.Sprintf("process %2d", e.Process), strings.TrimSpace("key " + e.Key),
		} {
			if n[what]++; n[what] == 1 {
				order = append(order, what)
			}
		}
	}
	var b strings.Builder
	for _, what := range slices.Sorted(slices.Values(order)) {
		fmt.Fprintf(&b, "%-12s %d\n", what, n[what])
	}
	return b.String()
}

// Until goes on until an operation of its own has the answer that is waited for.
func TestUntil(t *testing.T) {
	op := func(f string) generator.Generator {
		return generator.Func(func(generator.Context, generator.Thread) generator.Op {
			return generator.Op{F: f}
		})
	}
	third := func(e history.Event) bool { return e.Value == "3" }
	taken := map[string]int{}
	events := schedulertest.Simulate(scheduler.Options{Threads: 2, Seed: 1, Main: generator.Phases(
		generator.Any(op("take").Until(third), op("other").Limit(9))).Clients()},
		func(inv history.Event) (history.Event, time.Duration) {
			taken[inv.F]++
			return history.Complete(inv, 0, history.Int(int64(taken[inv.F])), nil), time.Millisecond
		})
	if taken["other"] != 9 || taken["take"] < 3 || taken["take"] > 4 { // one may have been open
		t.Errorf("taken %v in %d events", taken, len(events))
	}
}
