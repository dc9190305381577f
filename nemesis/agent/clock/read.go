//go:build linux && (amd64 || arm64)

package clock

import (
	"bytes"
	"fmt"
	"time"

	"sunder/nemesis"
)

// Reading is the clocks of a process at one instant, computed from what stands in the process.
type Reading struct {
	Skew  nemesis.Clock
	Since time.Duration // the last change, by CLOCK_MONOTONIC
	Raw   time.Duration // the instant, by CLOCK_MONOTONIC_RAW, which nothing skews

	// True is the machine's clock, Shown what the process would read.
	TrueRealtime, ShownRealtime   time.Duration // since 1970
	TrueMonotonic, ShownMonotonic time.Duration // since boot
}

// Read checks that the process still calls the hook, byte for byte, and says what its clocks show.
func (p *Patch) Read() (Reading, error) {
	_, s, err := p.read()
	if err != nil {
		return Reading{}, fmt.Errorf("read clock: %w", err)
	}
	i := now()
	return Reading{
		Skew: s.skew(), Raw: time.Duration(i.raw),
		Since:         time.Duration(s.since),
		TrueRealtime:  time.Duration(i.realtime),
		ShownRealtime: time.Duration(s.shown(i.realtime)), TrueMonotonic: time.Duration(i.monotonic),
		ShownMonotonic: time.Duration(s.monotonic.at(i.monotonic)),
	}, nil
}

// read is the slot in force and its index.
func (p *Patch) read() (uint64, slot, error) {
	control := make([]byte, controlLen)
	if _, err := p.mem.ReadAt(control, int64(p.control)); err != nil {
		return 0, slot{}, fmt.Errorf("%w (%v)", ErrGone, err)
	}
	if string(control[:len(magic)]) != magic {
		return 0, slot{}, ErrGone
	}
	for _, w := range p.fixed {
		got := make([]byte, len(w.data))
		if _, err := p.mem.ReadAt(got, int64(w.addr)); err != nil {
			return 0, slot{}, fmt.Errorf("%w (%v)", ErrGone, err)
		}
		if !bytes.Equal(got, w.data) {
			return 0, slot{}, fmt.Errorf("%w: other bytes at %#x", ErrGone, w.addr)
		}
	}
	index := le.Uint64(control[atIndex:])
	return index, decodeSlot(control[atSlots+index%slots*slotLen:]), nil
}

func (s slot) encode(b []byte) {
	for i, v := range []int64{
		s.realtime.base, s.realtime.fake, int64(s.realtime.mult), s.realtime.step,
		s.monotonic.base, s.monotonic.fake, int64(s.monotonic.mult), s.monotonic.step,
		s.delta, s.period, s.since,
	} {
		le.PutUint64(b[8*i:], uint64(v))
	}
}

func decodeSlot(b []byte) slot {
	v := func(i int) int64 { return int64(le.Uint64(b[8*i:])) }
	return slot{
		realtime:  line{v(0), v(1), uint64(v(2)), v(3)},
		monotonic: line{v(4), v(5), uint64(v(6)), v(7)},
		delta:     v(8), period: v(9), since: v(10),
	}
}
