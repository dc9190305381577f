//go:build linux && (amd64 || arm64)

package clock

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"time"

	"sunder/nemesis"
)

// The bounds of a skew. Within them no 64-bit count of nanoseconds overflows for years to come.
const (
	rateMin, rateMax = 0.01, 100.0
	offsetMax        = 20 * 365 * 24 * time.Hour
	periodMin        = 100 * time.Microsecond
	periodMax        = 24 * time.Hour
)

// one is the rate of a true clock, as the hook has it: times 2^32.
const one = 1 << 32

// line is a clock from a true instant on; the hook's struct line.
type line struct {
	base, fake int64
	mult       uint64
	step       int64
}

// slot is both clocks; the hook's struct slot.
type slot struct {
	realtime, monotonic  line
	delta, period, since int64
}

// Check says what is wrong with c in itself.
func Check(c nemesis.Clock) error {
	for name, s := range map[string]nemesis.Skew{"realtime": c.Realtime, "monotonic": c.Monotonic} {
		if s.Rate != 0 && !(s.Rate >= rateMin && s.Rate <= rateMax) {
			return fmt.Errorf("check %s clock: rate %v is not in %v to %v", name, s.Rate, rateMin, rateMax)
		}
		if s.Offset.Abs() > offsetMax {
			return fmt.Errorf("check %s clock: offset %v is beyond %v", name, s.Offset, offsetMax)
		}
	}
	b := c.Realtime.Strobe
	switch {
	case c.Monotonic.Offset < 0:
		return fmt.Errorf("check monotonic clock: offset %v would step it back", c.Monotonic.Offset)
	case c.Monotonic.Strobe != nemesis.Strobe{}:
		return errors.New("check monotonic clock: a strobe would step it back")
	case b.Delta == 0 && b.Period == 0:
		return nil
	case b.Delta.Abs() > offsetMax:
		return fmt.Errorf("check strobe: delta %v is beyond %v", b.Delta, offsetMax)
	case b.Period < periodMin || b.Period > periodMax:
		return fmt.Errorf("check strobe: period %v is not in %v to %v", b.Period, periodMin, periodMax)
	}
	return nil
}

func multiplier(rate float64) uint64 {
	if rate == 0 {
		return one
	}
	return uint64(math.Round(rate * one))
}

// at is what the clock shows at the true time t: base and fake are a point of the line, and its
// slope is a fraction of 2^32. The hook computes the same in 128 bits, rounding down.
func (l line) at(t int64) int64 {
	gone := t - l.base
	if gone >= 0 {
		high, low := bits.Mul64(uint64(gone), l.mult)
		return l.fake + int64(high<<32|low>>32)
	}
	high, low := bits.Mul64(uint64(-gone), l.mult)
	if low<<32 != 0 {
		return l.fake - int64(high<<32|low>>32) - 1
	}
	return l.fake - int64(high<<32|low>>32)
}

// skew is what was asked of a slot.
func (s slot) skew() nemesis.Clock {
	c := nemesis.Clock{
		Realtime:  nemesis.Skew{Offset: time.Duration(s.realtime.step), Rate: s.realtime.rate()},
		Monotonic: nemesis.Skew{Offset: time.Duration(s.monotonic.step), Rate: s.monotonic.rate()},
	}
	c.Realtime.Strobe = nemesis.Strobe{Delta: time.Duration(s.delta), Period: time.Duration(s.period)}
	return c
}

func (l line) rate() float64 {
	if l.mult == one {
		return 0
	}
	return float64(l.mult) / one
}

// shown is what the realtime clock shows at the true time t, the strobe included.
func (s slot) shown(t int64) int64 {
	v := s.realtime.at(t)
	if s.period > 0 && uint64(t-s.realtime.base)/uint64(s.period)&1 == 0 {
		v += s.delta
	}
	return v
}

// turn is the slot that follows s when the clocks shall be skewed as c from the true times
// realtime and monotonic on, which are one instant. A clock of which nothing changes keeps its
// line, so that a strobe keeps its beat.
//
// A realtime clock at rate 1 is off by its offset exactly: what it gained at another rate is set
// right again. A monotonic clock keeps what it gained, for it must not step back.
func (s slot) turn(c nemesis.Clock, realtime, monotonic int64) (slot, error) {
	if err := s.mayTurn(c); err != nil {
		return slot{}, err
	}
	next := s
	r, b := s.realtime, c.Realtime.Strobe
	step, mult := int64(c.Realtime.Offset), multiplier(c.Realtime.Rate)
	if r.step != step || r.mult != mult || s.delta != int64(b.Delta) || s.period != int64(b.Period) {
		fake := r.at(realtime) + step - r.step
		if mult == one {
			fake = realtime + step
		}
		next.realtime = line{base: realtime, fake: fake, mult: mult, step: step}
		next.delta, next.period, next.since = int64(b.Delta), int64(b.Period), monotonic
	}
	m := s.monotonic
	step, mult = int64(c.Monotonic.Offset), multiplier(c.Monotonic.Rate)
	if m.step != step || m.mult != mult {
		next.monotonic = line{
			base: monotonic, fake: m.at(monotonic) + step - m.step, mult: mult, step: step,
		}
		next.since = monotonic
	}
	return next, nil
}

// mayTurn says what forbids c after s.
func (s slot) mayTurn(c nemesis.Clock) error {
	if err := Check(c); err != nil {
		return err
	}
	if was := time.Duration(s.monotonic.step); c.Monotonic.Offset < was {
		return fmt.Errorf("check monotonic clock: offset %v would step it back from %v; "+
			"it keeps its offset until the process starts again", c.Monotonic.Offset, was)
	}
	return nil
}
