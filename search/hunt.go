package search

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"sunder/checker"
	"sunder/harness/plan"
)

// Budget bounds a hunt. Each is no bound where it is 0.
type Budget struct {
	Seeds   int           // plans that are run, over all workers
	Time    time.Duration // on the wall
	Workers int           // goroutines; 0: one
	// Vary lets half of the plans be variations of one that reached a new state.
	Vary bool
	// Class, where it is given, is the one that counts; a run with other anomalies goes by.
	Class string
	// Ran, where there is one, counts plans as they are run.
	Ran *atomic.Int64
}

// Catch is what a hunt came to.
type Catch struct {
	Plan    plan.Plan // that failed
	Outcome Outcome   // of it; without its events
	Found   bool
	Seeds   int // plans that were run, this one included
	Unknown int // of them without a verdict
	Doubt   Doubt
	Steps   uint64
	OK      int    // operations that were answered ok
	Proven  int    // faults that had an effect
	States  int    // different states that were reached
	Other   string // class of an anomaly that did not count
	Took    time.Duration
}

// Doubt is the first plan without a verdict.
type Doubt struct {
	Seed   uint64
	Reason string
}

// Plans makes the plan of a seed.
type Plans func(seed uint64) (plan.Plan, error)

// Hunt runs plans until one shows an anomaly or the budget is spent. Worker w of n runs the seeds
// first+w, first+w+n, ..., and each has a corpus of its own, so that what it does depends on
// nobody's speed.
func Hunt(ctx context.Context, plans Plans, first uint64, b Budget) (Catch, error) {
	began := time.Now()
	if b.Time > 0 {
		var cancel func()
		ctx, cancel = context.WithTimeout(ctx, b.Time)
		defer cancel()
	}
	var best atomic.Uint64 // how far from the first the least seed is that failed
	best.Store(math.MaxUint64)
	workers := max(1, b.Workers)
	hunters := make([]*hunter, workers)
	var group sync.WaitGroup
	for i := range hunters {
		hunters[i] = &hunter{plans: plans, budget: b, seed: first + uint64(i), step: uint64(workers),
			first: first, best: &best, left: share(b.Seeds, workers, i)}
		if b.Vary {
			hunters[i].runner.States = NewStates()
		}
		group.Go(func() { hunters[i].hunt(ctx) })
	}
	group.Wait()
	return gather(hunters, time.Since(began))
}

// share is how many of the seeds are the i-th worker's; without a bound it is -1.
func share(seeds, workers, i int) int {
	if seeds == 0 {
		return -1
	}
	return (seeds - i + workers - 1) / workers
}

func gather(hunters []*hunter, took time.Duration) (Catch, error) {
	out := Catch{Took: took}
	var errs []error
	for _, h := range hunters {
		if h.found && (!out.Found || h.plan.Seed-h.first < out.Plan.Seed-h.first) {
			out.Found, out.Plan, out.Outcome = true, h.plan, h.outcome
		}
		out.Seeds += h.ran
		if h.unknown > 0 && (out.Unknown == 0 || h.doubt.Seed < out.Doubt.Seed) {
			out.Doubt = h.doubt
		}
		out.Unknown += h.unknown
		out.Steps += h.steps
		out.OK += h.ok
		out.Proven += h.proven
		out.Other = cmp.Or(out.Other, h.other)
		if h.budget.Vary {
			out.States += h.runner.States.Len()
		}
		errs = append(errs, h.err)
	}
	return out, errors.Join(errs...)
}

// hunter is one worker.
type hunter struct {
	plans  Plans
	budget Budget
	runner Runner
	corpus []plan.Plan // that reached new states, the last ones
	first  uint64
	seed   uint64
	step   uint64
	left   int
	best   *atomic.Uint64 // see Hunt

	plan    plan.Plan
	outcome Outcome
	found   bool
	ran     int
	unknown int
	doubt   Doubt
	steps   uint64
	ok      int
	proven  int
	other   string
	err     error
}

// corpusMin is how many plans there shall be before one is varied.
const corpusMin = 16

// corpusMax bounds a corpus: the latest plans are from where the unknown begins.
const corpusMax = 256

// hunt runs plans until one fails, or until all that are left have greater seeds than one that
// failed elsewhere: the least is found, whoever is faster.
func (h *hunter) hunt(ctx context.Context) {
	defer h.runner.Close()
	for ; h.left != 0 && ctx.Err() == nil && h.err == nil; h.left-- {
		at := h.seed - h.first
		if at > h.best.Load() {
			return
		}
		p, err := h.next()
		if err != nil {
			h.err = err
			return
		}
		o, err := h.runner.Run(ctx, p)
		if ctx.Err() != nil {
			return
		}
		if h.ran++; h.budget.Ran != nil {
			h.budget.Ran.Add(1)
		}
		h.steps, h.ok, h.proven = h.steps+o.Steps, h.ok+o.OK, h.proven+o.Proven
		switch {
		case err != nil:
			h.err = err
		case o.Result.Verdict == checker.Invalid && h.budget.Class != "" && !o.Has(h.budget.Class):
			h.other = o.Class()
		case o.Result.Verdict == checker.Invalid:
			o.Events = nil
			h.plan, h.outcome, h.found = p, o, true
			for least := h.best.Load(); at < least; least = h.best.Load() {
				h.best.CompareAndSwap(least, at)
			}
			return
		case o.Result.Verdict == checker.Unknown:
			if h.unknown++; h.unknown == 1 {
				h.doubt = Doubt{p.Seed, o.Result.Reason}
			}
		}
		if h.budget.Vary && h.runner.States.Fresh() > 0 {
			h.keep(p)
		}
	}
}

func (h *hunter) keep(p plan.Plan) {
	if len(h.corpus) == corpusMax {
		h.corpus = slices.Delete(h.corpus, 0, corpusMax/4)
	}
	h.corpus = append(h.corpus, p)
}

// next is a new plan, or a variation of one of the corpus under the next seed.
func (h *hunter) next() (plan.Plan, error) {
	seed := h.seed
	h.seed += h.step
	rng := rand.New(rand.NewPCG(seed, 4))
	fresh, err := h.plans(seed)
	if err != nil || len(h.corpus) < corpusMin || rng.IntN(2) == 0 {
		return fresh, err
	}
	return vary(rng, h.corpus[rng.IntN(len(h.corpus))], fresh), nil
}

// vary is p with some of it changed, or taken from the fresh plan, whose seed it gets.
func vary(rng *rand.Rand, p, fresh plan.Plan) plan.Plan {
	p.Seed, p.Faults = fresh.Seed, slices.Clone(p.Faults)
	for range 1 + rng.IntN(3) {
		switch rng.IntN(5) {
		case 0:
			p.Network = fresh.Network
		case 1:
			// Targets may be named, and clocks are bounded by what the options assume of them.
			if p.Nodes == fresh.Nodes && maps.Equal(p.Options, fresh.Options) && len(fresh.Faults) > 0 {
				p.Faults = append(p.Faults, fresh.Faults[rng.IntN(len(fresh.Faults))])
			}
		case 2:
			if len(p.Faults) > 1 {
				at := rng.IntN(len(p.Faults))
				p.Faults = slices.Delete(p.Faults, at, at+1)
			}
		default:
			if len(p.Faults) > 0 {
				varyFault(rng, &p.Faults[rng.IntN(len(p.Faults))])
			}
		}
	}
	p.Faults = inTime(p.Faults)
	slices.SortStableFunc(p.Faults, func(a, b plan.Fault) int {
		return int(a.At.Duration - b.At.Duration)
	})
	stayed := false
	for i := range p.Faults { // of two that stay one would go too far
		p.Faults[i].Stays = p.Faults[i].Stays && !stayed
		stayed = stayed || p.Faults[i].Stays
	}
	return p
}
