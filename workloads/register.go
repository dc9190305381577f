package workloads

import (
	"strconv"
	"strings"

	"sunder/checker"
	"sunder/checker/linear"
	"sunder/harness/generator"
	"sunder/harness/history"
	"sunder/nodes"
	"sunder/nodes/kv"
)

var registerOptions = perKey("300", "100", "1000", "3000")

// Register is reads, writes and compare-and-sets of integer registers. Each written value is
// unique, so a read says which write it saw.
func Register() Workload {
	return Workload{
		Name:    "register",
		Doc:     "finds reads of overwritten values, lost writes and split brains on single keys",
		Options: registerOptions,
		Ops:     []kv.Op{kv.Read, kv.Write, kv.CAS},
		Main:    registerMain,
		Final:   finalPlain,
		Client:  newRegisterClient,
		Checkers: func(Options) []checker.Checker {
			return []checker.Checker{linear.Register(linear.Budget{})}
		},
	}
}

// Shares of what a thread that may do everything does, in percent.
const (
	readShare = 45
	casShare  = 25
)

func registerMain(o Options) generator.Generator {
	return o.keyed(registerOptions, func(key string) generator.Generator {
		return generator.Fold(int64(0), lastSeen(key), func(seen int64, c generator.Context,
			t generator.Thread) generator.Op {
			return registerOp(roleOf(o, int(t)), seen, c)
		})
	})
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
	draw := c.Rand("register", 100)
	switch {
	case !r.writes || r.reads && draw < readShare:
		return generator.Op{F: "read"}
	case r.reads && seen != 0 && draw < readShare+casShare:
		return generator.Op{F: "cas", Value: listOf(seen, fresh(c))}
	}
	return generator.Op{F: "write", Value: history.Int(fresh(c))}
}

// readPair reads the argument of a compare-and-set: [old,new].
func readPair(v history.Value) (old, to int64, err error) {
	if a, b, ok := strings.Cut(string(v), ","); ok && len(a) > 1 && len(b) > 1 {
		old, errOld := strconv.ParseInt(a[1:], 10, 64)
		to, errTo := strconv.ParseInt(b[:len(b)-1], 10, 64)
		if errOld == nil && errTo == nil && a[0] == '[' && b[len(b)-1] == ']' {
			return old, to, nil
		}
	}
	pair, err := readList(v, 2)
	if err != nil {
		return 0, 0, err
	}
	return pair[0], pair[1], nil
}

func newRegisterClient(o Options, p history.Process) nodes.Client {
	return &speaker{newClient(o, p, roleOf), sayRegister, hearRegister}
}

func sayRegister(inv history.Event) (cmd kv.Command, err error) {
	cmd.Key = inv.Key
	switch inv.F {
	case "read":
		cmd.Op = kv.Read
	case "write":
		cmd.Op = kv.Write
		cmd.Arg, err = inv.Value.Int()
	case "cas":
		cmd.Op = kv.CAS
		cmd.Old, cmd.Arg, err = readPair(inv.Value)
	default:
		err = errMalformed
	}
	return cmd, err
}

// hearRegister is the value that was read, or null, and of others what they wrote.
func hearRegister(inv history.Event, res kv.Result) history.Value {
	if inv.F != "read" {
		return inv.Value
	}
	return found(res)
}
