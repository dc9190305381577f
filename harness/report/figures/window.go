package figures

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"sunder/harness/history"
	"sunder/harness/plan"
	"sunder/nemesis"
	"sunder/nodes"
)

// Window is one fault as it happened. Its four moments are in order: it was ordered (Began), in
// force (From), told to end (To), and gone (Healed). What clients saw counts from From to To.
type Window struct {
	Fault   int                 `json:"fault"` // its place in the plan, from 0
	Kind    string              `json:"kind"`
	What    string              `json:"what,omitempty"` // shape, variant or skew, in words
	Targets []string            `json:"targets,omitempty"`
	Leader  string              `json:"leader,omitempty"` // believed to lead when it started
	Grudge  map[string][]string `json:"grudge,omitempty"` // node → nodes whose packets it drops
	Effect  string              `json:"effect"`           // proven, masked or none
	Proof   []string            `json:"proof,omitempty"`  // what was read back, or what masks it
	Notes   []string            `json:"notes,omitempty"`
	Outside string              `json:"outside,omitempty"` // clock or disk: beyond what is assumed
	Began   time.Duration       `json:"began_ns"`
	From    time.Duration       `json:"from_ns"`
	To      time.Duration       `json:"to_ns"`
	Healed  time.Duration       `json:"healed_ns"`
	Applied time.Duration       `json:"applied_ns"`     // it took so long to put it in force
	Open    bool                `json:"open,omitempty"` // the history ends before the fault did
}

// Windows reads what the nemesis did, in order of the faults' beginnings. Events that do not
// speak of a fault are passed over; a fault that never ended lasts to the end of the history.
func Windows(events []history.Event) []Window {
	open := make(map[int]*Window)
	var all []*Window
	var invoked, last time.Duration
	for _, e := range events {
		last = max(last, e.Time)
		if e.Process != history.Nemesis {
			continue
		}
		if e.Kind == history.Invoke {
			invoked = e.Time
		}
		var r nemesis.Record
		if e.Value.Decode(&r) != nil {
			continue
		}
		w := open[r.Fault]
		switch {
		case w == nil && e.F == "start":
			w = &Window{Fault: r.Fault, Began: invoked, From: e.Time, Open: true}
			open[r.Fault], all = w, append(all, w)
		case w == nil:
			continue
		case e.F == "start":
			w.From = e.Time
		case e.F == "end" && e.Kind == history.Invoke:
			w.To = e.Time
		case e.F == "end":
			w.To, w.Healed, w.Open = invoked, e.Time, false
			delete(open, r.Fault)
		}
		if e.Kind != history.Invoke || w.Kind == "" {
			w.learn(r)
		}
		if e.Error != "" {
			w.Notes = append(w.Notes, e.F+": "+e.Error)
		}
	}
	out := make([]Window, 0, len(all))
	for _, w := range all {
		if w.Open {
			w.To, w.Healed = cmp.Or(w.To, last), last
		}
		out = append(out, *w)
	}
	slices.SortStableFunc(out, func(a, b Window) int { return cmp.Compare(a.Began, b.Began) })
	return out
}

// Touches says whether the fault concerns node: as a target, or at either end of a cut link.
func (w Window) Touches(node string) bool {
	if slices.Contains(w.Targets, node) || len(w.Grudge[node]) > 0 {
		return true
	}
	for _, dropped := range w.Grudge {
		if slices.Contains(dropped, node) {
			return true
		}
	}
	return false
}

// Nodes are n1 to nN and all others that operations or windows name, in order.
func Nodes(n int, ops Ops, windows []Window) []string {
	seen := make(map[string]bool)
	for i := range min(n, plan.NodesMax) {
		seen[nodes.ID(i+1).String()] = true
	}
	for _, op := range ops {
		seen[nodeOf(op)] = true
	}
	for _, w := range windows {
		for _, t := range w.Targets {
			seen[t] = true
		}
	}
	delete(seen, "")
	return slices.SortedFunc(maps.Keys(seen), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
	})
}
