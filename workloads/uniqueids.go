package workloads

import (
	"sunder/checker"
	"sunder/checker/jepsen"
	"sunder/harness/generator"
	"sunder/harness/history"
	"sunder/nodes"
	"sunder/nodes/kv"
)

// UniqueIDs is numbers drawn from one counter: nobody may get a number that another got.
func UniqueIDs() Workload {
	return Workload{
		Name:    "unique-ids",
		Doc:     "finds answers that two clients got, though each was for one of them",
		Options: clientOptions,
		Ops:     []kv.Op{kv.Add, kv.ReadCounter},
		Main: func(o Options) generator.Generator {
			return o.single(generator.Func(func(generator.Context, generator.Thread) generator.Op {
				return generator.Op{F: "generate"}
			}))
		},
		Final: finalPlain,
		Client: func(o Options, p history.Process) nodes.Client {
			return &speaker{newClient(o, p, writerOf), sayUniqueIDs, hearCounter}
		},
		Checkers: func(Options) []checker.Checker { return []checker.Checker{jepsen.UniqueIDs()} },
	}
}

func sayUniqueIDs(inv history.Event) (kv.Command, error) {
	switch inv.F {
	case "read":
		return kv.Command{Op: kv.ReadCounter, Key: inv.Key}, nil
	case "generate":
		return kv.Command{Op: kv.Add, Key: inv.Key, Arg: 1}, nil
	}
	return kv.Command{}, errMalformed
}
