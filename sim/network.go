package sim

import (
	"fmt"
	"math"
	"time"

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
	heldMin     = 20 * time.Millisecond  // what is held is so at least that long,
	heldMost    = 900 * time.Millisecond // and at most that long: into a reign or two after its own
	heldMax     = 10_000                 // messages that a stream holds while it is cut
)

// link is the way from one node to another.
type link struct {
	sent []flow        // by kind of message
	last time.Duration // a stream delivers nothing before this
	held []job         // what a stream keeps while it is cut
}

func (n *node) link(to nodes.ID) *link { return &n.links[to-1] }

// reset forgets everything but the memory that it takes.
func (l *link) reset() {
	clear(l.sent)
	*l = link{sent: l.sent}
}

// flow is all messages of one kind on one link.
type flow struct {
	salt  uint64 // what the random choices of all of them begin with
	count int    // so far
}

// next is the flow of a kind after one more message.
func (l *link) next(w *World, kind uint8, from, to nodes.ID) *flow {
	for len(l.sent) <= int(kind) {
		l.sent = append(l.sent, flow{})
	}
	f := &l.sent[kind]
	if f.count++; f.count == 1 {
		f.salt = mix(w.seed, streamLatency, uint64(kind), uint64(from), uint64(to))
	}
	return f
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
	j := job{kind: arriving, node: n, from: from, born: from.life, m: m, ident: m.Ident()}
	w.note(hashSend, uint64(from.id)<<16|uint64(to), j.ident)
	if len(w.armed) > 0 {
		w.happened(sent, from.id, from.id, to, m.Kind())
	}
	if *w.Codec {
		j.m = w.coded(m)
	}
	l := from.link(to)
	w.messages++
	j.gen = w.messages
	flow := l.next(w, m.Kind(), from.id, to)
	nth := flow.count
	var f fate
	if w.fixed != nil {
		f = w.fixed.fate(place{int32(from.id), int32(to), m.Kind(), nth})
	} else {
		f = w.draw(from.id, to, stir(flow.salt, uint64(nth)))
	}
	if w.Plan.Network.Links == stream {
		if f.lost {
			f.takes += resend
		}
		l.last = max(l.last, w.now+f.takes)
		w.arrive(l.last, &j, nth)
		return
	}
	if !f.lost {
		w.arrive(w.now+f.takes, &j, nth)
	} else {
		w.tell(Moment{What: Lost, Node: from.id, Peer: to, Message: w.messages, Kind: m.Kind(),
			Nth: nth, Ident: j.ident, Body: j.m})
	}
	if f.again != 0 {
		w.arrive(w.now+f.again, &j, nth)
	}
}

// fate is what becomes of a message.
type fate struct {
	takes time.Duration
	lost  bool
	again time.Duration // it comes once more, after so long; 0: it does not
}

// draw is the fate that the plan's network has for the message that h stands for.
func (w *World) draw(from, to nodes.ID, h uint64) (f fate) {
	knobs := &w.Plan.Network
	f.takes, f.lost = w.latency(h), knobs.Loss > 0 && chance(mix(h, 1), knobs.Loss)
	if w.ranks != nil {
		f.takes = w.ranks.latency(int(from-1)*len(w.nodes)+int(to-1), w.messages)
	}
	if knobs.Duplicate > 0 && chance(mix(h, 2), knobs.Duplicate) {
		f.again = w.latency(mix(h, 4))
	}
	// In a stream all that is behind would wait as well, long after the network was healed.
	if knobs.Reorder > 0 && knobs.Links != stream && chance(mix(h, 3), knobs.Reorder) {
		f.takes *= reordered
	}
	if knobs.Hold > 0 && knobs.Links != stream && chance(mix(h, 5), knobs.Hold) {
		u := float64(mix(h, 6)>>11) / (1 << 53)
		f.takes += time.Duration(float64(heldMin) * math.Pow(float64(heldMost)/float64(heldMin), u))
	}
	return f
}

// codecShare is how many seeds there are for one in which messages are encoded: it is not free.
const codecShare = 16

// coded is m as the receiver would read it. What a codec loses or shares is the sender's mistake.
func (w *World) coded(m nodes.Message) nodes.Message {
	out, err := w.protocol.Decode(m.Kind(), m.AppendTo(nil))
	if err != nil {
		panic(fmt.Sprintf("a message of kind %d does not survive its encoding: %v", m.Kind(), err))
	}
	return out
}

// stream is what a plan calls links that keep order.
const stream = "stream"

// arrive lets the message of a job arrive at the given time.
func (w *World) arrive(at time.Duration, j *job, nth int) {
	if w.Watch != nil {
		w.tell(Moment{What: Sent, Node: j.from.id, Peer: j.node.id, Message: j.gen,
			Kind: j.m.Kind(), Nth: nth, Ident: j.ident, Body: j.m, Takes: at - w.now})
	}
	w.queue.push(at, j)
}

// arrived hands a message to its receiver, unless the link is cut.
func (w *World) arrived(j *job) {
	to := j.node
	j.kind, j.life = hearing, to.life
	if !to.drop[j.from.id] {
		to.reached(j)
		return
	}
	to.ignore(j.from)
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
				j.kind = arriving
				w.queue.push(w.now, &j)
			}
		}
	}
}

// latency is how long a client and a node need to reach each other. Clients stand outside of the
// plan's network, unless that is a fixed one.
func (p *process) latency(node nodes.ID, way uint64) time.Duration {
	h := mix(p.w.seed, streamClient, uint64(p.id), uint64(node), p.asks, way)
	took := min(latencyMin+exponential(h, latencyMean), latencyMax*latencyMean)
	m := Moment{What: Asked, Node: node, Client: p.id, Nth: int(p.asks)}
	at := place{from: client(p.id), to: int32(node), nth: m.Nth}
	if way == back {
		m.What, at.from, at.to = Answered, at.to, at.from
	}
	if p.w.fixed != nil {
		took = p.w.fixed.fate(at).takes
	}
	m.Takes = took
	p.w.tell(m)
	return took
}

// The ways between a client and a node.
const (
	forth = iota
	back
)

// asked hands a client's command to the node. Clients stand outside of the partitions. A node that
// is down refuses, which proves that it never saw the command.
func (n *node) asked(a *ask) {
	if n.proc == nil {
		n.answer(a, kv.Result{}, n.refusal)
		return
	}
	n.owed = append(n.owed, a)
	n.reached(&job{kind: invoking, life: n.life, ask: a})
}

// answer carries an answer back to the client.
func (n *node) answer(a *ask, res kv.Result, err error) {
	a.res, a.err = res, err
	n.w.queue.push(n.w.now+a.by.latency(n.id, back), &job{kind: answering, ask: a})
}
