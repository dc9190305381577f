package sim

import (
	"math"
	"time"

	"sunder/nemesis"
	"sunder/nodes"
)

// epoch is the wall clock at the start of every simulation.
var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// clock is a node's pair of clocks. Each segment since the last change is linear.
type clock struct {
	since    time.Duration // true time of the last change
	mono     nodes.Mono    // reading then
	wall     time.Duration // reading then, since epoch
	monoRate float64
	wallRate float64
	skew     *nemesis.Clock // never changed, but another one is set
}

func newClock(now time.Duration) clock {
	return clock{since: now, wall: now, monoRate: 1, wallRate: 1, skew: new(nemesis.Clock)}
}

func scale(d time.Duration, rate float64) time.Duration {
	return time.Duration(math.Round(float64(d) * rate))
}

func (c *clock) now(t time.Duration) nodes.Mono { return c.mono.Add(scale(t-c.since, c.monoRate)) }

func (c *clock) wallTime(t time.Duration) time.Time {
	wall := c.wall + scale(t-c.since, c.wallRate)
	if s := c.skew.Realtime.Strobe; s.Period > 0 && (t/s.Period)%2 == 1 {
		wall += s.Delta
	}
	return epoch.Add(wall)
}

// until is the true time that passes while the monotonic clock counts d.
func (c *clock) until(d time.Duration) time.Duration {
	return time.Duration(math.Ceil(float64(d) / c.monoRate))
}

// set skews the clock anew from true time t on. A healed realtime clock is right again; a healed
// monotonic clock keeps what it is off, for it never steps back.
func (c *clock) set(t time.Duration, want nemesis.Clock) {
	mono, wall := c.now(t), c.wall+scale(t-c.since, c.wallRate)
	mono = mono.Add(max(0, want.Monotonic.Offset-c.skew.Monotonic.Offset))
	wall += want.Realtime.Offset - c.skew.Realtime.Offset
	if want.Realtime.Rate == 0 && want.Realtime.Offset == 0 {
		wall = t
	}
	*c = clock{since: t, mono: mono, wall: wall, monoRate: rateOf(want.Monotonic),
		wallRate: rateOf(want.Realtime), skew: &want}
}

func rateOf(s nemesis.Skew) float64 {
	if s.Rate == 0 {
		return 1
	}
	return s.Rate
}
