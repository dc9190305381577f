// Package sim runs a whole test in one goroutine on virtual time: nodes, network, clocks, disks,
// and the clients as coroutines. It is one more environment under the harness's conductor. A run
// is a pure function of its plan: the same plan gives the same history and the same trace hash.
//
// The network is what the plan says, cut by partitions. Disks lose with the power what
// was not synced; they get slow, stall and fail.
package sim

import (
	"fmt"
	"slices"
	"time"

	"sunder/harness"
	"sunder/harness/history"
	"sunder/harness/plan"
	"sunder/nemesis"
	"sunder/nodes"
)

// Options is what a World needs beside the plan.
type Options struct {
	Plan     plan.Plan
	Protocol nodes.Protocol
	Client   func(history.Process) nodes.Client
	Observe  func(nodes.Observed) // write-only; may be nil
	Watch    func(Moment)         // so is this
	// Exhausted is told, once, why a run can go on no more: the nodes do more than any sound ones
	// would. The world stands still then.
	Exhausted func(why string)
	// Codec says whether messages go through their encoding, as in containers; nil: the seed
	// decides, one in 16 does. It is to make no difference.
	Codec *bool
	Log   func(node nodes.ID, line string)
	Brief bool // Records alone says what became of faults, not the history
}

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

// What the trace hash covers, beside the time at which it happened.
const (
	hashSend = iota + 1
	hashRecv
	hashTimer
	hashInvoke
	hashObserve
	hashComplete
	hashPower
)

// New boots the cluster of the plan at virtual time 0.
func New(o Options) (*World, error) {
	w := new(World)
	if err := w.Reset(o); err != nil {
		return nil, err
	}
	return w, nil
}

// Reset makes a closed world, or a zero one, what New would make, in the memory that it has: a
// search runs thousands of them. What it told before, Records among that, stays as it was.
func (w *World) Reset(o Options) error {
	if err := o.check(); err != nil {
		return err
	}
	fixed, err := newFixed(o)
	if err != nil {
		return err
	}
	if w.processes == nil {
		w.processes = make(map[history.Process]*process)
	}
	clear(w.processes)
	if o.Codec == nil {
		coded := mix(o.Plan.Seed, streamCodec)%codecShare == 0
		o.Codec = &coded
	}
	*w = World{Options: o, protocol: o.Protocol, seed: o.Plan.Seed, fixed: fixed,
		options: o.Protocol.Pick(o.Plan.Options), processes: w.processes, nodes: w.nodes,
		queue: w.queue.empty(), completed: w.completed[:0], armed: w.armed[:0],
		spare: w.spare}
	names := make([]string, o.Plan.Nodes)
	w.members = make([]nodes.ID, o.Plan.Nodes)
	for i := range names {
		w.members[i] = nodes.ID(i + 1)
		names[i] = w.members[i].String()
	}
	for len(w.nodes) < len(names) {
		w.nodes = append(w.nodes, &node{draws: map[uint64]uint64{}})
	}
	w.nodes = w.nodes[:len(names)]
	if changes := o.Plan.Network.Priorities; changes > 0 {
		w.ranks = newPriorities(w.seed, o.Plan.Nodes, changes)
	}
	w.injector = harness.Injector{Driver: driver{w}, Faults: o.Plan.Faults, Brief: o.Brief,
		Ledger: &nemesis.Ledger{Nodes: names, Assumption: o.Protocol.Clock(o.Plan.Options)}}
	for i, n := range w.nodes {
		if err := o.Protocol.Check(w.config(w.members[i])); err != nil {
			return err
		}
		n.reset(w, w.members[i])
	}
	for _, n := range w.nodes {
		if n.boot(); n.proc == nil {
			return fmt.Errorf("boot %s: %s", n.id, n.exit)
		}
	}
	return nil
}

// check says what of the plan this protocol does not have.
func (o Options) check() error {
	known := func(kind string) bool { return kind == "" || slices.Contains(o.Protocol.Kinds, kind) }
	for i, f := range o.Plan.Faults {
		if f.On != nil && !known(f.On.Kind) {
			return fmt.Errorf("faults[%d].on.kind is %.40q: %s has no such message; it has %s", i,
				f.On.Kind, o.Protocol.Name, o.Protocol.KindList())
		}
	}
	return nil
}

// Close ends the clients. The world can be looked at afterwards, but not run.
func (w *World) Close() {
	w.closed = true
	ids := make([]history.Process, 0, len(w.processes))
	for id := range w.processes { // sorted below
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		w.processes[id].stop()
	}
}

// Trace is a hash of everything that happened so far.
func (w *World) Trace() uint64 { return w.trace }

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
		p = newProcess(w, inv.Process, w.Client(inv.Process))
		w.processes[inv.Process] = p
	}
	p.inv = inv
	p.resume()
}

// Await runs the world until an operation completes, which it returns, or until the given time.
func (w *World) Await(until time.Duration) (history.Event, bool) {
	for len(w.completed) == 0 && len(w.queue.heap) > 0 && w.queue.heap[0].at <= until &&
		!w.exhausted() {
		w.step()
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

func (w *World) step() {
	at, j := w.queue.pop()
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

// retire ends the coroutine of a process that will never be asked again.
func (w *World) retire(id history.Process) {
	p := w.processes[id]
	w.at(w.now, func() { // the coroutine itself is what runs now
		p.stop()
		delete(w.processes, id)
	})
}

func (w *World) config(id nodes.ID) nodes.Config {
	return nodes.Config{Self: id, Members: w.members, Options: w.options, Bug: w.Plan.Bug}
}

func (w *World) node(id nodes.ID) *node {
	if id < 1 || int(id) > len(w.nodes) {
		return nil
	}
	return w.nodes[id-1]
}

func (w *World) note(what int, a, b uint64) {
	w.trace = mix(w.trace, uint64(w.now), uint64(what), a, b)
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
