package workloads

import (
	"sunder/checker"
	"sunder/checker/linear"
	"sunder/harness/generator"
	"sunder/harness/history"
	"sunder/nodes"
	"sunder/nodes/kv"
)

var counterOptions = perKey("300", "100", "1000")

// Counter is additions to counters, which answer the sum, and reads of it.
func Counter() Workload {
	return Workload{
		Name:    "counter",
		Doc:     "finds additions that are done twice, or not at all though they were acknowledged",
		Options: counterOptions,
		Ops:     []kv.Op{kv.Add, kv.ReadCounter},
		Main:    counterMain,
		Final:   finalPlain,
		Client: func(o Options, p history.Process) nodes.Client {
			return &speaker{newClient(o, p, roleOf), sayCounter, hearCounter}
		},
		Checkers: func(Options) []checker.Checker {
			return []checker.Checker{linear.Counter(linear.Budget{}, true)}
		},
	}
}

// addMax bounds what is added at once, so that a sum alone does not say how many additions it has.
const addMax = 5

func counterMain(o Options) generator.Generator {
	add := func(c generator.Context) generator.Op {
		return generator.Op{F: "add", Value: history.Int(1 + int64(c.Rand("add", addMax)))}
	}
	g := generator.Func(func(c generator.Context, t generator.Thread) generator.Op {
		return readOr(roleOf(o, int(t)), c, add)
	})
	return o.keyed(counterOptions, func(string) generator.Generator { return g })
}

func sayCounter(inv history.Event) (cmd kv.Command, err error) {
	cmd.Key = inv.Key
	switch inv.F {
	case "read":
		cmd.Op = kv.ReadCounter
	case "add":
		cmd.Op = kv.Add
		cmd.Arg, err = inv.Value.Int()
	default:
		err = errMalformed
	}
	return cmd, err
}

func hearCounter(_ history.Event, res kv.Result) history.Value { return history.Int(res.Value) }
