package harness

import (
	"time"

	"sunder/harness/generator"
	"sunder/harness/history"
	"sunder/harness/plan"
)

// ScriptOf is what clients did in a run of p, operation by operation, before the recovery and
// after it: p with this script does the same again, as far as it is ours to decide. Sessions that
// clients open and attempts that they repeat are in no script; they are the clients' own affair.
// Times count from the first operation; with a script they count from when the test began, so that
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
	return script
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
