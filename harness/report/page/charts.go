package page

import (
	"fmt"
	"math"
	"strings"
	"time"

	"sunder/harness/history"
	"sunder/harness/report"
	"sunder/harness/report/figures"
)

// kinds are how operations end, in the order in which they are painted: the rarer and worse on top.
var kinds = [...]history.Kind{history.OK, history.Fail, history.Info}

// latency draws every operation by when it was asked for and how long it took, on a logarithmic
// scale. Points that fall on one spot are one point, which bounds the page whatever the run.
func (s scene) latency() drawing {
	d := drawing{Label: "Latency of operations over time, logarithmic, by outcome"}
	const top, bottom, spot = 8.0, 228.0, 2.5
	low, high := s.powers()
	scale := func(t time.Duration) float64 {
		share := (math.Log10(float64(max(t, 1))) - low) / (high - low)
		return bottom - min(max(share, 0), 1)*(bottom-top)
	}
	s.bands(&d, top, bottom)
	for e := math.Ceil(low); e <= high; e++ {
		t := time.Duration(math.Pow(10, e))
		d.line("grid", gutter, scale(t), width-margin, scale(t))
		d.rowName(scale(t)+4, report.Short(t))
	}
	s.close(&d, top, bottom)
	for _, kind := range kinds {
		var b strings.Builder
		seen := make(map[[2]int]bool)
		for _, op := range s.ops {
			if op.Kind() != kind || op.Completion == nil {
				continue
			}
			at := op.Invocation.Time
			x, y := s.axis.at(at), scale(op.Completion.Time-at)
			cell := [2]int{int(x / spot), int(y / spot)}
			if !seen[cell] {
				seen[cell] = true
				fmt.Fprintf(&b, "M%v %vh0", px(x), px(y))
			}
		}
		d.path("dot "+kind.String(), &b)
	}
	return d
}

// powers are the powers of ten, of nanoseconds, between which all latencies lie with some room.
func (s scene) powers() (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, op := range s.ops {
		if op.Completion != nil {
			e := math.Log10(float64(max(op.Completion.Time-op.Invocation.Time, 1)))
			low, high = min(low, e), max(high, e)
		}
	}
	if low > high {
		return 6, 9 // nothing completed
	}
	return min(low-0.1, high-0.9), high + 0.1
}

// rate draws how many operations ended a second, stacked by outcome.
func (s scene) rate() drawing {
	d := drawing{Label: "Operations a second over time, stacked by outcome"}
	const top, bottom = 10.0, 150.0
	buckets := s.ops.Buckets(s.axis.to)
	bucket := figures.BucketWidth(s.axis.to)
	most := 1
	for _, b := range buckets {
		most = max(most, b.Attempted())
	}
	perSecond := func(n int) float64 { return float64(n) / bucket.Seconds() }
	step := niceStep(perSecond(most) / 4)
	ceiling := math.Ceil(perSecond(most)/step) * step
	y := func(n int) float64 { return bottom - perSecond(n)/ceiling*(bottom-top) }
	s.bands(&d, top, bottom)
	for v := 0.0; v <= ceiling+step/2; v += step {
		at := bottom - v/ceiling*(bottom-top)
		d.line("grid", gutter, at, width-margin, at)
		d.rowName(at+4, fmt.Sprintf("%.6g/s", v))
	}
	var paths [len(kinds)]strings.Builder
	for _, b := range buckets {
		x0, x1 := s.axis.at(b.From), s.axis.at(b.From+bucket)
		sum := 0
		for i, n := range []int{b.OK, b.Fail, b.Info} {
			if n > 0 {
				box(&paths[i], x0, y(sum+n), max(x1-x0-0.5, 0.8), y(sum)-y(sum+n))
			}
			sum += n
		}
	}
	for i, kind := range kinds {
		d.path("area "+kind.String(), &paths[i])
	}
	s.close(&d, top, bottom)
	return d
}

// niceStep is the smallest of 1, 2 and 5 times a power of ten that is at least v.
func niceStep(v float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(max(v, 1e-3))))
	for _, m := range []float64{1, 2, 5} {
		if m*power >= v {
			return m * power
		}
	}
	return 10 * power
}
