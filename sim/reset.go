package sim

import (
	"fmt"
	"slices"

	"sunder/harness"
	"sunder/harness/history"
	"sunder/nemesis"
	"sunder/nodes"
)

// New boots the cluster of the plan at virtual time 0.
func New(o Options) (*World, error) {
	w := new(World)
	if err := w.Reset(o); err != nil {
		return nil, err
	}
	return w, nil
}

// Reset makes a world, closed or not, or a zero one, what New would make, in the memory that it
// has: a search runs thousands of them. What it told before, Records among that, stays as it was.
func (w *World) Reset(o Options) error {
	fixed, err := o.check()
	if err != nil {
		return err
	}
	if w.processes == nil {
		w.processes = make(map[history.Process]*process)
	}
	w.leave()
	if o.Codec == nil {
		coded := mix(o.Plan.Seed, streamCodec)%codecShare == 0
		o.Codec = &coded
	}
	*w = World{Options: o, protocol: o.Protocol, seed: o.Plan.Seed, fixed: fixed,
		options: o.Protocol.Pick(o.Plan.Options), processes: w.processes, nodes: w.nodes,
		queue: w.queue.empty(), completed: w.completed[:0], armed: w.armed[:0],
		spare: w.spare, idle: w.idle}
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
		Ledger: &nemesis.Ledger{Nodes: names, Assumption: o.Protocol.Clock(o.Plan.Options),
			Flips: o.Protocol.Flips, Local: o.Protocol.Local,
			Successive: o.Protocol.Successive}}
	for i, n := range w.nodes {
		if err := o.Protocol.Check(w.config(w.members[i])); err != nil {
			return err
		}
		n.reset(w, w.members[i])
	}
	for _, n := range w.nodes {
		if err := n.boot(); err != nil {
			return fmt.Errorf("boot %s: %w", n.id, err)
		}
	}
	return nil
}

func (w *World) config(id nodes.ID) nodes.Config {
	return nodes.Config{Self: id, Members: w.members, Options: w.options, Bug: w.Plan.Bug}
}

// Close ends the clients. The world can be looked at afterwards, but not run.
func (w *World) Close() {
	w.leave()
	for _, p := range w.idle {
		p.stop()
	}
	w.idle = nil
}

// leave lets every client leave its operation.
func (w *World) leave() {
	w.closed = true
	ids := make([]history.Process, 0, len(w.processes))
	for id := range w.processes { // sorted below
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		w.processes[id].leave()
		w.idle = append(w.idle, w.processes[id])
	}
	clear(w.processes)
}
