package search

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"sunder/checker"
	"sunder/harness/plan"
	"sunder/nemesis"
)

// Budget bounds a hunt. Each is no bound where it is 0.
type Budget struct {
	Seeds   int           // plans that are run, over all workers
	Time    time.Duration // on the wall
	Workers int           // goroutines; 0: one
}

// Catch is what a hunt came to.
type Catch struct {
	Plan    plan.Plan // that failed
	Outcome Outcome   // of it; without its events
	Found   bool
	Seeds   int // plans that were run, this one included
	Unknown int // of them without a verdict
	Steps   uint64
	States  int // different states that were reached
	Took    time.Duration
}

// Hunt runs plans until one shows an anomaly or the budget is spent. Half of the plans are new, the
// others vary one that reached a new state. Worker w of n runs the seeds first+w, first+w+n, ...,
// and each has a corpus of its own, so that what it does depends on nobody's speed.
func Hunt(ctx context.Context, q Prey, first uint64, b Budget) (Catch, error) {
	began := time.Now()
	if b.Time > 0 {
		var cancel func()
		ctx, cancel = context.WithTimeout(ctx, b.Time)
		defer cancel()
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	workers := max(1, b.Workers)
	hunters := make([]*hunter, workers)
	var group sync.WaitGroup
	for i := range hunters {
		hunters[i] = &hunter{prey: q, states: NewStates(), seed: first + uint64(i), step: uint64(workers),
			left: share(b.Seeds, workers, i)}
		hunters[i].runner.States = hunters[i].states
		group.Go(func() {
			if hunters[i].hunt(ctx) {
				stop()
			}
		})
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
		if h.found && (!out.Found || h.plan.Seed < out.Plan.Seed) {
			out.Found, out.Plan, out.Outcome = true, h.plan, h.outcome
		}
		out.Seeds += h.ran
		out.Unknown += h.unknown
		out.Steps += h.steps
		out.States += h.states.Len()
		errs = append(errs, h.err)
	}
	return out, errors.Join(errs...)
}

// hunter is one worker.
type hunter struct {
	prey   Prey
	runner Runner
	states *States
	corpus []plan.Plan // that reached new states, the last ones
	seed   uint64
	step   uint64
	left   int

	plan    plan.Plan
	outcome Outcome
	found   bool
	ran     int
	unknown int
	steps   uint64
	err     error
}

// corpusMax bounds a corpus: the latest plans are from where the unknown begins.
const corpusMax = 256

// hunt runs plans until one fails, and says whether one did.
func (h *hunter) hunt(ctx context.Context) bool {
	for ; h.left != 0 && ctx.Err() == nil && h.err == nil; h.left-- {
		p, err := h.next()
		if err != nil {
			h.err = err
			return false
		}
		h.states.Begin()
		o, err := h.runner.Run(ctx, p)
		if ctx.Err() != nil {
			return false
		}
		h.ran++
		h.steps += o.Steps
		switch {
		case err != nil:
			h.err = err
		case o.Result.Verdict == checker.Invalid:
			o.Events = nil
			h.plan, h.outcome, h.found = p, o, true
			return true
		case o.Result.Verdict == checker.Unknown:
			h.unknown++
		}
		if h.states.Fresh() > 0 {
			h.keep(p)
		}
	}
	return false
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
	fresh, err := h.prey.Plan(seed)
	if err != nil || len(h.corpus) < 16 || rng.IntN(2) == 0 {
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
			if p.Nodes == fresh.Nodes && len(fresh.Faults) > 0 { // targets may be named
				p.Faults = append(p.Faults, fresh.Faults[rng.IntN(len(fresh.Faults))])
			}
		case 2:
			if len(p.Faults) > 1 {
				at := rng.IntN(len(p.Faults))
				p.Faults = slices.Delete(p.Faults, at, at+1)
			}
		default:
			if len(p.Faults) > 0 {
				nemesis.Options{}.Vary(rng, &p.Faults[rng.IntN(len(p.Faults))])
			}
		}
	}
	slices.SortStableFunc(p.Faults, func(a, b plan.Fault) int {
		return int(a.At.Duration - b.At.Duration)
	})
	return p
}
