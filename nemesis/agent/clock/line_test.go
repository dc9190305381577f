//go:build linux && (amd64 || arm64)

package clock

import (
	"math"
	"math/big"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sunder/nemesis"
)

// The hook computes lines in 128 bits, rounding down; here with big numbers.
func TestLineIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := line{
			base: rapid.Int64Range(0, 1<<62).Draw(t, "base"),
			fake: rapid.Int64Range(0, 1<<61).Draw(t, "fake"),
			mult: rapid.Uint64Range(one/100, 100*one).Draw(t, "mult"),
		}
		gone := rapid.Int64Range(-1<<55, 1<<55).Draw(t, "gone")
		want := new(big.Int).Mul(big.NewInt(gone), new(big.Int).SetUint64(l.mult))
		want.Rsh(want, 32) // of a negative number: down, as in C
		want.Add(want, big.NewInt(l.fake))
		if got := l.at(l.base + gone); got != want.Int64() {
			t.Fatalf("at %d from the base: %d, want %v", gone, got, want)
		}
	})
}

func drawClock(t *rapid.T, least time.Duration) nemesis.Clock {
	rate := rapid.SampledFrom([]float64{0, 1, 0.5, 1.5, 0.01, 100, 1.0000001})
	offset := func(low time.Duration, name string) time.Duration {
		return time.Duration(rapid.Int64Range(int64(low), int64(time.Hour)).Draw(t, name))
	}
	c := nemesis.Clock{
		Realtime:  nemesis.Skew{Offset: offset(-time.Hour, "realtime"), Rate: rate.Draw(t, "rate")},
		Monotonic: nemesis.Skew{Offset: offset(least, "monotonic"), Rate: rate.Draw(t, "rate")},
	}
	if rapid.Bool().Draw(t, "strobe") {
		c.Realtime.Strobe = nemesis.Strobe{Delta: offset(-time.Hour, "delta"), Period: time.Second}
	}
	return c
}

// A reader before the change uses the old slot and one after it the new: to none of them does the
// monotonic clock go back, and what was asked for is what can be read back.
func TestTurns(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := slot{realtime: line{mult: one}, monotonic: line{mult: one}}
		realtime, monotonic := int64(1.8e18), int64(1e12)
		for range rapid.IntRange(1, 8).Draw(t, "turns") {
			gone := rapid.Int64Range(0, int64(time.Hour)).Draw(t, "gone")
			realtime, monotonic = realtime+gone, monotonic+gone
			c := drawClock(t, time.Duration(s.monotonic.step))
			next, err := s.turn(c, realtime, monotonic)
			if err != nil {
				t.Fatal(err)
			}
			was, is := s.monotonic.at(monotonic), next.monotonic.at(monotonic)
			if step := next.monotonic.step - s.monotonic.step; is-was != step {
				t.Fatalf("the monotonic clock went from %d to %d with a step of %d", was, is, step)
			}
			if r := c.Realtime; r.Rate == 0 || r.Rate == 1 {
				if off := next.realtime.at(realtime) - realtime; off != int64(r.Offset) {
					t.Fatalf("realtime is off by %d, want %v", off, r.Offset)
				}
			}
			if got := next.skew(); !same(got, c) {
				t.Fatalf("read back %+v, want %+v", got, c)
			}
			if again, err := next.turn(c, realtime+5, monotonic+5); err != nil || again != next {
				t.Fatalf("the same skew again: %+v, %v, want %+v", again, err, next)
			}
			buf := make([]byte, slotLen)
			next.encode(buf)
			if decodeSlot(buf) != next {
				t.Fatalf("%+v came back as %+v", next, decodeSlot(buf))
			}
			s = next
		}
	})
}

// same compares rates as the hook has them.
func same(a, b nemesis.Clock) bool {
	near := func(x, y float64) bool {
		return math.Abs(float64(multiplier(x))-float64(multiplier(y))) <= 1
	}
	rates := near(a.Realtime.Rate, b.Realtime.Rate) && near(a.Monotonic.Rate, b.Monotonic.Rate)
	a.Realtime.Rate, a.Monotonic.Rate = b.Realtime.Rate, b.Monotonic.Rate
	return rates && a == b
}

func TestStrobeKeepsItsBeat(t *testing.T) {
	s := slot{realtime: line{mult: one}, monotonic: line{mult: one}}
	c := nemesis.Clock{Realtime: nemesis.Skew{Strobe: nemesis.Strobe{Delta: 7, Period: time.Second}}}
	const start = int64(1.8e18)
	s, err := s.turn(c, start, 1000)
	if err != nil {
		t.Fatal(err)
	}
	c.Monotonic.Rate = 2 // a change of the other clock, in the middle of a period
	if s, err = s.turn(c, start+1.5e9, 1000+1.5e9); err != nil {
		t.Fatal(err)
	}
	for after, want := range map[int64]int64{0: 7, 1e9 - 1: 7, 1e9: 0, 2e9 - 1: 0, 2e9: 7, 3e9: 0} {
		if got := s.shown(start+after) - start - after; got != want {
			t.Errorf("%d ns after the start it is off by %d, want %d", after, got, want)
		}
	}
}

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		clock nemesis.Clock
		want  string
	}{
		{nemesis.Clock{}, ""},
		{realtime(nemesis.Skew{Offset: -time.Hour, Rate: 0.01}), ""},
		{realtime(nemesis.Skew{Rate: -1}), "rate -1"},
		{realtime(nemesis.Skew{Rate: math.NaN()}), "rate NaN"},
		{realtime(nemesis.Skew{Rate: math.Inf(1)}), "rate +Inf"},
		{monotonic(nemesis.Skew{Rate: 101}), "rate 101"},
		{realtime(nemesis.Skew{Offset: math.MinInt64}), "beyond"},
		{monotonic(nemesis.Skew{Offset: -1}), "step it back"},
		{monotonic(nemesis.Skew{Strobe: nemesis.Strobe{Delta: 1, Period: time.Second}}), "step it back"},
		{realtime(nemesis.Skew{Strobe: nemesis.Strobe{Delta: 1}}), "period 0s"},
		{realtime(nemesis.Skew{Strobe: nemesis.Strobe{Delta: 1, Period: -time.Second}}), "period -1s"},
		{realtime(nemesis.Skew{Strobe: nemesis.Strobe{Delta: math.MaxInt64, Period: 1}}), "delta"},
	} {
		err := Check(c.clock)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c.clock, err, c.want)
		}
	}
}
