//go:build linux && (amd64 || arm64)

package agent

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"sunder/nemesis"
	"sunder/nemesis/agent/clock"
)

// check says what forbids s, before anything is done.
func (n *node) check(s nemesis.State) error {
	if err := clock.Check(s.Clock); err != nil {
		return err
	}
	if why := n.support.Clock.Why; why != "" && !isTrue(s.Clock) {
		return fmt.Errorf("skew clock: it does not work here: %s", why)
	}
	switch {
	case n.cuts != nil:
		if err := n.cuts.Check(s.Drop); err != nil {
			return err
		}
	case len(s.Drop) > 0:
		return fmt.Errorf("cut peers: it does not work here: %s", n.support.Network.Why)
	}
	if s.Killed || !n.alive() || n.patch == nil {
		return nil
	}
	return n.unlessGone(s, n.patch.Check(s.Clock))
}

// isTrue says whether c asks for nothing.
func isTrue(c nemesis.Clock) bool {
	for _, s := range []nemesis.Skew{c.Realtime, c.Monotonic} {
		if s.Offset != 0 || s.Rate != 0 && s.Rate != 1 || s.Strobe.Delta != 0 {
			return false
		}
	}
	return true
}

// unlessGone is err, but nil where the process has lost its patch and needs none, or has ended.
func (n *node) unlessGone(s nemesis.State, err error) error {
	if errors.Is(err, clock.ErrGone) && (isTrue(s.Clock) || !n.alive()) {
		return nil
	}
	return err
}

func (n *node) drop(peers []string) error {
	if n.cuts == nil {
		return nil
	}
	return n.cuts.Drop(peers)
}

// skew changes the clock of a process that lives and shall; one that starts is born with it.
func (n *node) skew(s nemesis.State) error {
	if s.Killed || !n.alive() || n.patch == nil {
		return nil
	}
	if err := n.unlessGone(s, n.patch.Set(s.Clock)); err != nil {
		return err
	}
	if n.isGo {
		return unlessDead(n.child.Nudge()) // timers may be due by the new clock
	}
	return nil
}

// Go sleeps for what its clock says is left, by the true clock, and then looks again. A monotonic
// clock that runs too fast would have its timers fire too late; a nudge this often makes them
// look in time.
const pokePeriod = 2 * time.Millisecond

// poker nudges one process until it is told to end. The zero poker nudges nobody.
type poker struct {
	cancel context.CancelFunc
	all    sync.WaitGroup
}

// poke nudges the process if and only if it needs that in the state it shall be in.
func (n *node) poke() {
	n.poker.end()
	s := n.want
	if !n.isGo || n.patch == nil || s.Clock.Monotonic.Rate <= 1 || s.Paused || !n.alive() {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	n.poker.cancel = cancel
	child := n.child
	n.poker.all.Go(func() {
		tick := time.NewTicker(pokePeriod)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-child.Done():
				return
			case <-tick.C:
			}
			child.Nudge() // its error says that it ended, which Done says too
		}
	})
}

func (p *poker) end() {
	if p.cancel != nil {
		p.cancel()
		p.all.Wait()
		p.cancel = nil
	}
}
