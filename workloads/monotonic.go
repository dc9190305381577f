package workloads

import (
	"sunder/checker"
	"sunder/checker/jepsen"
	"sunder/harness/generator"
	"sunder/harness/history"
	"sunder/nodes"
	"sunder/nodes/kv"
)

// Monotonic is one counter that only grows, read by clients that go from node to node.
func Monotonic() Workload {
	return Workload{
		Name:    "monotonic",
		Doc:     "finds a client that goes back in time: what it reads, here and there, gets smaller",
		Options: clientOptions,
		Ops:     []kv.Op{kv.Add, kv.ReadCounter},
		Main:    monotonicMain,
		Final:   finalPlain,
		Client: func(o Options, p history.Process) nodes.Client {
			return &speaker{newClient(o, p, touristOf), sayCounter, hearCounter}
		},
		Checkers: func(Options) []checker.Checker { return []checker.Checker{jepsen.Monotonic()} },
	}
}

// touristOf is roleOf, but who only reads goes from node to node.
func touristOf(o Options, thread int) role {
	r := roleOf(o, thread)
	if !r.writes {
		r.manner = touring
	}
	return r
}

func monotonicMain(o Options) generator.Generator {
	add := func(generator.Context) generator.Op { return generator.Op{F: "add", Value: history.Int(1)} }
	return o.single(generator.Func(func(c generator.Context, t generator.Thread) generator.Op {
		return readOr(touristOf(o, int(t)), c, add)
	}))
}
