package linear

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"sunder/checker"
	"sunder/harness/history"
)

// New is a checker of the objects that m describes.
func New[S, O comparable](m Model[S, O], b Budget) checker.Checker {
	if m.String == nil {
		m.String = func(o O) string { return fmt.Sprint(o) }
	}
	return &linear[S, O]{m, b.filled()}
}

type linear[S, O comparable] struct {
	model  Model[S, O]
	budget Budget
}

// finding is what is known of one key.
type finding[O any] struct {
	key     string
	ops     []Op[O]
	verdict checker.Verdict
	engine  string
	reason  string
	anomaly checker.Anomaly
	drawn   []checker.Picture
}

// figures is what a check counts.
type figures struct {
	Keys       int `json:"keys"`
	Operations int `json:"operations"` // that were judged: ok, and info that may have mattered
	Longest    int `json:"longest"`    // operations on one key

	Engines   map[string]int `json:"engines"` // keys that each engine judged
	Left      []string       `json:"left,omitempty"`
	LeftCount int            `json:"left_count,omitempty"` // keys without a verdict
}

// leftMax bounds how many keys without verdict are named.
const leftMax = 10

func (l *linear[S, O]) Name() string { return "linearizable" }

func (l *linear[S, O]) Check(ctx context.Context, h checker.History) checker.Result {
	r := checker.Result{Name: l.Name(), Verdict: checker.Unknown}
	keys, byKey := history.ByKey(h.Operations)
	found := make([]finding[O], len(keys))
	for i, key := range keys {
		ops, err := l.parse(byKey[key])
		if err != nil {
			r.Reason = fmt.Sprintf("key %.40q: %v", key, err)
			return r
		}
		found[i] = finding[O]{key: key, ops: ops, verdict: checker.Unknown, reason: "not begun"}
	}
	slices.SortStableFunc(found, func(a, b finding[O]) int {
		return cmp.Compare(len(b.ops),
			len(a.ops))
	})
	within, cancel := context.WithTimeout(ctx, l.budget.Time)
	defer cancel()
	workers := min(l.budget.Workers, max(1, len(found)))
	for _, steps := range rounds {
		e := effort{l.budget.Memory / int64(workers), steps}
		each(within, len(found), workers, func(ctx context.Context, i int) bool {
			if found[i].verdict == checker.Unknown {
				l.attempt(ctx, &found[i], e)
			}
			return found[i].verdict == checker.Invalid
		})
		if slices.ContainsFunc(found, func(f finding[O]) bool { return f.verdict == checker.Invalid }) {
			break
		}
	}
	return l.sum(r, found)
}

// parse reads the operations on one key and drops those that prove nothing.
func (l *linear[S, O]) parse(in []history.Operation) ([]Op[O], error) {
	ops := make([]Op[O], 0, len(in))
	for _, o := range in {
		kind := o.Kind()
		if kind == history.Fail {
			continue
		}
		do, skip, err := l.model.Parse(o)
		if err != nil {
			return nil, fmt.Errorf("event %d: %w", o.Invocation.Index, err)
		}
		if skip {
			continue
		}
		op := Op[O]{Do: do, Index: o.Invocation.Index, Return: Open, Process: o.Invocation.Process}
		if kind == history.OK {
			op.Return = o.Completion.Index
		}
		ops = append(ops, op)
	}
	return ops, nil
}

// rounds are the steps that a search of one key may take, first and last: a key that is hard must
// not keep an easy one from being found invalid, whichever machine this runs on.
var rounds = []int{1 << 17, 0}

// attempt judges one key. A model's mistake must not take the run down with it.
func (l *linear[S, O]) attempt(ctx context.Context, f *finding[O], e effort) {
	defer func() {
		if p := recover(); p != nil {
			f.verdict, f.reason = checker.Unknown, fmt.Sprintf("panicked: %v", p)
		}
	}()
	l.judge(ctx, f, e)
}

// judge finds out about one key. What an engine says is not believed without its proof.
func (l *linear[S, O]) judge(ctx context.Context, f *finding[O], e effort) {
	d := l.decide(ctx, f.ops, e)
	f.engine = d.engine
	switch d.answer {
	case legal:
		if d.order != nil {
			if err := l.verify(f.ops, d.order); err != nil {
				f.reason = fmt.Sprintf("engine %s gave a wrong order: %v", d.engine, err)
				return
			}
		}
		f.verdict, f.reason = checker.Valid, ""
	case outOfTime:
		f.reason = "out of time"
	case outOfMemory:
		f.reason = fmt.Sprintf("more than %d MiB of memory", e.memory>>20)
	case outOfSteps:
		f.reason = fmt.Sprintf("not settled after %d steps", e.steps)
	case illegal:
		c := l.explain(ctx, f.ops, d, e)
		if c.refuted {
			f.reason = fmt.Sprintf("engine %s says impossible, porcupine does not", d.engine)
			return
		}
		f.verdict = checker.Invalid
		f.anomaly = l.anomaly(f.key, c)
		f.drawn = append([]checker.Picture{l.sketch(f.key, c)}, l.draw(f.key, c, f.ops)...)
		f.reason = f.anomaly.Words
	}
}

func (l *linear[S, O]) sum(r checker.Result, found []finding[O]) checker.Result {
	figures := figures{Keys: len(found), Engines: make(map[string]int)}
	r.Verdict = checker.Valid
	for i := range found {
		f := &found[i]
		figures.Operations += len(f.ops)
		if f.engine != "" {
			figures.Engines[f.engine]++
		}
		figures.Longest = max(figures.Longest, len(f.ops))
		switch {
		case f.verdict == checker.Invalid && r.Verdict != checker.Invalid:
			r.Verdict, r.Reason = checker.Invalid, f.reason
			r.Anomalies = []checker.Anomaly{f.anomaly}
			r.Pictures = f.drawn
		case f.verdict == checker.Unknown:
			if figures.LeftCount++; len(figures.Left) < leftMax {
				figures.Left = append(figures.Left, f.key)
			}
			if r.Verdict == checker.Valid {
				r.Verdict = checker.Unknown
				r.Reason = fmt.Sprintf("key %q (%d operations): %s", f.key, len(f.ops), f.reason)
			}
		}
	}
	if figures.Operations == 0 {
		r.Verdict, r.Reason = checker.Unknown, "no operation to judge"
	}
	if r.Verdict == checker.Unknown && figures.LeftCount > 1 {
		r.Reason += fmt.Sprintf("; %d of %d keys are left", figures.LeftCount, figures.Keys)
	}
	r.Details = figures
	return r
}
