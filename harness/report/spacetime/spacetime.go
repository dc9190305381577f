// Package spacetime explains a failing run of the simulation to a person: as a space-time diagram
// (Lamport, CACM 1978), as a few sentences, and as a Go test that keeps the failure from coming
// back. It is told what happened, and leaves out what does not matter for the anomaly.
package spacetime

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"sunder/harness/history"
	"sunder/harness/report/figures"
	"sunder/nemesis"
	"sunder/nodes"
)

// Run is what happened. Times are true times since the cluster was up.
type Run struct {
	Nodes      []string // by name, in the order of their lanes
	Messages   []Message
	Faults     []Fault
	Operations []Operation
	Facts      []Fact // of each node in order
	Lives      []Life
	Class      string // of the anomaly
	Words      string // that say what is impossible: the checker's
	Plan       string // what was run, in a line
}

// Message is one delivery of a message between nodes, or its loss.
type Message struct {
	From, To       string
	Sent, Received time.Duration // a lost one is received when it was lost
	Lost           string        // why it never arrived: cut, lost or down; empty: it did
	Kind           string        // of its protocol
	Label          string        // what it says; the words up to a comma are enough to know it by
}

// Fault is one fault and the nodes that it was done to.
type Fault struct {
	Kind, What string // partition, leader-isolated
	Nodes      []string
	Start, End time.Duration
	Grudge     map[string][]string // of a partition: node → nodes whose messages it drops
}

// Operation is one operation of a client, with what it was told.
type Operation struct {
	Process       history.Process
	Node          string // the last that was asked
	F, Key        string
	Value, Answer history.Value
	Start, End    time.Duration
	Kind          history.Kind // OK, Fail or Info
	Guilty        bool         // one of those that cannot be ordered
	Invoked       int          // its places in the history, whose order judges where times
	Completed     int          // are equal; 0: it has none
}

// precedes says whether o had ended before p began.
func (o Operation) precedes(p Operation) bool {
	if o.Completed > 0 {
		return o.Completed < p.Invoked
	}
	return o.End < p.Start
}

// Fact is what a node observed of itself.
type Fact struct {
	Node   string
	At     time.Duration
	Fact   nodes.Fact
	Term   uint64
	Index  uint64
	Hash   uint64
	Peer   string
	Guilty bool // it contradicts another
}

// Life is a moment at which a process on a node began or ended.
type Life struct {
	Node string
	At   time.Duration
	Up   bool
	Why  string // it ended: killed, no power, a panic
}

// New is the run that a history and observations tell of. The anomaly concerns the operations
// whose invocations have the given indexes in the history. Messages, lives that no fault ended,
// and words are the caller's to add.
func New(count int, events []history.Event, observed []nodes.Observed, guilty []int) (Run, error) {
	ops, err := figures.NewOps(events)
	if err != nil {
		return Run{}, fmt.Errorf("make space-time run: %w", err)
	}
	windows := figures.Windows(events)
	r := Run{Nodes: figures.Nodes(count, nil, nil)}
	for _, w := range windows {
		if w.Effect == string(nemesis.Never) {
			continue
		}
		f := Fault{Kind: w.Kind, What: w.What, Nodes: w.Targets, Start: w.From, End: w.To,
			Grudge: w.Grudge}
		if len(f.Nodes) == 0 {
			f.Nodes = slices.Sorted(maps.Keys(w.Grudge))
		}
		r.Faults = append(r.Faults, f)
		if why := map[string]string{"kill": "killed", "power": "no power"}[w.Kind]; why != "" {
			for _, n := range w.Targets {
				r.Lives = append(r.Lives, Life{Node: n, At: w.From, Why: why})
				if !w.Open {
					r.Lives = append(r.Lives, Life{Node: n, At: w.To, Up: true})
				}
			}
		}
	}
	for _, op := range ops {
		r.Operations = append(r.Operations,
			operation(op, slices.Contains(guilty, op.Invocation.Index)))
	}
	for _, o := range observed {
		f := Fact{Node: o.Node.String(), At: o.Time, Fact: o.Fact, Term: o.Term, Index: o.Index,
			Hash: o.Hash}
		if o.Peer != 0 {
			f.Peer = o.Peer.String()
		}
		r.Facts = append(r.Facts, f)
	}
	return r, nil
}

func operation(op history.Operation, guilty bool) Operation {
	inv := op.Invocation
	out := Operation{Process: inv.Process, Node: inv.Node, F: inv.F, Key: inv.Key, Value: inv.Value,
		Start: inv.Time, End: inv.Time, Kind: op.Kind(), Guilty: guilty, Invoked: inv.Index}
	if c := op.Completion; c != nil {
		out.End, out.Node, out.Completed = c.Time, c.Node, c.Index
		if c.Kind == history.OK {
			out.Answer = c.Value
		}
	}
	return out
}
