package host

import (
	"time"

	"sunder/nodes"
	"sunder/nodes/kv"
)

// The methods of Env. All of them are the owner's, and none of them blocks: files and peers have
// queues, and what is sent waits for the end of the turn.

// Now reads the clock that the agent skews: time.Since is the vDSO's CLOCK_MONOTONIC.
func (h *host) Now() nodes.Mono { return nodes.Mono(time.Since(h.began)) }

func (h *host) Wall() time.Time { return time.Now() }

func (h *host) Rand(purpose string, n uint64) uint64 { return h.random.draw(purpose, n) }

func (h *host) Send(to nodes.ID, m nodes.Message) {
	if to == h.cfg.Node.Self {
		h.itself = append(h.itself, m)
		return
	}
	o, known := h.outgoing[to]
	if !known {
		h.log.Warn("message to a stranger dropped", "to", to, "kind", m.Kind())
		return
	}
	if err := o.stage(m); err != nil {
		h.log.Error("message dropped", "to", to, "error", err)
	}
}

func (h *host) Reply(r nodes.RequestID, res kv.Result) {
	h.staged = append(h.staged, effect{request: r, result: res})
}

func (h *host) SetTimer(t nodes.TimerID, d time.Duration) { h.timers.set(t, h.Now().Add(d)) }

func (h *host) StopTimer(t nodes.TimerID) { delete(h.timers.due, t) }

func (h *host) Append(f nodes.File, p []byte) { h.disk.append(mustName(f), p) }

func (h *host) Truncate(f nodes.File, off int64) {
	h.disk.push(work{do: truncate, file: mustName(f), off: off})
}

func (h *host) Rename(from, to nodes.File) {
	h.disk.push(work{do: rename, file: mustName(from), to: mustName(to)})
}

func (h *host) Remove(f nodes.File) { h.disk.push(work{do: remove, file: mustName(f)}) }

func (h *host) Sync(f nodes.File, t nodes.Token) {
	if f != nodes.Dir {
		mustName(f)
	}
	h.disk.push(work{do: fsync, file: f, tok: t})
}

func (h *host) Stop(reason string) {
	if h.stopping != "" {
		return
	}
	if reason == "" {
		reason = "no reason given"
	}
	h.stopping = reason
	h.log.Error("node stops", "reason", reason)
}

func (h *host) Observe(o nodes.Observation) { h.observer.add(o) }
