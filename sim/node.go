package sim

import (
	"cmp"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"sunder/harness/history"
	"sunder/nodes"
	"sunder/nodes/kv"
)

// node is one simulated machine: a process that may be down or paused, its clock, its disk, and
// the client requests that it owes an answer. It is the nodes.Env of the process that runs on it.
type node struct {
	w       *World
	id      nodes.ID
	proc    nodes.Node // nil while the process is down
	life    uint64     // boots so far; what was meant for a former life is lost
	seq     uint64     // observations in this life
	killed  bool       // by a fault, which is to start it again
	dark    bool       // it has no power
	flipped bool       // a fault that flipped a bit of its disk lasts
	paused  bool
	held    []job // what reached it while paused
	clock   clock
	disk    disk
	busy    time.Duration     // until the last sync asked for is done: they end in order
	syncs   []syncing         // under way, in the order in which they end
	stuck   []syncing         // what a stalled disk holds back
	timers  []timer           // that are set, ascending by id
	owed    []*ask            // what waits for an answer
	draws   map[uint64]uint64 // random choices so far, by purpose
	exit    string            // how the last process ended, if it was not killed
	synced  uint64            // syncs so far
	drop    []bool            // whose packets it drops, by id
	shown   map[string]uint64 // lost, as it was read back
	lost    []uint64          // how many it dropped, by id
	refusal error             // of a connection, while the process is down
	links   []link            // to each node
}

// timer is a timer that is set; due is on the node's own clock.
type timer struct {
	id  nodes.TimerID
	due nodes.Mono
	gen uint64
}

// reset makes n a new machine, in the memory that it has.
func (n *node) reset(w *World, id nodes.ID) {
	clear(n.draws)
	for i := range n.links {
		n.links[i].reset()
	}
	*n = node{w: w, id: id, clock: newClock(0), disk: n.disk.fresh(), draws: n.draws,
		timers: n.timers[:0], owed: n.owed[:0], syncs: n.syncs[:0], drop: zeros(n.drop, w.Plan.Nodes+1),
		lost: zeros(n.lost, w.Plan.Nodes+1), links: n.links, refusal: n.refusal}
	if len(n.links) != w.Plan.Nodes {
		n.links = make([]link, w.Plan.Nodes)
	}
	if n.refusal == nil {
		n.refusal = history.Definite(fmt.Errorf("connect to %s: %w", id, nodes.ErrUnreachable))
	}
}

// zeros is n zeros, in the memory of s if that will do.
func zeros[T any](s []T, n int) []T {
	s = slices.Grow(s[:0], n)[:n]
	clear(s)
	return s
}

// boot starts a process on what the disk holds. After a sync failed, what was written since the
// last one that succeeded may be gone; after a write did for want of space, it ends where that did.
// The error is that there is no such process; one that panics when it starts is down.
func (n *node) boot() (err error) {
	switch {
	case errors.Is(n.disk.failed, errFull):
		n.disk.failed = nil
	case n.disk.failed != nil:
		n.losePower()
	}
	n.life++ // also what is left of a former life can no longer reach it
	n.seq, n.exit = 0, ""
	n.timers, n.syncs = n.timers[:0], n.syncs[:0]
	n.run(&job{kind: calling, what: func() {
		var proc nodes.Node
		if proc, err = n.w.protocol.New(n.w.config(n.id)); err != nil {
			n.exit = err.Error()
			return
		}
		n.proc = proc
		n.w.tell(Moment{What: Booted, Node: n.id})
		n.proc.Start(n, n.disk.found())
	}})
	return err
}

// down ends the process: what it owed breaks, what was on its way to it is lost.
func (n *node) down() {
	if n.proc == nil {
		return
	}
	n.w.tell(Moment{What: Died, Node: n.id, Words: n.exit})
	n.proc, n.held, n.paused, n.stuck = nil, nil, false, nil
	n.life++
	slices.SortFunc(n.owed, func(a, b *ask) int { return cmp.Compare(a.id, b.id) })
	for _, a := range n.owed {
		n.answer(a, kv.Result{}, fmt.Errorf("read from %s: %w", n.id, nodes.ErrClosed))
	}
	n.owed = n.owed[:0]
}

// reached does a job, if the process that it was for still lives; a paused one does it when it is
// resumed.
func (n *node) reached(j *job) {
	switch {
	case n.proc == nil || n.life != j.life:
		if j.kind == hearing {
			n.w.tellMessage(Missed, j)
		}
	case n.paused:
		n.held = append(n.held, *j)
	default:
		n.run(j)
	}
}

// run lets the process do one thing, and ends it if that panics: an anomaly of the node's.
func (n *node) run(j *job) {
	defer func() {
		if r := recover(); r != nil {
			n.exit = fmt.Sprintf("panic: %v", r)
			n.w.log(n.id, n.exit+"\n"+string(debug.Stack()))
			n.down()
		}
	}()
	if n.w.protocol.Enclose == nil { // nothing is allocated on the hot path
		n.do(j)
		return
	}
	enclosed := *j
	n.w.protocol.Enclose(n, func() { n.do(&enclosed) })
}

// do is one call into the process.
func (n *node) do(j *job) {
	switch j.kind {
	case hearing:
		n.w.note(hashRecv, uint64(j.from.id)<<16|uint64(n.id), j.ident)
		n.w.tellMessage(Delivered, j)
		n.proc.Recv(n, j.from.id, j.m)
		if len(n.w.armed) > 0 {
			n.w.happened(delivered, n.id, j.from.id, n.id, j.m.Kind())
		}
	case firing:
		n.fire(j)
	case synced:
		s := n.syncs[0]
		n.syncs = slices.Delete(n.syncs, 0, 1)
		n.endSync(s)
	case invoking:
		n.w.note(hashInvoke, uint64(n.id), uint64(j.ask.id))
		n.proc.Invoke(n, j.ask.id, j.ask.command)
	case calling:
		j.what()
	}
}

// status is what the process says of itself, if it lives, can say it, and survives that.
func (n *node) status() (st nodes.Status, ok bool) {
	if s, can := n.proc.(nodes.Statuser); can {
		n.run(&job{kind: calling, what: func() { st, ok = s.Status(), true }})
	}
	return st, ok
}

// resume lets a paused process do what reached it meanwhile. Whether it looks at its connections
// first or at its timers is chance, as it is for a process that gets the processor back.
func (n *node) resume() {
	held := n.held
	n.held, n.paused = nil, false
	if mix(n.w.seed, streamResume, uint64(n.id), uint64(n.w.now))&1 == 0 {
		slices.SortStableFunc(held, func(a, b job) int {
			return cmp.Compare(isTimer(a.kind), isTimer(b.kind))
		})
	}
	for _, j := range held {
		j.node = n
		n.w.queue.push(n.w.now, &j)
	}
}

func isTimer(k kind) int {
	if k == firing {
		return 1
	}
	return 0
}

// arm plans the next firing of a timer under the clock as it runs now.
func (n *node) arm(tm *timer) {
	n.w.timerGen++
	tm.gen = n.w.timerGen
	left := max(0, tm.due.Sub(n.clock.now(n.w.now)))
	n.w.queue.push(n.w.now+n.clock.until(left),
		&job{kind: firing, node: n, life: n.life, timer: tm.id, gen: tm.gen})
}

// place is where the timer t stands, or belongs.
func (n *node) place(t nodes.TimerID) (at int, set bool) {
	for at < len(n.timers) && n.timers[at].id < t {
		at++
	}
	return at, at < len(n.timers) && n.timers[at].id == t
}

func (n *node) fire(j *job) {
	if at, set := n.place(j.timer); set && n.timers[at].gen == j.gen {
		n.timers = slices.Delete(n.timers, at, at+1)
		n.w.note(hashTimer, uint64(n.id), uint64(j.timer))
		n.proc.Timer(n, j.timer)
	}
}

// rearm plans all timers anew after the clock was changed.
func (n *node) rearm() {
	for i := range n.timers {
		n.arm(&n.timers[i])
	}
}

func (n *node) Now() nodes.Mono { return n.clock.now(n.w.now) }

func (n *node) Wall() time.Time { return n.clock.wallTime(n.w.now) }

func (n *node) Rand(purpose string, below uint64) uint64 {
	p := hashString(purpose)
	n.draws[p]++
	return mix(n.w.seed, streamNode, uint64(n.id), p, n.draws[p]) % below
}

func (n *node) Send(to nodes.ID, m nodes.Message) { n.w.send(n, to, m) }

func (n *node) Reply(r nodes.RequestID, res kv.Result) {
	at := slices.IndexFunc(n.owed, func(a *ask) bool { return a.id == r })
	if at >= 0 {
		a := n.owed[at]
		n.owed = slices.Delete(n.owed, at, at+1)
		n.answer(a, res, nil)
	}
}

func (n *node) SetTimer(t nodes.TimerID, d time.Duration) {
	at, set := n.place(t)
	if !set {
		n.timers = slices.Insert(n.timers, at, timer{id: t})
	}
	n.timers[at].due = n.Now().Add(d)
	n.arm(&n.timers[at])
}

func (n *node) StopTimer(t nodes.TimerID) {
	if at, set := n.place(t); set {
		n.timers = slices.Delete(n.timers, at, at+1)
	}
}

func (n *node) Append(f nodes.File, p []byte)    { n.disk.append(f, p) }
func (n *node) Truncate(f nodes.File, off int64) { n.disk.truncate(f, off) }
func (n *node) Rename(from, to nodes.File)       { n.disk.rename(from, to) }
func (n *node) Remove(f nodes.File)              { n.disk.remove(f) }

func (n *node) Stop(reason string) {
	n.exit = "stopped: " + reason
	n.w.log(n.id, n.exit)
	life := n.life
	n.w.at(n.w.now, func() { // the step that called Stop ends first
		if n.life == life {
			n.down()
			n.revive()
		}
	})
}

func (n *node) Observe(o nodes.Observation) {
	n.w.observe(nodes.Observed{Node: n.id, Boot: n.life, Seq: n.seq, Time: n.w.now, Observation: o})
	n.seq++
}
