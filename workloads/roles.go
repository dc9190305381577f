package workloads

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"sunder/harness/generator"
	"sunder/harness/history"
	"sunder/nodes"
	"sunder/nodes/kv"
)

// clientOptions are those of every workload. Mixed clients are of all manners; apart ones are all
// pinned, and either read or write: a reader is then never blocked by a write of its own on a
// deposed leader, and a writer is at the new one at once.
var clientOptions = []nodes.Option{
	{Name: "clients", Doc: "who does what where", Values: []string{"mixed", "apart"}},
	{Name: "timeout", Doc: "of one operation", Values: []string{"1s", "200ms", "500ms", "5s"}},
}

// perKey is the options of a workload of many keys, with the choices of how much is done on one.
func perKey(limits ...string) []nodes.Option {
	return append(slices.Clone(clientOptions), nodes.Option{Name: "per-key",
		Doc: "operations on one key, less up to 10 %", Values: limits})
}

// role is what one thread does, by its number. Threads of a group work on the same key.
type role struct {
	manner manner
	node   int // where it begins, and for a pinned one stays
	reads  bool
	writes bool
}

// roleOf lets half of the threads read, so that every node is read, whoever leads.
func roleOf(o Options, thread int) role {
	n := len(o.Nodes)
	if o.value(clientOptions, "clients") == "apart" {
		return role{manner: pinned, node: thread / 2 % n, reads: thread%2 == 0, writes: thread%2 == 1}
	}
	if thread%2 == 0 {
		return role{manner: pinned, node: thread / 2 % n, reads: true}
	}
	r := writerOf(o, thread/2)
	r.reads = true
	return r
}

// writerOf is the role of a thread where nobody reads before the end.
func writerOf(o Options, thread int) role {
	r := role{manner: [...]manner{roaming, session, roaming, session, pinned}[thread%5],
		node: thread % len(o.Nodes), writes: true}
	if o.value(clientOptions, "clients") == "apart" {
		r.manner = pinned
	}
	return r
}

// keyed is a main phase on many keys, each worked on by a group of two threads a node.
func (o Options) keyed(options []nodes.Option,
	of func(key string) generator.Generator) generator.Generator {
	limit, err := strconv.Atoi(o.value(options, "per-key"))
	if err != nil {
		panic(fmt.Sprintf("workloads: option per-key: %v", err))
	}
	group := 2 * len(o.Nodes)
	if o.Concurrency < 2*group {
		group = 0 // one group of all
	}
	return o.paced(generator.Keys{Of: of, Group: group, Limit: limit}.Generator())
}

// single is a main phase on one key.
func (o Options) single(of generator.Generator) generator.Generator {
	return o.paced(generator.Keys{
		Of:    func(string) generator.Generator { return of },
		Count: 1,
	}.Generator())
}

func (o Options) paced(g generator.Generator) generator.Generator {
	if o.Rate > 0 {
		g = g.Stagger(time.Duration(float64(time.Second) / o.Rate))
	}
	return g.TimeLimit(o.TimeLimit).Clients()
}

// Final reads are tried again while a node that was just healed catches up, but not for ever.
const (
	finalTries = 40
	retryPause = 20 * time.Millisecond // between two reads of one node
	finalLimit = 20 * time.Second      // for all
)

// finalReads reads every key on every node until that node answers, all nodes side by side. ask is
// the read of a key.
func finalReads(o Options, keys []string, ask func(key string) generator.Op) generator.Generator {
	lanes := make([]generator.Generator, len(o.Nodes))
	for i, id := range o.Nodes {
		for k := range keys {
			op := ask(keys[len(keys)-1-k]) // Then nests: the last is the first
			op.Key, op.Node = keys[len(keys)-1-k], id.String()
			read := generator.Func(func(generator.Context, generator.Thread) generator.Op { return op })
			lanes[i] = read.Limit(finalTries).Delay(retryPause).Until(answered).Then(lanes[i])
		}
	}
	return generator.Any(lanes...).TimeLimit(finalLimit)
}

// answered says that a read need not be tried again: who serves nobody will not do so later.
func answered(e history.Event) bool {
	return e.Kind == history.OK || e.Kind == history.Fail && e.Error == kv.ServesNobody
}

// plainRead is a final read that needs nothing but its key.
func plainRead(string) generator.Op { return generator.Op{F: "read"} }

// finalPlain is finalReads of plainRead.
func finalPlain(o Options, keys []string) generator.Generator {
	return finalReads(o, keys, plainRead)
}

// fresh is a value that no other operation has: the step is unique to the one that comes next.
func fresh(c generator.Context) int64 { return int64(c.Step) + 1 }

// listOf is a JSON array of integers.
func listOf(ns ...int64) history.Value {
	b := make([]byte, 0, 2+8*len(ns))
	b = append(b, '[')
	for i, n := range ns {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, n, 10)
	}
	return history.Value(append(b, ']'))
}

// readList reads what listOf wrote, or the same in other JSON: n integers.
func readList(v history.Value, n int) ([]int64, error) {
	var list []int64
	if err := v.Decode(&list); err != nil {
		return nil, err
	}
	if len(list) != n {
		return nil, fmt.Errorf("read value %.40q: want %d integers", string(v), n)
	}
	return list, nil
}
