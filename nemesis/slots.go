package nemesis

import (
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"sunder/harness/plan"
)

// When faults happen in a run of 20 seconds or more; in a shorter one all of it shrinks.
const (
	quietAtStart = 2 * time.Second // each kind of operation shall have been ok once before
	quietAtEnd   = time.Second
	slotMin      = 3 * time.Second // mean length of a slot, chosen for each seed
	slotMax      = 4500 * time.Millisecond
	busyMax      = 5 * time.Second
	peaceMin     = time.Second // at the end of a slot, or half of it if that is less
)

// slot is a stretch of time with faults in its beginning; kind is that of the first one.
type slot struct {
	kind       string
	at, length time.Duration
}

// slots divides the run, and gives every kind at least one slot.
func (m *maker) slots() []slot {
	at, span := m.scaled(quietAtStart), m.o.TimeLimit-m.scaled(quietAtStart+quietAtEnd)
	mean := m.scaled(slotMin + time.Duration(m.rng.Int64N(int64(slotMax-slotMin))))
	jitter := 0.3
	kinds := slices.Clone(m.kinds)
	if m.recipe() {
		mean, jitter = windowMean, 0.1
		kinds = append(slices.DeleteFunc(kinds, inRecipe), recipe)
	}
	count := min(max(int(span/mean), len(kinds)), plan.FaultsMax/(overlapMax+1))
	for len(kinds) < count {
		kinds = append(kinds, m.next(len(kinds), count))
	}
	m.rng.Shuffle(count, func(i, j int) { kinds[i], kinds[j] = kinds[j], kinds[i] })
	lengths, sum := make([]float64, count), 0.0
	for i := range lengths {
		lengths[i] = 1 - jitter + 2*jitter*m.rng.Float64()
		sum += lengths[i]
	}
	out := make([]slot, count)
	for i, kind := range kinds {
		out[i] = slot{kind, at, time.Duration(float64(span) * lengths[i] / sum)}
		at += out[i].length
	}
	return out
}

// next is the kind of one more slot, when there are i of count.
func (m *maker) next(i, count int) string {
	if m.recipe() && i < count-count/windowOthers {
		return recipe
	}
	return m.weights.pick(m.rng)
}

func (m *maker) scaled(d time.Duration) time.Duration { return time.Duration(float64(d) * m.scale) }

// between is a duration from low to high.
func between(rng *rand.Rand, low, high time.Duration) time.Duration {
	return low + time.Duration(rng.Float64()*float64(high-low))
}

// overlapMax is how many faults may join the first one of an episode.
const overlapMax = 2

// episode is one fault, or a few that overlap.
func (m *maker) episode(s slot) []plan.Fault {
	length := s.length - min(m.scaled(peaceMin), s.length/2)
	busy := min(m.scaled(busyMax), between(m.rng, length*6/10, length*9/10))
	at := s.at + between(m.rng, 0, length-busy)
	faults := []plan.Fault{m.fault(s.kind, at, between(m.rng, busy*8/10, busy))}
	for range overlapMax {
		if m.rng.Float64() >= m.overlap {
			break
		}
		from := between(m.rng, 0, busy/2) // while the first one is still there
		f := m.fault(m.weights.pick(m.rng), at+from, between(m.rng, (busy-from)*6/10, busy-from))
		if m.seen(append(faults, f)) {
			faults = append(faults, f)
		}
	}
	return faults
}

// seen says whether each of some overlapping faults has an effect that no other masks entirely.
// Two clock faults might be about one clock, of which the later one wins.
func (m *maker) seen(faults []plan.Fault) bool {
	alive, clocks, cuts := m.o.Nodes, 0, 0
	for _, f := range faults {
		switch f.Kind {
		case kill, pause, power, disk: // a node stops when a sync fails
			alive -= size(f.Target, m.o.Nodes)
		case clock:
			clocks++
		case partition:
			cuts++
		}
	}
	return alive >= 0 && clocks <= 1 && (clocks == 0 || alive >= 1) && (cuts == 0 || alive >= 2)
}

// size is how many of n nodes a target is.
func size(target string, n int) int {
	switch target {
	case "minority":
		return minority(n)
	case "majority":
		return majority(n)
	case "all":
		return n
	}
	return 1 + strings.Count(target, ",")
}
