package workloads

import (
	"sunder/checker"
	"sunder/checker/linear"
	"sunder/harness/generator"
	"sunder/harness/history"
	"sunder/nodes"
	"sunder/nodes/kv"
)

var lockOptions = perKey("100", "300")

// Lock is locks that clients take and give back, with fencing tokens. An owner is a thread: the
// process that follows one which never heard whether it has the lock goes on in its place.
func Lock() Workload {
	return Workload{
		Name:    "lock",
		Doc:     "finds two holders at a time, and fencing tokens that do not grow",
		Options: lockOptions,
		Ops:     []kv.Op{kv.Lock, kv.Unlock, kv.ReadLock},
		Main:    lockMain,
		Final:   finalPlain,
		Client: func(o Options, p history.Process) nodes.Client {
			return &speaker{newClient(o, p, roleOf), sayLock, hearLock}
		},
		Checkers: func(Options) []checker.Checker {
			return []checker.Checker{linear.Lock(linear.Budget{})}
		},
	}
}

// holders are the threads that acquired a lock and did not try to release it since; thread t is
// bit t. A holder that is forgotten here may acquire its lock again.
type holders [4]uint64

func (h holders) has(t int) bool { return h[t/64]>>(t%64)&1 == 1 }

// A key of the test stands for two locks, so that not too many wait for one. A thread takes always
// the same.
func lockMain(o Options) generator.Generator {
	return o.keyed(lockOptions, func(key string) generator.Generator {
		locks := [2]string{key + "/0", key + "/1"}
		see := func(h holders, e history.Event) holders {
			t := int(e.Process) % o.Concurrency
			switch {
			case e.Key != locks[t/2%2]:
			case e.F == "acquire" && e.Kind == history.OK:
				h[t/64] |= 1 << (t % 64)
			case e.F == "release":
				h[t/64] &^= 1 << (t % 64)
			}
			return h
		}
		return generator.Fold(holders{}, see, func(h holders, c generator.Context,
			t generator.Thread) generator.Op {
			op := generator.Op{F: "acquire", Key: locks[t/2%2], Value: history.Int(int64(t) + 1)}
			switch {
			case !roleOf(o, int(t)).writes:
				return generator.Op{F: "read", Key: locks[c.Rand("lock", 2)]}
			case h.has(int(t)):
				op.F = "release"
			}
			return op
		})
	})
}

func sayLock(inv history.Event) (cmd kv.Command, err error) {
	cmd.Key = inv.Key
	switch inv.F {
	case "read":
		cmd.Op = kv.ReadLock
		return cmd, nil
	case "acquire":
		cmd.Op = kv.Lock
	case "release":
		cmd.Op = kv.Unlock
	default:
		return cmd, errMalformed
	}
	cmd.Arg, err = inv.Value.Int()
	return cmd, err
}

// hearLock is the token of an acquire, and the owner that a read found.
func hearLock(inv history.Event, res kv.Result) history.Value {
	if inv.F == "release" {
		return inv.Value
	}
	return found(res)
}
