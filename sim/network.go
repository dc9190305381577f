package sim

import (
	"fmt"
	"math"
	"time"

	"sunder/harness/history"
	"sunder/harness/plan"
	"sunder/nodes"
	"sunder/nodes/kv"
)

// The network unless the plan has another one: a calm local network with a tail.
const (
	latencyMin  = 100 * time.Microsecond
	latencyMean = 400 * time.Microsecond // of what comes on top, exponentially
	latencyMax  = 75                     // times the mean: no longer than that
	reordered   = 20                     // times as long takes a message that is overtaken
	resend      = 200 * time.Millisecond // after that a stream sends again what was lost
	heldMax     = 10_000                 // messages that a stream holds while it is cut
)

// link is the way from one node to another.
type link struct {
	sent []int         // messages so far, by kind
	last time.Duration // a stream delivers nothing before this
	held []job         // what a stream keeps while it is cut
}

func (n *node) link(to nodes.ID) *link { return &n.links[to-1] }

// reset forgets everything but the memory that it takes.
func (l *link) reset() {
	clear(l.sent)
	*l = link{sent: l.sent}
}

// count counts a message of the kind.
func (l *link) count(kind uint8) int {
	for len(l.sent) <= int(kind) {
		l.sent = append(l.sent, 0)
	}
	l.sent[kind]++
	return l.sent[kind]
}

// calm is a network of which nothing is left that was wrong.
func calm(n plan.Network) plan.Network {
	return plan.Network{Links: n.Links, Fixed: n.Fixed, Except: n.Except}
}

// chance says whether something happens that does so with probability p.
func chance(h uint64, p float64) bool { return float64(h>>11)/(1<<53) < p }

// exponential turns a well spread number into a time with that mean.
func exponential(h uint64, mean time.Duration) time.Duration {
	u := (float64(h>>11) + 0.5) / (1 << 53)
	return time.Duration(-math.Log(u) * float64(mean))
}

// latency is how long what h stands for is under way between nodes.
func (w *World) latency(h uint64) time.Duration {
	mean := w.Plan.Network.Latency.Duration
	if mean == 0 {
		mean = latencyMean
	}
	return min(latencyMin+exponential(h, mean), latencyMax*mean)
}

// send carries a message to a peer. A receiver drops it if that is its grudge when it arrives.
func (w *World) send(from *node, to nodes.ID, m nodes.Message) {
	n := w.node(to)
	if n == nil {
		return
	}
	w.note(hashSend, uint64(from.id)<<16|uint64(to), m.Ident())
	if len(w.armed) > 0 {
		w.happened(sent, from.id, from.id, to, m.Kind())
	}
	l, knobs := from.link(to), &w.Plan.Network
	w.messages++
	nth := l.count(m.Kind())
	h := mix(w.seed, streamLatency, uint64(m.Kind()), uint64(from.id), uint64(to), uint64(nth))
	took := w.latency(h)
	if w.ranks != nil {
		took = w.ranks.latency(int(from.id-1)*len(w.nodes)+int(to-1), w.messages)
	}
	lost, twice := chance(mix(h, 1), knobs.Loss), chance(mix(h, 2), knobs.Duplicate)
	late := chance(mix(h, 3), knobs.Reorder)
	if late {
		took *= reordered
	}
	if knobs.Links == stream {
		if lost {
			took += resend
		}
		l.last = max(l.last, w.now+took)
		w.arrive(from, n, l.last, m, nth)
		return
	}
	if !lost {
		w.arrive(from, n, w.now+took, m, nth)
	} else {
		w.tell(Moment{What: Lost, Node: from.id, Peer: to, Message: w.messages, Kind: m.Kind(),
			Nth: nth, Ident: m.Ident()})
	}
	if twice {
		w.arrive(from, n, w.now+w.latency(mix(h, 4)), m, nth)
	}
}

// stream is what a plan calls links that keep order.
const stream = "stream"

// arrive lets a message arrive at the given time.
func (w *World) arrive(from, to *node, at time.Duration, m nodes.Message, nth int) {
	if w.Watch != nil {
		w.tell(Moment{What: Sent, Node: from.id, Peer: to.id, Message: w.messages, Kind: m.Kind(),
			Nth: nth, Ident: m.Ident(), Takes: at - w.now})
	}
	w.queue.push(at, job{kind: arriving, node: to, from: from, born: from.life, m: m, gen: w.messages})
}

// arrived hands a message to its receiver, unless the link is cut.
func (w *World) arrived(j *job) {
	to := j.node
	j.kind, j.life = hearing, to.life
	if !to.drop[j.from.id] {
		to.reached(j)
		return
	}
	to.lost[j.from.id]++
	w.tellMessage(Cut, j)
	l := j.from.link(to.id)
	if w.Plan.Network.Links == stream && len(l.held) < heldMax && to.proc != nil {
		l.held = append(l.held, *j)
	}
}

// release lets go what the links to n held, where they are no longer cut.
func (w *World) release(n *node) {
	for _, from := range w.nodes {
		l := from.link(n.id)
		if n.drop[from.id] || len(l.held) == 0 {
			continue
		}
		held := l.held
		l.held = nil
		for _, j := range held {
			if j.from.life == j.born && n.life == j.life { // else the connection was reset
				w.queue.push(w.now, job{kind: arriving, node: n, from: j.from, born: j.born, m: j.m,
					gen: j.gen})
			}
		}
	}
}

// latency is how long a client and a node need to reach each other. Clients stand outside
// of the plan's network.
func (p *process) latency(node nodes.ID, way uint64) time.Duration {
	h := mix(p.w.seed, streamClient, uint64(p.id), uint64(node), p.asks, way)
	return min(latencyMin+exponential(h, latencyMean), latencyMax*latencyMean)
}

// asked hands a client's command to the node. Clients stand outside of the partitions. A node that
// is down refuses, which proves that it never saw the command.
func (n *node) asked(a *ask) {
	if n.proc == nil {
		n.answer(a, kv.Result{},
			history.Definite(fmt.Errorf("connect to %s: %w", n.id, nodes.ErrUnreachable)))
		return
	}
	n.owed = append(n.owed, a)
	n.reached(&job{kind: invoking, life: n.life, ask: a})
}

// answer carries an answer back to the client.
func (n *node) answer(a *ask, res kv.Result, err error) {
	a.res, a.err = res, err
	n.w.queue.push(n.w.now+a.by.latency(n.id, 1), job{kind: answering, ask: a})
}
