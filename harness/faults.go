package harness

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"sunder/checker"
	"sunder/harness/history"
	"sunder/harness/plan"
	"sunder/nemesis"
)

// blink is a fault too short to ask that an operation began in it.
const blink = 50 * time.Millisecond

// lastWords is how long before clients end a fault has to be in force, to ask the same of one that
// outlasts them: less than the patience of an operation that it catches.
const lastWords = 500 * time.Millisecond

// late counts, beside the effects, the faults that came when clients had ended, or would have.
const late = "late"

// faults asks that every fault of the plan was done and had its effect: a test of a fault that was
// not there is none.
type faults struct {
	planned  []plan.Fault
	events   []history.Event
	names    []string
	limit    time.Duration // clients invoke until then; 0: to the end
	records  []nemesis.Record
	troubles []string
}

func (f *faults) read(records []nemesis.Record) {
	for _, e := range f.events {
		if e.Process != history.Nemesis || e.Kind == history.Invoke {
			continue
		}
		if e.Error != "" {
			f.troubles = append(f.troubles, fmt.Sprintf("%s: %s", e.F, e.Error))
		}
		if e.F == "recover" || records != nil {
			continue
		}
		var r nemesis.Record
		if err := e.Value.Decode(&r); err != nil {
			f.troubles = append(f.troubles, fmt.Sprintf("event %d: %v", e.Index, err))
			continue
		}
		f.add(r)
	}
	f.records = slices.Grow(f.records, len(records))
	for _, r := range records {
		f.add(r)
	}
}

func (f *faults) add(r nemesis.Record) {
	if r.Start.Duration != 0 || r.Effect != "" { // else its start was refused: it never was
		f.records = append(f.records, r)
	}
}

// windows are those of the faults that clients had the time to notice.
func (f faults) windows() []checker.Window {
	var out []checker.Window
	for _, w := range f.all() {
		if w.End-w.Start < blink || f.late(w) {
			continue
		}
		out = append(out, checker.Window{Name: w.Name, Start: w.Start, End: w.End,
			Quorum: w.Quorum >= quorumStretch})
	}
	return out
}

func (f faults) all() []nemesis.Window {
	var end time.Duration
	if len(f.events) > 0 {
		end = f.events[len(f.events)-1].Time
	}
	return nemesis.Windows(f.names, end, untilRecovery(f.records, f.events))
}

// late says that a fault came into force when clients had ended, or were about to, and that none of
// them noticed: the faults before it took longer than planned. It shows nothing, and nothing is
// asked of it.
func (f faults) late(w nemesis.Window) bool {
	return f.limit > 0 && w.End > f.limit && f.limit-w.Start < lastWords &&
		!slices.ContainsFunc(f.events, func(e history.Event) bool {
			return e.Kind == history.Invoke && e.Process != history.Nemesis &&
				w.Start <= e.Time && e.Time < w.End
		})
}

// triggered says that faults of the plan wait for events, which may come late.
func (f faults) triggered() bool {
	return slices.ContainsFunc(f.planned, func(p plan.Fault) bool { return p.On != nil })
}

// left is how many of the plan's faults were never done: because the test was interrupted or they
// were due after its end, which leaves a test that is not the planned one; or, delayed, because the
// faults before them took longer than planned, as they do on a busy machine.
func (f faults) left(done map[int]bool) (left, delayed int) {
	whole := f.limit > 0 && slices.ContainsFunc(f.events, func(e history.Event) bool {
		return e.Kind == history.Invoke && e.F == "recover" && e.Time >= f.limit
	})
	for i, p := range f.planned {
		switch {
		case done[i]:
		case whole && p.At.Duration < f.limit:
			delayed++
		default:
			left++
		}
	}
	return left, delayed
}

func (faults) Name() string { return "faults" }

func (f faults) Check(context.Context, checker.History) checker.Result {
	r := checker.Result{Name: f.Name(), Verdict: checker.Valid}
	reasons := slices.Clone(f.troubles)
	counts := map[nemesis.Effect]int{}
	ended := map[int]bool{}
	for _, rec := range f.records {
		if rec.Effect != "" {
			ended[rec.Fault] = true
		}
	}
	for _, rec := range f.records {
		if rec.Effect == "" {
			if !ended[rec.Fault] {
				reasons = append(reasons, fmt.Sprintf("%s was not seen to end", rec))
			}
			continue
		}
		counts[rec.Effect]++
		if rec.Effect == nemesis.Never {
			reasons = append(reasons, fmt.Sprintf("%s never began: no %s came", rec, rec.Asked.On.Event))
		}
		if rec.Effect == nemesis.None {
			reasons = append(reasons, fmt.Sprintf("%s had no effect (%s)", rec,
				strings.Join(rec.Evidence, ", ")))
		}
		if len(rec.Healed) > 0 {
			reasons = append(reasons, fmt.Sprintf("%s healed by itself on %s", rec,
				strings.Join(rec.Healed, ", ")))
		}
	}
	windows := f.all()
	for _, w := range windows {
		if f.late(w) {
			counts[late]++
		}
	}
	left, delayed := f.left(ended)
	if n := counts[late]; n+delayed > 0 && n == len(windows) && !f.triggered() {
		reasons = append(reasons, fmt.Sprintf("no fault was in force before clients ended (%v): "+
			"the time limit is too short for these faults here", f.limit))
	}
	if delayed > 0 {
		counts[late] += delayed
	}
	if left > 0 {
		reasons = append(reasons, fmt.Sprintf("%d of the plan's %d faults were never done", left,
			len(f.planned)))
	}
	if len(reasons) > 0 {
		r.Verdict, r.Reason = checker.Unknown, strings.Join(reasons, "; ")
	}
	r.Details = counts
	return r
}
