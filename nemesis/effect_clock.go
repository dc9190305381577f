package nemesis

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"sunder/harness/plan"
)

func (r Record) judgeClocks(p Proof) (found []finding) {
	asked := *r.Asked.Clock
	others := plan.Clock{Rate: asked.Others}
	asked.Others = 0
	for _, n := range slices.Sorted(maps.Keys(p.Started)) {
		want := others
		if slices.Contains(r.Targets, n) {
			want = asked
		}
		if want.Which = ""; want != (plan.Clock{}) {
			want.Which = asked.Which
			found = append(found, r.judgeClock(n, want, p))
		}
	}
	return found
}

// judgeClock looks for what was asked of one node's clocks: first at the clocks, then, where
// these could not be read, at the skew as it stood where it was in force.
func (r Record) judgeClock(n string, asked plan.Clock, p Proof) finding {
	words, wrong := measure(asked, p.Before[n], p.Started[n], p.Ending[n])
	said := n + ": " + strings.Join(append(wrong, words...), ", ")
	switch by := r.by(n, kill, pause, clock); {
	case len(wrong) == 0:
		return finding{Proven, said}
	case by != "":
		return masked("%s; masked by %s", said, by)
	case p.Before[n].State == dead || p.Started[n].State == dead || p.Ending[n].State == dead:
		return masked("%s; masked, it was dead and no fault had killed it", said)
	}
	return finding{None, said}
}

// measure says in words what the clocks did, and what of it is not as asked.
func measure(asked plan.Clock, before, started, ending Evidence) (words, wrong []string) {
	note := func(ok bool, text string) {
		if ok {
			words = append(words, text)
		} else {
			wrong = append(wrong, text)
		}
	}
	for _, which := range []string{realtime, monotonic} {
		if asked.Which != which && asked.Which != both {
			continue
		}
		if asked.Step.Duration != 0 {
			note(step(which, asked.Step.Duration, before, started))
		}
		if asked.Rate != 0 {
			note(rate(which, asked.Rate, started, ending))
		}
	}
	if want := (Strobe{asked.Strobe.Duration, asked.Period.Duration}); want != (Strobe{}) {
		note(strobe(want, started, ending))
	}
	return words, wrong
}

// step says whether a clock of one process moved by what was asked more than the true one did.
func step(which string, asked time.Duration, from, to Evidence) (ok bool, words string) {
	if !from.Clocks || !to.Clocks || !from.same(to) {
		return false, fmt.Sprintf("%s not read, asked for a step of %v", which, asked)
	}
	got := to.reading(which) - from.reading(which) - (to.Raw - from.Raw)
	return near(got.Seconds(), asked.Seconds(), 0), fmt.Sprintf("%s stepped by %v, asked for %v",
		which, got.Round(time.Microsecond), asked)
}

// rate says whether a clock of one process counted as many seconds in a true one as was asked:
// measured, or else as it stood where it was in force.
func rate(which string, asked float64, from, to Evidence) (ok bool, words string) {
	if over := to.Raw - from.Raw; from.Clocks && to.Clocks && from.same(to) && over > 0 {
		got := float64(to.reading(which)-from.reading(which)) / float64(over)
		return near(got, asked, 1), fmt.Sprintf("%s at %.4g of true over %v, asked for %v",
			which, got, over.Round(time.Millisecond), asked)
	}
	for _, e := range []Evidence{from, to} {
		if e.Skew == nil {
			continue
		}
		got := e.Skew.Monotonic.Rate
		if which == realtime {
			got = e.Skew.Realtime.Rate
		}
		if got == asked || got == 0 && asked == 1 {
			return true, fmt.Sprintf("%s at %v of true as read back", which, asked)
		}
	}
	return false, fmt.Sprintf("%s not read, asked for %v of true", which, asked)
}

// strobe says whether a strobe stood where it was in force: readings may all miss its jumps.
func strobe(asked Strobe, seen ...Evidence) (ok bool, words string) {
	for _, e := range seen {
		ok = ok || e.Skew != nil && e.Skew.Realtime.Strobe == asked
	}
	words = "read back"
	if !ok {
		words = "not read back"
	}
	return ok, fmt.Sprintf("realtime jumping by %v each %v %s", asked.Delta, asked.Period, words)
}

func (e Evidence) reading(which string) time.Duration {
	if which == realtime {
		return e.Realtime
	}
	return e.Monotonic
}

// near says whether got is nearer to what was asked than to a clock that nobody touched.
func near(got, asked, untouched float64) bool {
	if asked == untouched {
		return math.Abs(got-asked) < 0.05
	}
	return math.Abs(got-asked) < math.Abs(got-untouched)
}
