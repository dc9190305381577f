package workloads

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"sunder/checker"
	"sunder/checker/linear"
	"sunder/harness/generator"
	"sunder/harness/history"
	"sunder/nodes"
	"sunder/nodes/kv"
)

// registerOptions are the register workload's. Mixed clients are of all manners; apart ones are
// all pinned, and either read or write: a reader is then never blocked by a write of its own on a
// deposed leader, and a writer is at the new one at once.
var registerOptions = []nodes.Option{
	{Name: "clients", Doc: "who does what where", Values: []string{"mixed", "apart"}},
	{Name: "timeout", Doc: "of one operation", Values: []string{"1s", "200ms", "500ms", "5s"}},
	{Name: "per-key", Doc: "operations on one key, less up to 10 %",
		Values: []string{"300", "100", "1000", "3000"}},
}

// Register is reads, writes and compare-and-sets of integer registers. Each written value is
// unique, so a read says which write it saw.
func Register() Workload {
	return Workload{
		Name:    "register",
		Doc:     "finds reads of overwritten values, lost writes and split brains on single keys",
		Options: registerOptions,
		Ops:     []kv.Op{kv.Read, kv.Write, kv.CAS},
		Main:    registerMain,
		Final:   registerFinal,
		Client:  newRegisterClient,
		Checkers: func(Options) []checker.Checker {
			return []checker.Checker{linear.Register(linear.Budget{})}
		},
	}
}

// role is what one thread does, by its number. Threads of a group work on the same key.
type role struct {
	manner manner
	node   int // where it begins, and for a pinned one stays
	reads  bool
	writes bool
}

func roleOf(o Options, thread int) role {
	n := len(o.Nodes)
	if o.value(registerOptions, "clients") == "apart" {
		return role{manner: pinned, node: thread / 2 % n, reads: thread%2 == 0, writes: thread%2 == 1}
	}
	k := thread / 2
	if thread%2 == 0 { // so that every node is read, whoever leads
		return role{manner: pinned, node: k % n, reads: true}
	}
	return role{manner: [...]manner{roaming, session, roaming, session, pinned}[k%5], node: k % n,
		reads: true, writes: true}
}

// Shares of what a thread that may do everything does, in percent.
const (
	readShare = 45
	casShare  = 25
)

// Final reads are tried again while a node that was just healed catches up, but not for ever.
const (
	finalTries = 40
	retryPause = 20 * time.Millisecond // between two reads of one node
	finalLimit = 20 * time.Second      // for all
)

func registerMain(o Options) generator.Generator {
	perKey := map[string]int{"100": 100, "300": 300, "1000": 1000, "3000": 3000}
	group := 2 * len(o.Nodes)
	if o.Concurrency < 2*group {
		group = 0 // one group of all
	}
	g := generator.Keys{
		Of: func(key string) generator.Generator {
			return generator.Fold(int64(0), lastSeen(key), func(seen int64, c generator.Context,
				t generator.Thread) generator.Op {
				return registerOp(roleOf(o, int(t)), seen, c)
			})
		},
		Group: group,
		Limit: perKey[o.value(registerOptions, "per-key")],
	}.Generator()
	if o.Rate > 0 {
		g = g.Stagger(time.Duration(float64(time.Second) / o.Rate))
	}
	return g.TimeLimit(o.TimeLimit).Clients()
}

// lastSeen keeps the value that a key was last known to hold; 0 is none. It hears of the key that
// the group worked on before, too.
func lastSeen(key string) func(int64, history.Event) int64 {
	return func(seen int64, e history.Event) int64 {
		if e.Kind != history.OK || e.Key != key {
			return seen
		}
		switch e.F {
		case "read", "write":
			if v, err := e.Value.Int(); err == nil {
				return v
			}
		case "cas":
			if _, v, err := readPair(e.Value); err == nil {
				return v
			}
		}
		return seen
	}
}

func registerOp(r role, seen int64, c generator.Context) generator.Op {
	fresh := int64(c.Step) + 1 // no other operation has this step: values are unique
	draw := c.Rand("register", 100)
	switch {
	case !r.writes || r.reads && draw < readShare:
		return generator.Op{F: "read"}
	case r.reads && seen != 0 && draw < readShare+casShare:
		return generator.Op{F: "cas", Value: pairOf(seen, fresh)}
	}
	return generator.Op{F: "write", Value: history.Int(fresh)}
}

// pairOf is the argument of a compare-and-set: [old,new].
func pairOf(old, to int64) history.Value {
	b := make([]byte, 0, 42) // two of the longest integers
	b = strconv.AppendInt(append(b, '['), old, 10)
	b = strconv.AppendInt(append(b, ','), to, 10)
	return history.Value(append(b, ']'))
}

// readPair reads what pairOf wrote, or the same in other JSON.
func readPair(v history.Value) (old, to int64, err error) {
	if a, b, ok := strings.Cut(string(v), ","); ok && len(a) > 1 && len(b) > 1 {
		old, errOld := strconv.ParseInt(a[1:], 10, 64)
		to, errTo := strconv.ParseInt(b[:len(b)-1], 10, 64)
		if errOld == nil && errTo == nil && a[0] == '[' && b[len(b)-1] == ']' {
			return old, to, nil
		}
	}
	var pair []int64
	if err := v.Decode(&pair); err != nil {
		return 0, 0, err
	}
	if len(pair) != 2 {
		return 0, 0, fmt.Errorf("read value %.40q: want [old,new]", string(v))
	}
	return pair[0], pair[1], nil
}

// registerFinal reads every key on every node until that node answers, all nodes side by side.
func registerFinal(o Options, keys []string) generator.Generator {
	lanes := make([]generator.Generator, len(o.Nodes))
	for i, id := range o.Nodes {
		for k := range keys {
			key := keys[len(keys)-1-k] // Then nests: the last is the first
			op := generator.Op{F: "read", Key: key, Node: id.String()}
			read := generator.Func(func(generator.Context, generator.Thread) generator.Op { return op })
			lanes[i] = read.Limit(finalTries).Delay(retryPause).UntilOK().Then(lanes[i])
		}
	}
	return generator.Any(lanes...).TimeLimit(finalLimit)
}

// registerClient applies register operations.
type registerClient struct{ client }

func newRegisterClient(o Options, p history.Process) nodes.Client {
	r := roleOf(o, int(p)%o.Concurrency)
	if r.manner == session && !o.Sessions {
		r.manner = roaming
	}
	return &registerClient{client{nodes: o.Nodes, manner: r.manner, at: r.node,
		timeout: o.duration(registerOptions, "timeout")}}
}

var errMalformed = errors.New("malformed operation")

// Invoke does inv. A read answers the value or null.
func (c *registerClient) Invoke(conn nodes.Conn, inv history.Event) (history.Value, error) {
	cmd := kv.Command{Key: inv.Key}
	switch inv.F {
	case "read":
		cmd.Op = kv.Read
	case "write":
		n, err := inv.Value.Int()
		if err != nil {
			return "", history.Definite(err)
		}
		cmd.Op, cmd.Arg = kv.Write, n
	case "cas":
		old, to, err := readPair(inv.Value)
		if err != nil {
			return "", history.Definite(err)
		}
		cmd.Op, cmd.Old, cmd.Arg = kv.CAS, old, to
	default:
		return "", history.Definite(errMalformed)
	}
	res, err := c.apply(conn, inv, cmd)
	switch {
	case err != nil:
		return "", err
	case cmd.Op != kv.Read:
		return inv.Value, nil
	case !res.Found:
		return history.Null, nil
	}
	return history.Int(res.Value), nil
}
