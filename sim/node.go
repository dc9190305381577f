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
	paused bool
	held   []func() // what reached it while paused
	clock  clock
	disk   disk
	timers map[nodes.TimerID]timer
	owed   map[nodes.RequestID]waiter
	draws  map[uint64]uint64 // random choices so far, by purpose
	exit   string            // how the last process ended, if it was not killed
	drop   map[nodes.ID]bool // whose packets it drops
	lost   map[nodes.ID]uint64
}

// timer is a timer that is set; due is on the node's own clock.
type timer struct {
	due nodes.Mono
	gen uint64
}

// waiter is told the answer to a request; ok false means that the connection broke.
type waiter func(res kv.Result, ok bool)

func newNode(w *World, id nodes.ID) *node {
	return &node{w: w, id: id, clock: newClock(0), disk: disk{files: map[nodes.File][]byte{}},
		draws: map[uint64]uint64{}, drop: map[nodes.ID]bool{}, lost: map[nodes.ID]uint64{}}
}

// boot starts a process on what the disk holds.
func (n *node) boot() {
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
	n.run(func() { n.proc.Start(n, n.disk.found()) })
}

// down ends the process: what it owed breaks, what was on its way to it is lost.
func (n *node) down() {
	if n.proc == nil {
		return
	}
	n.proc, n.held, n.paused = nil, nil, false
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

// run lets the process do one thing, and ends it if that panics: an anomaly of the node's.
func (n *node) run(step func()) {
	defer func() {
		if r := recover(); r != nil {
			n.exit = fmt.Sprintf("panic: %v", r)
			n.w.log(n.id, n.exit+"\n"+string(debug.Stack()))
			n.down()
		}
	}()
	n.w.protocol.Enter(n, step)
}

// reach does step at time at, if the process that lives now still does; a paused one does it when
// it is resumed.
func (n *node) reach(at time.Duration, step func()) {
	life := n.life
	n.w.queue.push(at, func() {
		switch {
		case n.proc == nil || n.life != life:
		case n.paused:
			n.held = append(n.held, func() { n.reach(n.w.now, step) })
		default:
			n.run(step)
		}
	})
}

func (n *node) resume() {
	held := n.held
	n.held, n.paused = nil, false
	for _, again := range held {
		again()
	}
}

// arm plans the next firing of a timer under the clock as it runs now.
func (n *node) arm(t nodes.TimerID) {
	tm := n.timers[t]
	n.w.timerGen++
	tm.gen = n.w.timerGen
	n.timers[t] = tm
	left := max(0, tm.due.Sub(n.clock.now(n.w.now)))
	gen := tm.gen
	n.reach(n.w.now+n.clock.until(left), func() {
		if cur, set := n.timers[t]; set && cur.gen == gen {
			delete(n.timers, t)
			n.w.note(hashTimer, uint64(n.id), uint64(t))
			n.proc.Timer(n, t)
		}
	})
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

func (n *node) StopTimer(t nodes.TimerID)          { delete(n.timers, t) }
func (n *node) Append(f nodes.File, p []byte)      { n.disk.append(f, p) }
func (n *node) Truncate(f nodes.File, off int64)   { n.disk.truncate(f, off) }
func (n *node) Rename(from, to nodes.File)         { n.disk.rename(from, to) }
func (n *node) Remove(f nodes.File)                { delete(n.disk.files, f) }
func (n *node) Sync(f nodes.File, tok nodes.Token) { n.w.sync(n, f, tok) }

func (n *node) Stop(reason string) {
	n.exit = "stopped: " + reason
	n.w.log(n.id, n.exit)
	life := n.life
	n.w.queue.push(n.w.now, func() { // the step that called Stop ends first
		if n.life == life {
			n.down()
		}
	})
}

func (n *node) Observe(o nodes.Observation) {
	n.w.observe(nodes.Observed{Node: n.id, Boot: n.life, Seq: n.seq, Time: n.w.now, Observation: o})
	n.seq++
}
