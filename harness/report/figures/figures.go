// Package figures computes what a report shows: spreads of latencies, rates, what each fault did
// to the clients, availability on the sides of a partition, recovery, and who led when. It is
// pure: events and observations go in, numbers come out.
package figures

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"sunder/harness/history"
)

// Ops are the operations of clients, in order of their invocation's time. What was invoked in a
// stretch of time is then a subslice of them.
type Ops []history.Operation

// NewOps pairs events and leaves the nemesis out. A history that no run can produce has no
// operations and gives history.Pair's error.
func NewOps(events []history.Event) (Ops, error) {
	paired, err := history.Pair(events)
	if err != nil {
		return nil, fmt.Errorf("make figures: %w", err)
	}
	ops := make(Ops, 0, len(paired))
	for _, o := range paired {
		if o.Invocation.Process != history.Nemesis {
			ops = append(ops, o)
		}
	}
	slices.SortStableFunc(ops, func(a, b history.Operation) int {
		return cmp.Compare(a.Invocation.Time, b.Invocation.Time)
	})
	return ops, nil
}

// Between are the operations invoked in [from, to).
func (o Ops) Between(from, to time.Duration) Ops {
	at := func(t time.Duration) int {
		i, _ := slices.BinarySearchFunc(o, t, func(op history.Operation, t time.Duration) int {
			return cmp.Compare(op.Invocation.Time, t)
		})
		return i
	}
	lo := at(from)
	return o[lo:max(lo, at(to))]
}

// Tally counts operations by how they ended; an open one counts as info.
func (o Ops) Tally() Tally {
	var t Tally
	for _, op := range o {
		t.add(op.Kind())
	}
	return t
}

// Span is the time from the first invocation to the last event.
func (o Ops) Span() time.Duration {
	if len(o) == 0 {
		return 0
	}
	return Last(o) - o[0].Invocation.Time
}

// Last is the time of the last event in ops.
func Last(ops Ops) time.Duration {
	var last time.Duration
	for _, op := range ops {
		last = max(last, op.Invocation.Time)
		if op.Completion != nil {
			last = max(last, op.Completion.Time)
		}
	}
	return last
}

// Tally is a count of operations by how they ended.
type Tally struct {
	OK   int `json:"ok"`
	Fail int `json:"fail"`
	Info int `json:"info"`
}

// Attempted is the number of all of them.
func (t Tally) Attempted() int { return t.OK + t.Fail + t.Info }

// Availability is the share that ended ok, from 0 to 1; it is NaN where nothing was attempted.
func (t Tally) Availability() float64 { return float64(t.OK) / float64(t.Attempted()) }

func (t *Tally) add(k history.Kind) {
	switch k {
	case history.OK:
		t.OK++
	case history.Fail:
		t.Fail++
	default:
		t.Info++
	}
}

// Spread is how a number of durations is spread. Quantiles are by nearest rank: each is a
// duration that occurred.
type Spread struct {
	N   int           `json:"n"`
	P50 time.Duration `json:"p50_ns"`
	P99 time.Duration `json:"p99_ns"`
	Max time.Duration `json:"max_ns"`
}

// NewSpread sorts ds and measures it. The Spread of nothing is zero.
func NewSpread(ds []time.Duration) Spread {
	if len(ds) == 0 {
		return Spread{}
	}
	slices.Sort(ds)
	return Spread{N: len(ds), P50: quantile(ds, 0.50), P99: quantile(ds, 0.99), Max: ds[len(ds)-1]}
}

// quantile is the smallest of sorted that at least a share q of all does not exceed.
func quantile(sorted []time.Duration, q float64) time.Duration {
	rank := int(math.Ceil(q * float64(len(sorted))))
	return sorted[min(max(rank, 1), len(sorted))-1]
}

// Latency is how the operations of one function ended, and how long the ok ones took.
type Latency struct {
	F string `json:"f"`
	Tally
	Spread
}

// Latencies are the latencies of each function, by name.
func (o Ops) Latencies() []Latency {
	tallies := make(map[string]*Tally)
	took := make(map[string][]time.Duration)
	var names []string
	for _, op := range o {
		f := op.Invocation.F
		if tallies[f] == nil {
			tallies[f] = new(Tally)
			names = append(names, f)
		}
		tallies[f].add(op.Kind())
		if op.Kind() == history.OK {
			took[f] = append(took[f], op.Completion.Time-op.Invocation.Time)
		}
	}
	slices.Sort(names)
	out := make([]Latency, 0, len(names))
	for _, f := range names {
		out = append(out, Latency{F: f, Tally: *tallies[f], Spread: NewSpread(took[f])})
	}
	return out
}
