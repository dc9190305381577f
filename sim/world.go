// Package sim runs a whole test in one goroutine on virtual time: nodes, network, clocks, disks,
// and the clients as coroutines. It is one more environment under the harness's conductor. A run
// is a pure function of its plan: the same plan gives the same history and the same trace hash.
//
// The network is what the plan says, cut by partitions. Disks lose with the power what
// was not synced; they get slow, stall and fail.
package sim

import (
	"time"

	"sunder/harness"
	"sunder/harness/history"
	"sunder/nemesis"
	"sunder/nodes"
)

// World is a cluster and its clients in virtual time. It is an Environment of the harness.
type World struct {
	Options
	protocol  nodes.Protocol
	seed      uint64
	members   []nodes.ID        // what every node is told
	options   map[string]string // and how it shall work
	now       time.Duration
	queue     queue
	spare     []*ask // to be used again
	nodes     []*node
	processes map[history.Process]*process
	idle      []*process      // coroutines without a client
	completed []history.Event // of which the first taken were passed on
	taken     int
	injector  harness.Injector
	timerGen  uint64
	trace     uint64
	closed    bool
	healed    bool      // the network is calm, and no trigger starts anything
	armed     []trigger // the faults that wait for an event
	messages  uint64    // sent so far
	ranks     *priorities
	fixed     *fixed // nil: latencies are chance
	steps     uint64
	spent     bool // more than any sound nodes do
}

// Steps is how many things happened so far.
func (w *World) Steps() uint64 { return w.steps }

// Records is what became of the faults so far, for harness.Evidence.
func (w *World) Records() []nemesis.Record { return w.injector.Records }

// Now is the virtual time since the cluster was booted.
func (w *World) Now() time.Duration { return w.now }

// Invoke starts an operation of a client process.
func (w *World) Invoke(inv history.Event) {
	p := w.processes[inv.Process]
	if p == nil {
		p = w.process(inv.Process, w.Client(inv.Process))
		w.processes[inv.Process] = p
	}
	p.inv, p.busy = inv, true
	p.resume()
}

// Await runs the world until an operation completes, which it returns, or until the given time.
func (w *World) Await(until time.Duration) (history.Event, bool) {
	for len(w.completed) == 0 && !w.exhausted() && w.step(until) {
	}
	if w.taken < len(w.completed) {
		e := w.completed[w.taken]
		if w.taken++; w.taken == len(w.completed) {
			w.completed, w.taken = w.completed[:0], 0
		}
		return e, true
	}
	w.now = max(w.now, until)
	return history.Event{}, false
}

// step does what is due first, if it is due by the given time.
func (w *World) step(until time.Duration) bool {
	var j job
	at, ok := w.queue.pop(until, &j)
	if !ok {
		return false
	}
	w.now = max(w.now, at)
	w.steps++
	switch j.kind {
	case doing:
		j.what()
	case arriving:
		w.arrived(&j)
	case asking:
		j.ask.to.asked(j.ask)
	case answering:
		j.ask.end(false)
	case expiring:
		j.ask.end(true)
	default:
		j.node.reached(&j)
	}
	return true
}

// at lets what happen at a time.
func (w *World) at(at time.Duration, what func()) {
	w.queue.push(at, &job{kind: doing, what: what})
}

func (w *World) complete(e history.Event) {
	if w.closed {
		return
	}
	w.note(hashComplete, uint64(e.Process), uint64(e.Kind))
	w.completed = append(w.completed, e)
	if e.Kind == history.Info && e.Process != history.Nemesis {
		w.retire(e.Process)
	}
}

// retire lets go of a process that will never be asked again.
func (w *World) retire(id history.Process) {
	p := w.processes[id]
	w.at(w.now, func() { // the coroutine itself is what runs now
		delete(w.processes, id)
		w.idle = append(w.idle, p)
	})
}

func (w *World) node(id nodes.ID) *node {
	if id < 1 || int(id) > len(w.nodes) {
		return nil
	}
	return w.nodes[id-1]
}

// observe passes an observation on. The trace covers it whether anybody listens or not.
func (w *World) observe(o nodes.Observed) {
	w.note(hashObserve, uint64(o.Node)<<48^o.Term<<24^o.Index, o.Hash)
	if len(w.armed) > 0 {
		switch o.Fact {
		case nodes.BecameLeader:
			w.happened(elected, o.Node, 0, 0, 0)
		case nodes.Committed, nodes.Decided:
			w.happened(committed, o.Node, 0, 0, 0)
		case nodes.Configured:
			w.happened(configured, o.Node, 0, 0, 0)
		}
	}
	if w.Observe != nil {
		w.Observe(o)
	}
}

func (w *World) log(id nodes.ID, line string) {
	if w.Log != nil {
		w.Log(id, line)
	}
}
