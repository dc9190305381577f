package workloads

import (
	"sunder/checker"
	"sunder/checker/jepsen"
	"sunder/harness/generator"
	"sunder/harness/history"
	"sunder/nodes"
	"sunder/nodes/kv"
)

// Monotonic is one counter that only grows. It asks less than the others: a client that stays with
// a node may read the past there, but never an earlier past than before.
func Monotonic() Workload {
	return Workload{
		Name:    "monotonic",
		Doc:     "finds nodes whose state goes back in time, even where reads may be stale",
		Options: clientOptions,
		Ops:     []kv.Op{kv.Add, kv.ReadCounter},
		Main:    monotonicMain,
		Final:   finalPlain,
		Client: func(o Options, p history.Process) nodes.Client {
			return &speaker{newClient(o, p, roleOf), sayCounter, hearCounter}
		},
		Checkers: func(Options) []checker.Checker { return []checker.Checker{jepsen.Monotonic()} },
	}
}

// monotonicMain lets those read who stay with their node, and only those.
func monotonicMain(o Options) generator.Generator {
	return o.single(generator.Func(func(_ generator.Context, t generator.Thread) generator.Op {
		if roleOf(o, int(t)).writes {
			return generator.Op{F: "add", Value: history.Int(1)}
		}
		return generator.Op{F: "read"}
	}))
}
