package sim

import (
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"sunder/nodes"
	"sunder/nodes/kv"
)

// node is one simulated machine: a process that may be down or paused, its clock, its disk, and
// the client requests that it owes an answer. It is the nodes.Env of the process that runs on it.
type node struct {
	w      *World
	id     nodes.ID
	proc   nodes.Node // nil while the process is down
	life   uint64     // boots so far; what was meant for a former life is lost
	seq    uint64     // observations in this life
	killed bool       // by a fault, which is to start it again
	dark   bool       // it has no power
	paused bool
	held   []job // what reached it while paused
	clock  clock
	disk   disk
	busy   time.Duration // until the last sync asked for is done: they end in order
	stuck  []syncing     // what a stalled disk holds back
	timers map[nodes.TimerID]timer
	owed   map[nodes.RequestID]waiter
	draws  map[uint64]uint64 // random choices so far, by purpose
	exit   string            // how the last process ended, if it was not killed
	syncs  uint64
	drop   map[nodes.ID]bool // whose packets it drops
	lost   map[nodes.ID]uint64
	links  []link // to each node
}

// timer is a timer that is set; due is on the node's own clock.
type timer struct {
	due nodes.Mono
	gen uint64
}

// waiter is told the answer to a request; ok false means that the connection broke.
type waiter func(res kv.Result, ok bool)

func newNode(w *World, id nodes.ID) *node {
	return &node{w: w, id: id, clock: newClock(0), disk: newDisk(),
		draws: map[uint64]uint64{}, drop: map[nodes.ID]bool{}, lost: map[nodes.ID]uint64{},
		links: make([]link, w.Plan.Nodes)}
}

// boot starts a process on what the disk holds. After a sync failed, what was written since the
// last one that succeeded may be gone.
func (n *node) boot() {
	if n.disk.failed != nil {
		n.losePower()
	}
	n.life++ // also what is left of a former life can no longer reach it
	n.seq, n.exit = 0, ""
	n.timers = map[nodes.TimerID]timer{}
	n.owed = map[nodes.RequestID]waiter{}
	proc, err := n.w.protocol.New(n.w.config(n.id))
	if err != nil {
		n.exit = err.Error()
		return
	}
	n.proc = proc
	n.w.tell(Moment{What: Booted, Node: n.id})
	n.run(job{kind: calling, what: func() { n.proc.Start(n, n.disk.found()) }})
}

// down ends the process: what it owed breaks, what was on its way to it is lost.
func (n *node) down() {
	if n.proc == nil {
		return
	}
	n.w.tell(Moment{What: Died, Node: n.id, Words: n.exit})
	n.proc, n.held, n.paused, n.stuck = nil, nil, false, nil
	n.life++
	requests := make([]nodes.RequestID, 0, len(n.owed))
	for r := range n.owed { // sorted below
		requests = append(requests, r)
	}
	slices.Sort(requests)
	for _, r := range requests {
		n.owed[r](kv.Result{}, false)
	}
	n.owed = nil
}

// reached does a job, if the process that it was for still lives; a paused one does it when it is
// resumed.
func (n *node) reached(j job) {
	switch {
	case n.proc == nil || n.life != j.life:
		if j.kind == hearing {
			n.w.tellMessage(Missed, &j)
		}
	case n.paused:
		n.held = append(n.held, j)
	default:
		n.run(j)
	}
}

// run lets the process do one thing, and ends it if that panics: an anomaly of the node's.
func (n *node) run(j job) {
	defer func() {
		if r := recover(); r != nil {
			n.exit = fmt.Sprintf("panic: %v", r)
			n.w.log(n.id, n.exit+"\n"+string(debug.Stack()))
			n.down()
		}
	}()
	if n.w.protocol.Enclose == nil { // no closure on the hot path
		n.do(j)
		return
	}
	n.w.protocol.Enclose(n, func() { n.do(j) })
}

// do is one call into the process.
func (n *node) do(j job) {
	switch j.kind {
	case hearing:
		n.w.note(hashRecv, uint64(j.from.id)<<16|uint64(n.id), j.m.Ident())
		n.w.tellMessage(Delivered, &j)
		n.proc.Recv(n, j.from.id, j.m)
		if len(n.w.armed) > 0 {
			n.w.happened(delivered, n.id, j.from.id, n.id, j.m.Kind())
		}
	case firing:
		n.fire(j)
	case synced:
		n.synced(j.sync)
	case calling:
		j.what()
	}
}

func (n *node) resume() {
	held := n.held
	n.held, n.paused = nil, false
	for _, j := range held {
		j.node = n
		n.w.queue.push(n.w.now, j)
	}
}

// arm plans the next firing of a timer under the clock as it runs now.
func (n *node) arm(t nodes.TimerID) {
	tm := n.timers[t]
	n.w.timerGen++
	tm.gen = n.w.timerGen
	n.timers[t] = tm
	left := max(0, tm.due.Sub(n.clock.now(n.w.now)))
	n.w.queue.push(n.w.now+n.clock.until(left),
		job{kind: firing, node: n, life: n.life, timer: t, gen: tm.gen})
}

func (n *node) fire(j job) {
	if cur, set := n.timers[j.timer]; set && cur.gen == j.gen {
		delete(n.timers, j.timer)
		n.w.note(hashTimer, uint64(n.id), uint64(j.timer))
		n.proc.Timer(n, j.timer)
	}
}

// rearm plans all timers anew after the clock was changed.
func (n *node) rearm() {
	set := make([]nodes.TimerID, 0, len(n.timers))
	for t := range n.timers { // sorted below
		set = append(set, t)
	}
	slices.Sort(set)
	for _, t := range set {
		n.arm(t)
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
	if answer, owed := n.owed[r]; owed {
		delete(n.owed, r)
		answer(res, true)
	}
}

func (n *node) SetTimer(t nodes.TimerID, d time.Duration) {
	n.timers[t] = timer{due: n.Now().Add(d)}
	n.arm(t)
}

func (n *node) StopTimer(t nodes.TimerID)        { delete(n.timers, t) }
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
		}
	})
}

func (n *node) Observe(o nodes.Observation) {
	n.w.observe(nodes.Observed{Node: n.id, Boot: n.life, Seq: n.seq, Time: n.w.now, Observation: o})
	n.seq++
}
