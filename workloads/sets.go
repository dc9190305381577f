package workloads

import (
	"sunder/checker"
	"sunder/checker/jepsen"
	"sunder/harness/generator"
	"sunder/harness/history"
	"sunder/nodes"
	"sunder/nodes/kv"
)

var setOptions = perKey("1000", "300", "3000")

// Set is elements that are added and, after recovery, read. Nothing hides what was lost: no
// element takes the place of another.
func Set() Workload {
	return Workload{
		Name:    "set",
		Doc:     "finds acknowledged elements that are gone after recovery, on any node",
		Options: setOptions,
		Ops:     []kv.Op{kv.SetAdd, kv.ReadSet},
		Main:    setMain,
		Final:   finalPlain,
		Client: func(o Options, p history.Process) nodes.Client {
			return &speaker{newClient(o, p, writerOf), saySet, hearSet}
		},
		Checkers: func(Options) []checker.Checker { return []checker.Checker{jepsen.Set()} },
	}
}

func setMain(o Options) generator.Generator {
	add := generator.Func(func(c generator.Context, _ generator.Thread) generator.Op {
		return addFresh(c)
	})
	return o.keyed(setOptions, func(string) generator.Generator { return add })
}

func addFresh(c generator.Context) generator.Op {
	return generator.Op{F: "add", Value: history.Int(fresh(c))}
}

var setFullOptions = perKey("300", "100", "1000")

// SetFull is elements that are added and read all the time: what was once known to be there must
// be in every later read.
func SetFull() Workload {
	return Workload{
		Name:    "set-full",
		Doc:     "finds reads that miss what was there: for good, or for a while where a node lags",
		Options: setFullOptions,
		Ops:     []kv.Op{kv.SetAdd, kv.ReadSet},
		Main:    setFullMain,
		Final:   finalPlain,
		Client: func(o Options, p history.Process) nodes.Client {
			return &speaker{newClient(o, p, roleOf), saySet, hearSet}
		},
		Checkers: func(Options) []checker.Checker { return []checker.Checker{jepsen.SetFull(true)} },
	}
}

func setFullMain(o Options) generator.Generator {
	g := generator.Func(func(c generator.Context, t generator.Thread) generator.Op {
		return readOr(roleOf(o, int(t)), c, addFresh)
	})
	return o.keyed(setFullOptions, func(string) generator.Generator { return g })
}

// readOr reads, in as many operations as a thread of that role does, and else does another.
func readOr(r role, c generator.Context, other func(generator.Context) generator.Op) generator.Op {
	if !r.writes || r.reads && c.Rand("read", 100) < readShare {
		return generator.Op{F: "read"}
	}
	return other(c)
}

func saySet(inv history.Event) (cmd kv.Command, err error) {
	cmd.Key = inv.Key
	switch inv.F {
	case "read":
		cmd.Op = kv.ReadSet
	case "add":
		cmd.Op = kv.SetAdd
		cmd.Arg, err = inv.Value.Int()
	default:
		err = errMalformed
	}
	return cmd, err
}

func hearSet(inv history.Event, res kv.Result) history.Value {
	if inv.F != "read" {
		return inv.Value
	}
	return listOf(res.Values...)
}
