package checker

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"sunder/harness/history"
)

// Window is a time in which a fault was in force.
type Window struct {
	Name       string        `json:"name"`
	Start, End time.Duration // history times
	Quorum     bool          // a connected live quorum was left, so that something must succeed
}

// Stats asks whether a run says anything at all: a history in which nothing happened shows no
// anomaly either. It never finds one; what is missing makes the run Unknown.
type Stats struct {
	Functions []string      // each must succeed; nil: all that clients invoked
	Windows   []Window      // the faults
	FloorOps  int           // least number of operations that clients completed as ok
	Final     string        // function of the final reads; empty: none are expected
	FinalFrom time.Duration // final reads are invoked at this time or later
}

// Count is how many operations were invoked and how they ended.
type Count struct {
	Invoked int `json:"invoked"`
	OK      int `json:"ok"`
	Fail    int `json:"fail"`
	Info    int `json:"info"`
}

func (c *Count) add(k history.Kind) {
	c.Invoked++
	switch k {
	case history.OK:
		c.OK++
	case history.Fail:
		c.Fail++
	default:
		c.Info++
	}
}

// figures is what Stats counts.
type figures struct {
	Total     Count             `json:"total"`
	Functions map[string]*Count `json:"functions"`
	Windows   []windowFigures   `json:"windows,omitempty"`
	FinalOK   int               `json:"final_ok"`
}

type windowFigures struct {
	Window
	Count
}

// Name is stats.
func (Stats) Name() string { return "stats" }

// Check counts operations and says what is missing. What is first asked after the last fault, such
// as final reads, cannot have succeeded before.
func (s Stats) Check(_ context.Context, h History) Result {
	f := figures{Functions: make(map[string]*Count)}
	for _, w := range s.Windows {
		f.Windows = append(f.Windows, windowFigures{Window: w})
	}
	before, after := make(map[string]bool), make(map[string]bool)
	late := make(map[string]bool) // never invoked until the last fault was over
	first, last := s.bounds()
	for _, o := range h.Operations {
		inv := o.Invocation
		if inv.Process == history.Nemesis {
			continue
		}
		if f.Functions[inv.F] == nil {
			f.Functions[inv.F] = &Count{}
			late[inv.F] = inv.Time >= last
		}
		kind := o.Kind()
		f.Total.add(kind)
		f.Functions[inv.F].add(kind)
		for i := range f.Windows {
			if w := &f.Windows[i]; w.Start <= inv.Time && inv.Time < w.End {
				w.Count.add(kind)
			}
		}
		if kind != history.OK {
			continue
		}
		if o.Completion.Time < first || late[inv.F] {
			before[inv.F] = true
		}
		if inv.Time >= last {
			after[inv.F] = true
		}
		if inv.F == s.Final && inv.Time >= s.FinalFrom {
			f.FinalOK++
		}
	}
	r := Result{Name: s.Name(), Verdict: Valid, Details: f}
	if missing := s.missing(f, before, after); len(missing) > 0 {
		r.Verdict, r.Reason = Unknown, strings.Join(missing, "; ")
	}
	return r
}

// bounds are the start of the first fault and the end of the last.
func (s Stats) bounds() (first, last time.Duration) {
	for i, w := range s.Windows {
		if i == 0 || w.Start < first {
			first = w.Start
		}
		last = max(last, w.End)
	}
	return first, last
}

func (s Stats) missing(f figures, before, after map[string]bool) []string {
	var out []string
	say := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	functions := slices.Clone(s.Functions)
	if functions == nil {
		for name := range f.Functions {
			functions = append(functions, name)
		}
	}
	slices.Sort(functions)
	if f.Total.Invoked == 0 {
		say("no operation was invoked")
	}
	for _, name := range functions {
		if c := f.Functions[name]; c == nil || c.OK == 0 {
			say("no %s succeeded", name)
			continue
		}
		if len(s.Windows) == 0 {
			continue
		}
		if !before[name] {
			say("no %s succeeded before the first fault", name)
		}
		if !after[name] {
			say("no %s succeeded after the last fault", name)
		}
	}
	for _, w := range f.Windows {
		if w.Invoked == 0 {
			say("nothing was invoked during %s", w.Name)
		} else if w.Quorum && w.OK == 0 {
			say("nothing succeeded during %s, which left a quorum", w.Name)
		}
	}
	if f.Total.OK < s.FloorOps {
		say("%d operations succeeded, at least %d must", f.Total.OK, s.FloorOps)
	}
	if s.Final != "" && f.FinalOK == 0 {
		say("no final %s succeeded", s.Final)
	}
	return out
}
