package nemesis

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"sunder/harness/plan"
)

// staying are the faults that may stay through recovery and final reads: they take nodes away
// whole, and of a partition it is clear whom.
var staying = []string{kill, power, pause, partition}

// aside are the partitions that set nodes aside which are at most a minority.
var aside = []string{"one", "leader-isolated", "majority-minority", "primaries-with-minority"}

// CheckAll says what is wrong with the faults of a plan, each for itself, and those that stay
// together: what they leave must be a majority.
func (l *Ledger) CheckAll(faults []plan.Fault) error {
	away := 0
	for i, f := range faults {
		if err := l.Check(f); err != nil {
			return fmt.Errorf("faults[%d]: %w", i, err)
		}
		if f.Stays {
			away += takes(f, len(l.Nodes))
		}
		if f.Stays && l.Successive && len(faults) > 1 {
			return fmt.Errorf("faults[%d]: stays beside %d other faults: this system bears a failure only "+
				"when the one before was repaired", i, len(faults)-1)
		}
		if most := (len(l.Nodes) - 1) / 2; f.Stays && away > most {
			return fmt.Errorf("faults[%d]: stays, and with those before takes %d of %d nodes away, "+
				"want at most %d", i, away, len(l.Nodes), most)
		}
	}
	return nil
}

// checkStays says why a fault that stays cannot.
func (l *Ledger) checkStays(f plan.Fault) error {
	switch {
	case !f.Stays:
		return nil
	case l.Local:
		return errors.New("stays: a node of this system acknowledges what it alone has, which nobody " +
			"can read while it is away")
	case !slices.Contains(staying, f.Kind):
		return fmt.Errorf("stays in a %s: only %s can stay", f.Kind, strings.Join(staying, ", "))
	case f.Kind == partition && !slices.Contains(aside, f.Shape):
		return fmt.Errorf("stays in a partition of shape %s: only %s can stay", f.Shape,
			strings.Join(aside, ", "))
	}
	n := len(l.Nodes)
	if away, most := takes(f, n), (n-1)/2; away > most {
		return fmt.Errorf("stays, and takes %d of %d nodes away, want at most %d", away, n, most)
	}
	return nil
}

// takes is how many of n nodes a fault takes away at most.
func takes(f plan.Fault, n int) int {
	switch {
	case f.Kind != partition:
		return size(f.Target, n)
	case f.Shape == "one" || f.Shape == "leader-isolated":
		return 1
	}
	return minority(n)
}

// stayStream keeps the choice of what stays apart from other choices.
const stayStream = 4

// Stay adds a fault that takes a minority away shortly before the end, and stays.
func (o Options) Stay(p *plan.Plan) {
	if o.Nodes < 3 {
		return // any one is no minority
	}
	rng := rand.New(rand.NewPCG(o.Seed, stayStream))
	f := plan.Fault{Kind: staying[rng.IntN(len(staying))], Stays: true, Pick: rng.Uint64(),
		At: plan.Of(between(rng, o.TimeLimit/2, o.TimeLimit*9/10).Round(time.Millisecond))}
	f.Duration = plan.Of(o.TimeLimit - f.At.Duration)
	if f.Kind == partition {
		f.Shape = aside[rng.IntN(len(aside))]
	} else {
		f.Target = []string{"one", "minority", "leader"}[rng.IntN(3)]
	}
	p.Faults = append(p.Faults, f)
	slices.SortStableFunc(p.Faults, func(a, b plan.Fault) int {
		return cmp.Compare(a.At.Duration, b.At.Duration)
	})
}

// Away is the nodes that are taken away by faults that stay, ascending.
func (l *Ledger) Away() (names []string) {
	for _, r := range l.active {
		if r.Asked.Stays {
			names = append(names, r.Targets...)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
