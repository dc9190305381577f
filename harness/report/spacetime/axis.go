package spacetime

import (
	"cmp"
	"math"
	"slices"
	"sort"
	"time"
)

// moment is something on the time axis that wants room: a label in a column, or a distance from
// what it began with.
type moment struct {
	at     time.Duration
	column string // in which a label stands there; empty: no label
	since  time.Duration
	least  float64 // how far it must be from since; 0: since does not count
}

// Distances on the axis.
const (
	labelRoom  = 15.0 // between labels in one column
	doubling   = 4.5  // for each doubling of the time between two moments
	foldAfter  = 150  // times the usual time between two moments: nothing happens
	foldHeight = 44.0
)

// axis maps times to heights. It is linear between moments, and near to the logarithm of the time
// between them; what is idle is folded.
type axis struct {
	times []time.Duration
	ys    []float64
	folds []fold
}

// fold is a stretch without moments.
type fold struct {
	from, to    time.Duration
	top, bottom float64
}

func newAxis(moments []moment, top float64) axis {
	moments = slices.Clone(moments)
	slices.SortStableFunc(moments, func(a, b moment) int { return cmp.Compare(a.at, b.at) })
	usual := usualGap(moments)
	labels := map[string]float64{} // column → where its last label stands
	var a axis
	y := top
	for i := 0; i < len(moments); {
		at := moments[i].at
		if i > 0 {
			from, gap := moments[i-1].at, at-moments[i-1].at
			if gap > foldAfter*usual {
				a.folds = append(a.folds, fold{from, at, y, y + foldHeight})
				y += foldHeight
			} else {
				y += doubling * math.Log2(1+float64(gap)/float64(usual))
			}
		}
		end := i
		for ; end < len(moments) && moments[end].at == at; end++ {
			m := moments[end]
			if last, is := labels[m.column]; m.column != "" && is {
				y = max(y, last+labelRoom)
			}
			if m.least > 0 && m.since < at {
				y = max(y, a.at(m.since)+m.least)
			}
		}
		for ; i < end; i++ {
			labels[moments[i].column] = y
		}
		if n := len(a.folds); n > 0 && a.folds[n-1].to == at {
			a.folds[n-1].bottom = y
		}
		a.times, a.ys = append(a.times, at), append(a.ys, y)
	}
	return a
}

// usualGap is the median time between moments, at least a microsecond.
func usualGap(moments []moment) time.Duration {
	var gaps []time.Duration
	for i := 1; i < len(moments); i++ {
		if gap := moments[i].at - moments[i-1].at; gap > 0 {
			gaps = append(gaps, gap)
		}
	}
	if len(gaps) == 0 {
		return time.Microsecond
	}
	slices.Sort(gaps)
	return max(time.Microsecond, gaps[len(gaps)/2])
}

// at is the height of t; what lies outside of the axis is at its end.
func (a axis) at(t time.Duration) float64 {
	i := sort.Search(len(a.times), func(i int) bool { return a.times[i] >= t })
	switch {
	case len(a.times) == 0:
		return 0
	case i == 0:
		return a.ys[0]
	case i == len(a.times):
		return a.ys[i-1]
	}
	share := float64(t-a.times[i-1]) / float64(a.times[i]-a.times[i-1])
	return a.ys[i-1] + share*(a.ys[i]-a.ys[i-1])
}
