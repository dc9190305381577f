package harnesstest

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"sunder/harness"
	"sunder/harness/history"
	"sunder/harness/scheduler"
	"sunder/nemesis"
)

// watched stands between the conductor and an environment, and is the journal of both.
type watched struct {
	harness.Environment
	t *testing.T

	events   []history.Event
	returned []history.Event // by Await
	late     []history.Event // of those, the ones that were not journaled
	drained  bool            // Await had nothing more since anything was begun or completed
}

func (w *watched) conduct(ctx context.Context, s *scheduler.Scheduler) {
	w.t.Helper()
	w.drained = true
	if err := harness.Conduct(ctx, context.WithoutCancel(ctx), w, s, w, func(string) {}); err != nil {
		w.t.Fatal(err)
	}
}

// Append writes an event down.
func (w *watched) Append(e history.Event) (history.Event, error) {
	e.Index = len(w.events)
	w.events = append(w.events, e)
	return e, nil
}

// Flush has nothing to do.
func (w *watched) Flush() error { return nil }

// Await passes completions on.
func (w *watched) Await(until time.Duration) (history.Event, bool) {
	e, ok := w.Environment.Await(until)
	if w.drained = !ok; ok {
		w.returned = append(w.returned, e)
	}
	return e, ok
}

// begin is before anything is done about an invocation.
func (w *watched) begin(inv history.Event) {
	if n := len(w.events); n == 0 || w.events[n-1] != inv {
		w.t.Errorf("%s is done before it is in the journal", inv.F)
	}
	if !w.drained {
		w.t.Errorf("%s is done while completions wait", inv.F)
	}
	w.drained = false
}

// Invoke starts an operation.
func (w *watched) Invoke(inv history.Event) {
	w.begin(inv)
	w.Environment.Invoke(inv)
}

// Inject starts or ends a fault.
func (w *watched) Inject(inv history.Event, fault int, end bool) {
	w.begin(inv)
	w.Environment.Inject(inv, fault, end)
}

// Recover waits until the system serves again.
func (w *watched) Recover(inv history.Event) {
	w.begin(inv)
	w.Environment.Recover(inv)
}

// check holds the history against what a run can produce and against what the environment said,
// and counts how operations ended, as "function kind".
func (w *watched) check() map[string]int {
	w.t.Helper()
	ops, err := history.Pair(w.events)
	if err != nil {
		w.t.Fatal(err)
	}
	count := map[string]int{}
	phases := []string{}
	for _, o := range ops {
		if o.Completion == nil {
			w.t.Errorf("%+v stays open", o.Invocation)
			continue
		}
		count[o.Invocation.F+" "+o.Kind().String()]++
		if f := o.Invocation.F; f == "recover" || f == "final" || f == "end" {
			phases = append(phases, f)
		}
		if o.Invocation.F == "end" {
			var r nemesis.Record
			if err := o.Completion.Value.Decode(&r); err != nil || r.Effect != nemesis.Proven {
				w.t.Errorf("the fault came to %+v, %v", r, err)
			}
		}
	}
	if !slices.IsSortedFunc(phases, func(a, b string) int { return phase(a) - phase(b) }) {
		w.t.Errorf("healing, recovery and the final phase came in the order %v", phases)
	}
	w.compare()
	return count
}

// compare wants every completion in the journal that Await returned, in that order, but for those
// that came after they had been given up.
func (w *watched) compare() {
	w.t.Helper()
	var journaled []history.Event
	for _, e := range w.events {
		if e.Kind != history.Invoke && !strings.HasPrefix(e.Error, "given up") {
			journaled = append(journaled, e)
		}
	}
	for _, e := range w.returned {
		if len(journaled) > 0 {
			if e.Index = journaled[0].Index; e == journaled[0] {
				journaled = journaled[1:]
				continue
			}
		}
		w.late = append(w.late, e)
	}
	if len(journaled) > 0 {
		w.t.Errorf("the journal has %+v, which was not said then", journaled[0])
	}
}

func phase(f string) int { return slices.Index([]string{"end", "recover", "final"}, f) }
