//go:build linux && (amd64 || arm64)

package agent

import (
	"context"
	"time"

	"sunder/nemesis"
)

// lease runs out when no request came for its length. It belongs to whoever holds node.mu.
type lease struct {
	Lease
	expire func()
	heard  time.Time
	timer  *time.Timer
	ended  bool
}

// hear begins the lease anew.
func (l *lease) hear() {
	l.heard = time.Now()
	switch {
	case l.Length == 0 || l.ended:
	case l.timer == nil:
		l.timer = time.AfterFunc(l.Length, l.expire)
	default:
		l.timer.Reset(l.Length)
	}
}

func (l *lease) end() {
	l.ended = true
	if l.timer != nil {
		l.timer.Stop()
	}
}

// expire heals everything, unless somebody was heard from while the timer fired. The offset of
// the monotonic clock stays: it must not step back.
func (n *node) expire() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.lease.ended || time.Since(n.lease.heard) < n.lease.Length {
		return
	}
	healed := nemesis.State{}
	healed.Clock.Monotonic.Offset = n.want.Clock.Monotonic.Offset
	if n.healthy(healed) {
		n.config.Log.Info("the lease ended and there was nothing to heal", "lease", n.lease.Length)
		return
	}
	n.lease.Expired++
	n.lease.At = monotonic()
	ctx, cancel := context.WithTimeout(context.Background(), requestMax)
	defer cancel()
	err := n.apply(ctx, healed)
	n.config.Log.Error("the harness fell silent: every fault was healed",
		"lease", n.lease.Length, "expired", n.lease.Expired, "error", err)
}

// healthy says whether the node shall already be in the state that a lease's end would give it.
func (n *node) healthy(healed nemesis.State) bool {
	return !n.want.Killed && !n.want.Paused && len(n.want.Drop) == 0 && n.want.Clock == healed.Clock
}
