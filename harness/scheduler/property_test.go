package scheduler_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sunder/harness/generator"
	"sunder/harness/history"
	"sunder/harness/scheduler"
	"sunder/harness/scheduler/schedulertest"
)

// drawOptions draws a test of a second with some faults, and final reads.
func drawOptions(t *rapid.T) scheduler.Options {
	main, err := schedulertest.Parse(rapid.SampledFrom([]string{
		"Mix(read, write).Stagger(5).TimeLimit(1000)",
		"Keys(2, 20, 3, 0, Reserve(1, read, write)).Delay(3).TimeLimit(1000)",
		"Phases(write.Limit(7), Sleep(100), read.Limit(9).EachThread())",
		"write.Delay(10).TimeLimit(1000)",
	}).Draw(t, "main"))
	if err != nil {
		t.Fatal(err)
	}
	o := scheduler.Options{
		Threads:        rapid.IntRange(1, 6).Draw(t, "threads"),
		Seed:           rapid.Uint64().Draw(t, "seed"),
		Main:           main,
		Final:          func() generator.Generator { return word(t, "final").Limit(3) },
		ClientTimeout:  100 * time.Millisecond,
		NemesisTimeout: 50 * time.Millisecond,
		RecoverTimeout: 500 * time.Millisecond,
	}
	for fault := range rapid.IntRange(0, 4).Draw(t, "faults") {
		at := rapid.IntRange(0, 1500).Draw(t, "at")
		value := history.Int(int64(fault))
		f := scheduler.Timed{At: time.Duration(at) * time.Millisecond, Fault: fault, Value: value}
		if rapid.IntRange(0, 3).Draw(t, "stays") == 0 {
			f.Stays, f.Value = true, stays+value
		}
		o.Faults = append(o.Faults, f)
		if !f.Stays && rapid.Bool().Draw(t, "ends") {
			f.At, f.End = f.At+50*time.Millisecond, true
			o.Faults = append(o.Faults, f)
		}
	}
	slices.SortStableFunc(o.Faults, func(a, b scheduler.Timed) int { return int(a.At - b.At) })
	return o
}

// stays begins the value of a fault that does.
const stays = "1000"

func word(t *rapid.T, f string) generator.Generator {
	g, err := schedulertest.Parse(f)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// drawAnswer completes operations in any way, or never, or when they were given up already.
func drawAnswer(t *rapid.T) schedulertest.Answer {
	return func(inv history.Event) (history.Event, time.Duration) {
		latency := time.Duration(rapid.IntRange(1, 200).Draw(t, "latency")) * time.Millisecond
		switch rapid.IntRange(0, 9).Draw(t, "outcome") {
		case 0:
			return history.Complete(inv, 0, "", errors.New("timeout")), latency
		case 1:
			return history.Complete(inv, 0, "", history.Definite(errors.New("refused"))), latency
		case 2:
			return inv, schedulertest.Never
		}
		return history.Complete(inv, 0, inv.Value, nil), latency
	}
}

// TestRules holds every history against the rules, whatever the system does.
func TestRules(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := drawOptions(t)
		events := schedulertest.Simulate(o, drawAnswer(t))
		ops, err := history.Pair(events)
		if err != nil {
			t.Fatal(err)
		}
		checkThreads(t, o, events)
		checkEnd(t, ops)
	})
}

// checkThreads: no more is open than there are threads, each thread runs one process after the
// other, and the journal's times never go back.
func checkThreads(t *rapid.T, o scheduler.Options, events []history.Event) {
	open := make(map[int]history.Process)
	for i, e := range events {
		if i > 0 && e.Time < events[i-1].Time {
			t.Fatalf("event %d goes back in time", i)
		}
		thread := -1
		if e.Process >= 0 {
			thread = int(e.Process) % o.Threads
		}
		p, busy := open[thread]
		if busy == (e.Kind == history.Invoke) || busy && p != e.Process {
			t.Fatalf("event %d, %s of process %d: thread %d is at process %d",
				i, e.Kind, e.Process, thread, p)
		}
		delete(open, thread)
		if e.Kind == history.Invoke {
			open[thread] = e.Process
		}
	}
}

// checkEnd: everything completes or is given up; the main phase, then an end for every fault that
// started and did not surely end before, then the recovery, then final reads, then an end for every
// fault that stays.
func checkEnd(t *rapid.T, ops []history.Operation) {
	active := make(map[history.Value]bool)
	recovered, finals := false, 0
	last := -1 // the latest completion so far
	for _, op := range ops {
		if op.Completion == nil {
			t.Fatalf("process %d's %s was left open", op.Invocation.Process, op.Invocation.F)
		}
		switch i := op.Invocation; {
		case i.F == "start":
			active[i.Value] = true
		case i.F == "end" && strings.HasPrefix(string(i.Value), stays):
			delete(active, i.Value)
			if finals < 3 {
				t.Fatalf("fault %s, which stays, is ended before the final reads", i.Value)
			}
		case i.F == "end" && op.Completion.Kind == history.OK:
			delete(active, i.Value)
		case i.F == "end":
			// Not certain: it is to be ended again, unless this was the last attempt.
			if recovered {
				t.Fatalf("fault %s is ended after the recovery", i.Value)
			}
		case i.F == "recover":
			if i.Index < last {
				t.Fatalf("the recovery begins before event %d", last)
			}
			recovered = true
		case i.F == "final":
			finals++
			if !recovered {
				t.Fatal("a final read before the recovery")
			}
		case recovered:
			t.Fatalf("%s after the recovery", i.F)
		}
		last = max(last, op.Completion.Index)
	}
	if finals != 3 {
		t.Fatalf("%d final reads, want 3", finals)
	}
	for f := range active {
		if !endedAtLast(ops, f) {
			t.Fatalf("fault %s was not ended at last", f)
		}
	}
}

// endedAtLast says whether the end of fault f was tried after everything that clients did before
// the recovery.
func endedAtLast(ops []history.Operation, f history.Value) bool {
	clients, end := -1, -1
	for _, op := range ops {
		switch i := op.Invocation; {
		case i.F == "end" && i.Value == f:
			end = i.Index
		case i.Process >= 0 && i.F != "final":
			clients = max(clients, op.Completion.Index)
		}
	}
	return end > clients
}
