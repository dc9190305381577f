package harness

import (
	"maps"
	"slices"
	"strings"
	"time"

	"sunder/harness/generator"
	"sunder/harness/history"
	"sunder/harness/plan"
	"sunder/nemesis"
)

// ScriptOf is what clients did in a run of p, operation by operation, before the recovery and
// after it: p with this script does the same again, as far as it is ours to decide. Sessions that
// clients open and attempts that they repeat are in no script; they are the clients' own affair.
// Of the reads that a node never answered after the recovery there is one, which is patient. Times
// count from the first operation; with a script they count from when the test began, so that
// the first operation can be left out and nothing else moves. So do the times of faults.
func ScriptOf(p plan.Plan, events []history.Event) []plan.ScriptedOp {
	if len(p.Script) > 0 {
		return p.Script
	}
	var script []plan.ScriptedOp
	var since time.Duration
	final := false
	for _, e := range events {
		switch {
		case e.Process == history.Nemesis:
			if e.F == "recover" && e.Kind != history.Invoke {
				final, since = true, e.Time
			}
		case e.Kind == history.Invoke:
			if len(script) == 0 && !final {
				since = e.Time
			}
			script = append(script, plan.ScriptedOp{At: plan.Of(e.Time - since),
				Thread: int(e.Process) % p.Concurrency, F: e.F, Key: e.Key, Node: e.Node,
				Value: string(e.Value), Final: final})
		}
	}
	return once(script, events)
}

// once has one patient read of each node that was asked and never answered after the recovery, in
// the place of all that it was asked.
func once(script []plan.ScriptedOp, events []history.Event) []plan.ScriptedOp {
	answered := make(map[string]bool) // by a node that was named in the invocation
	named := make(map[history.Process]string)
	for _, e := range events {
		switch e.Kind {
		case history.Invoke:
			named[e.Process] = e.Node
		case history.OK:
			answered[named[e.Process]] = true
		}
	}
	var out []plan.ScriptedOp
	asked := make(map[string]bool)
	for _, o := range script {
		if o.Final && o.Node != "" && !answered[o.Node] {
			if asked[o.Node] {
				continue
			}
			asked[o.Node] = true
			o.At = plan.Of(patience)
		}
		out = append(out, o)
	}
	return out
}

// FaultsOf is the faults of p as plain as they came out in a run: at the time at which they
// started, on the nodes that they were resolved to. One that never was is as in p.
func FaultsOf(p plan.Plan, events []history.Event) []plan.Fault {
	out := slices.Clone(p.Faults)
	for _, e := range events {
		var r nemesis.Record
		if e.Process != history.Nemesis || e.F == "recover" || e.Kind == history.Invoke ||
			e.Value.Decode(&r) != nil || r.Start.Duration == 0 || r.Fault >= len(out) {
			continue
		}
		f := &out[r.Fault]
		f.At, f.On = r.Start, nil
		if len(r.Targets) > 0 {
			f.Target, f.Pick = strings.Join(r.Targets, ","), 0
			if len(r.Grudge) > 0 {
				f.Pick = pickOf(*f, r.Grudge, names(p.Nodes))
			}
		}
	}
	return out
}

// picksMax bounds the search for a number that settles a partition as it was.
const picksMax = 256

// pickOf is the least number with which a partition of named nodes cuts what the grudge says: the
// names leave open which half is deaf, or who stands on which side of a bridge.
func pickOf(f plan.Fault, was nemesis.Grudge, names []string) uint64 {
	for f.Pick = range uint64(picksMax) {
		l := nemesis.Ledger{Nodes: names}
		r, err := l.Start(0, f, nemesis.View{})
		if err == nil && maps.EqualFunc(r.Grudge, was, slices.Equal) {
			return f.Pick
		}
	}
	return 0
}

// script is the part of the plan's script that is before the recovery, or after it.
func (t *Test) script(final bool) generator.Generator {
	var ops []generator.Due
	for _, o := range t.Plan.Script {
		if o.Final != final || !final && o.At.Duration >= t.Plan.TimeLimit.Duration {
			continue
		}
		ops = append(ops, generator.Due{At: o.At.Duration, Op: generator.Op{F: o.F, Key: o.Key,
			Node: o.Node, Value: history.Value(o.Value), Thread: generator.Thread(o.Thread)}})
	}
	return generator.Script(ops)
}

// scriptMain lasts as long as the main phase shall, whatever clients do: faults need the time.
func (t *Test) scriptMain() generator.Generator {
	return generator.Any(t.script(false), generator.Sleep(t.Plan.TimeLimit.Duration)).Clients()
}
