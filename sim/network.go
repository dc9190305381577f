package sim

import (
	"fmt"
	"math"
	"time"

	"sunder/harness/history"
	"sunder/nodes"
	"sunder/nodes/kv"
)

// The network and the disks of the simulation: a calm local network with a tail. They are fixed
// here; a plan cannot change them yet.
const (
	latencyMin  = 100 * time.Microsecond
	latencyMean = 400 * time.Microsecond // of what comes on top, exponentially
	latencyMax  = 30 * time.Millisecond
	fsyncMin    = 100 * time.Microsecond
	fsyncMean   = 300 * time.Microsecond
)

// exponential turns a well spread number into a time with that mean.
func exponential(h uint64, mean time.Duration) time.Duration {
	u := (float64(h>>11) + 0.5) / (1 << 53)
	return time.Duration(-math.Log(u) * float64(mean))
}

func (w *World) latency(stream uint64, from, to uint64) time.Duration {
	w.sent++
	h := mix(w.seed, streamLatency, stream, from, to, w.sent)
	return min(latencyMin+exponential(h, latencyMean), latencyMax)
}

// send carries a message to a peer: delayed, maybe overtaken, dropped by the receiver if that is
// its grudge when the message arrives.
func (w *World) send(from *node, to nodes.ID, m nodes.Message) {
	n := w.node(to)
	if n == nil {
		return
	}
	w.note(hashSend, uint64(from.id)<<16|uint64(to), m.Ident())
	at := w.now + w.latency(uint64(m.Kind()), uint64(from.id), uint64(to))
	w.queue.push(at, func() {
		if n.drop[from.id] {
			n.lost[from.id]++
			return
		}
		sender := from.id
		n.reach(w.now, func() {
			w.note(hashRecv, uint64(sender)<<16|uint64(to), m.Ident())
			n.proc.Recv(n, sender, m)
		})
	})
}

// sync makes what was appended durable after a while.
func (w *World) sync(n *node, f nodes.File, tok nodes.Token) {
	w.sent++
	d := fsyncMin + exponential(mix(w.seed, streamFsync, uint64(n.id), w.sent), fsyncMean)
	n.reach(max(w.now+d, n.disk.busy), func() { n.proc.Synced(n, tok, nil) })
	n.disk.busy = max(w.now+d, n.disk.busy)
}

// ask carries a client's command to a node and its answer back. Clients stand outside of the
// partitions. A node that is down refuses, which proves that it never saw the command.
func (w *World) ask(p *process, ask uint64, to nodes.ID, c kv.Command, end func(kv.Result, error)) {
	n := w.node(to)
	if n == nil {
		panic(fmt.Sprintf("sim: a client asked %s, which does not exist", to))
	}
	back := func(res kv.Result, err error) {
		w.queue.push(w.now+w.latency(streamClient, uint64(to), uint64(p.id)),
			func() { end(res, err) })
	}
	id := nodes.RequestID(uint64(p.id)<<32 | ask)
	w.queue.push(w.now+w.latency(streamClient, uint64(p.id), uint64(to)), func() {
		if n.proc == nil {
			back(kv.Result{}, history.Definite(fmt.Errorf("connect to %s: %w", to, nodes.ErrUnreachable)))
			return
		}
		n.owed[id] = func(res kv.Result, ok bool) {
			if !ok {
				back(kv.Result{}, fmt.Errorf("read from %s: %w", to, nodes.ErrClosed))
				return
			}
			back(res, nil)
		}
		n.reach(w.now, func() {
			w.note(hashInvoke, uint64(to), uint64(id))
			n.proc.Invoke(n, id, c)
		})
	})
}
