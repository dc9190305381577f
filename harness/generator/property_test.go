package generator_test

import (
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

// expression draws a generator as text, so that a failure can be read. It always ends.
func expression(t *rapid.T) string {
	limit := rapid.IntRange(0, 60).Draw(t, "limit")
	return fmt.Sprintf("%s.Limit(%d)", part(t, 4), limit)
}

func part(t *rapid.T, depth int) string {
	if depth == 0 {
		return rapid.SampledFrom([]string{"read", "write", "crash", "slow", "flaky", "Sleep(7)",
			"Log(hello)", "read.Once()", "write.Limit(3)"}).Draw(t, "leaf")
	}
	sub := func() string { return part(t, depth-1) }
	n := func(most int) int { return rapid.IntRange(1, most).Draw(t, "n") }
	switch rapid.IntRange(0, 19).Draw(t, "shape") {
	case 0:
		return fmt.Sprintf("Mix(%s, %s)", sub(), sub())
	case 1:
		return fmt.Sprintf("Any(%s, %s)", sub(), sub())
	case 2:
		return fmt.Sprintf("Phases(%s, %s)", sub(), sub())
	case 3:
		return fmt.Sprintf("Reserve(%d, %s, %s)", n(3), sub(), sub())
	case 4:
		return fmt.Sprintf("Keys(%d, %d, %d, %d, %s)", n(3), n(9), n(5), n(4), sub())
	case 5:
		return fmt.Sprintf("%s.FlipFlop(%s)", sub(), sub())
	case 6:
		return fmt.Sprintf("%s.Then(%s)", sub(), sub())
	case 7:
		return fmt.Sprintf("%s.Stagger(%d)", sub(), n(20))
	case 8:
		return fmt.Sprintf("%s.Delay(%d)", sub(), n(20))
	case 9:
		return fmt.Sprintf("%s.TimeLimit(%d)", sub(), n(200))
	case 10:
		return fmt.Sprintf("%s.Repeat(%d)", sub(), n(3))
	case 11:
		return sub() + ".EachThread()"
	case 12:
		return sub() + ".UntilOK()"
	case 13:
		return sub() + ".Synchronize()"
	case 14:
		return sub() + ".OnNemesis()"
	case 15:
		return fmt.Sprintf("%s.Thread(%d)", sub(), n(3)-1)
	case 16:
		return fmt.Sprintf("Mix(%s, drop.Limit(30)).Except(drop)", sub())
	case 17:
		return sub() + ".Clients()"
	}
	return fmt.Sprintf("%s.Limit(%d)", sub(), n(20))
}

// TestEveryTestEndsWellFormed: whatever is combined, a test comes to its end, its history is one
// that processes can produce, and the same seed yields it again.
func TestEveryTestEndsWellFormed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := expression(t)
		threads := rapid.IntRange(1, 6).Draw(t, "threads")
		seed := rapid.Uint64().Draw(t, "seed")
		run := func() []history.Event {
			g, err := schedulertest.Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			return schedulertest.Simulate(scheduler.Options{Threads: threads, Seed: seed, Main: g}, answer)
		}
		events := run()
		ops, err := history.Pair(events)
		if err != nil {
			t.Fatal(err)
		}
		for i, o := range ops {
			if o.Completion == nil {
				t.Fatalf("operation %d of process %d is open at the end", i, o.Invocation.Process)
			}
		}
		if again := run(); !slices.Equal(events, again) {
			t.Fatal("the same seed yielded another history")
		}
	})
}

// TestGeneratorsAreValues asks every generator twice, and tells it twice of every completion: the
// first time must not show in the second.
func TestGeneratorsAreValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g, err := schedulertest.Parse(expression(t))
		if err != nil {
			t.Fatal(err)
		}
		threads := generator.NewThreads(rapid.IntRange(1, 6).Draw(t, "threads"), 1)
		var open []history.Event
		now := time.Duration(0)
		for range 300 {
			c := threads.Context(now)
			op, verdict, at, next := g.Next(c)
			op2, verdict2, at2, again := g.Next(c)
			if op != op2 || verdict != verdict2 || at != at2 {
				t.Fatalf("asked twice at %v: %+v %d %v, then %+v %d %v",
					now, op, verdict, at, op2, verdict2, at2)
			}
			g = next
			if rapid.Bool().Draw(t, "which") {
				g = again
			}
			if verdict == generator.Exhausted {
				return
			}
			if verdict == generator.Emit && op.Log != "" {
				threads.Step()
				continue
			}
			if verdict == generator.Emit {
				if !threads.Free(op.Thread) {
					t.Fatalf("thread %d is not free", op.Thread)
				}
				threads.Take(op.Thread)
				open = append(open, history.Event{Process: threads.Process(op.Thread), F: op.F, Key: op.Key})
				continue
			}
			if verdict == generator.NotYet {
				if at <= now {
					t.Fatalf("not yet at %v, but at %v", now, at)
				}
				now = at
			}
			if len(open) > 0 {
				i := rapid.IntRange(0, len(open)-1).Draw(t, "completes")
				e := open[i]
				open = slices.Delete(open, i, i+1)
				e.Kind = history.Kind(rapid.IntRange(int(history.OK), int(history.Info)).Draw(t, "kind"))
				threads.Release(threads.Of(e.Process), e.Kind)
				c := threads.Context(now)
				one, two := g.Update(c, e), g.Update(c, e)
				op, verdict, at, _ := one.Next(c)
				op2, verdict2, at2, _ := two.Next(c)
				if op != op2 || verdict != verdict2 || at != at2 {
					t.Fatalf("told twice: %+v %d %v, then %+v %d %v", op, verdict, at, op2, verdict2, at2)
				}
				g = one
			}
		}
	})
}

// TestRandIsEven draws as generators do, step by step: every number, and every pair of numbers
// that follow each other, comes about equally often.
func TestRandIsEven(t *testing.T) {
	const n, draws = 10, 100_000
	threads := generator.NewThreads(1, 1)
	var count [n]int
	var pairs [n][n]int
	last := uint64(0)
	for range draws {
		x := threads.Context(0).Rand("test", n)
		if x != threads.Context(time.Hour).Rand("test", n) {
			t.Fatal("the draw depends on the time")
		}
		count[x]++
		pairs[last][x]++
		last = x
		threads.Step()
	}
	for x := range n {
		if count[x] < draws/n*95/100 || count[x] > draws/n*105/100 {
			t.Errorf("%d came %d times of %d", x, count[x], draws)
		}
		for y := range n {
			if p := pairs[x][y]; p < draws/n/n*80/100 || p > draws/n/n*120/100 {
				t.Errorf("%d, %d came %d times of %d", x, y, p, draws)
			}
		}
	}
}

// TestTurns: no thread has a third turn while another that is free waits for its second.
func TestTurns(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 255).Draw(t, "threads")
		g, err := schedulertest.Parse("read.Delay(1)")
		if err != nil {
			t.Fatal(err)
		}
		threads := generator.NewThreads(n, rapid.Uint64().Draw(t, "seed"))
		turns := make([]int, n)
		for i := range 3 * n {
			op, verdict, _, next := g.Next(threads.Context(time.Duration(i) * time.Millisecond))
			if g = next; verdict != generator.Emit {
				t.Fatalf("operation %d: verdict %d", i, verdict)
			}
			threads.Take(op.Thread)
			threads.Release(op.Thread, history.OK)
			turns[op.Thread]++
			if slices.Max(turns)-slices.Min(turns) > 1 {
				t.Fatalf("after %d operations: %d", i+1, turns)
			}
		}
	})
}
