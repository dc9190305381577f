package workloads

import (
	"time"

	"sunder/checker"
	"sunder/checker/jepsen"
	"sunder/checker/linear"
	"sunder/harness/generator"
	"sunder/harness/history"
	"sunder/nodes"
	"sunder/nodes/kv"
)

var queueOptions = perKey("100", "300")

// Queue is values that go in and come out, first in, first out. At the end the queues are drained.
func Queue() Workload {
	return Workload{
		Name:    "queue",
		Doc:     "finds elements that are lost, come out twice, or come out of order",
		Options: queueOptions,
		Ops:     []kv.Op{kv.Enqueue, kv.Dequeue, kv.ReadQueue},
		Main:    queueMain,
		Final:   queueFinal,
		Client: func(o Options, p history.Process) nodes.Client {
			return &speaker{newClient(o, p, writerOf), sayQueue, hearQueue}
		},
		Checkers: func(Options) []checker.Checker {
			return []checker.Checker{jepsen.TotalQueue(), linear.Queue(linear.Budget{})}
		},
	}
}

// enqueueShare is how many in 100 operations put something in: more than half, so that there
// mostly is something to take.
const enqueueShare = 55

func queueMain(o Options) generator.Generator {
	g := generator.Func(func(c generator.Context, _ generator.Thread) generator.Op {
		if c.Rand("queue", 100) < enqueueShare {
			return generator.Op{F: "enqueue", Value: history.Int(fresh(c))}
		}
		return dequeue
	})
	return o.keyed(queueOptions, func(string) generator.Generator { return g })
}

var dequeue = generator.Op{F: "dequeue"}

// drainPause is between two dequeues of one queue: a node that refuses does so at once.
const drainPause = 5 * time.Millisecond

// queueFinal takes from each queue until it is empty, and then reads it on every node.
func queueFinal(o Options, keys []string) generator.Generator {
	drains := make([]generator.Generator, len(keys))
	for i, key := range keys {
		take := dequeue
		take.Key = key
		drain := generator.Func(func(generator.Context, generator.Thread) generator.Op { return take })
		drains[i] = drain.Delay(drainPause).Until(func(e history.Event) bool {
			return e.Kind == history.OK && e.Value == history.Null
		})
	}
	return generator.Phases(generator.Any(drains...).TimeLimit(finalLimit), finalPlain(o, keys))
}

func sayQueue(inv history.Event) (cmd kv.Command, err error) {
	cmd.Key = inv.Key
	switch inv.F {
	case "read":
		cmd.Op = kv.ReadQueue
	case "enqueue":
		cmd.Op = kv.Enqueue
		cmd.Arg, err = inv.Value.Int()
	case "dequeue":
		cmd.Op = kv.Dequeue
	default:
		err = errMalformed
	}
	return cmd, err
}

func hearQueue(inv history.Event, res kv.Result) history.Value {
	switch inv.F {
	case "read":
		return listOf(res.Values...)
	case "dequeue":
		return found(res)
	}
	return inv.Value
}
