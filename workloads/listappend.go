package workloads

import (
	"fmt"
	"strconv"
	"strings"

	"sunder/checker"
	"sunder/checker/elle"
	"sunder/harness/generator"
	"sunder/harness/history"
	"sunder/nodes"
	"sunder/nodes/kv"
)

var listOptions = perKey("300", "100", "1000")

// ListAppend is transactions on lists: each appends to some and reads some. A read shows the order
// of all appends before it, from which checker/elle infers that of the transactions.
func ListAppend() Workload {
	return Workload{
		Name:    "list-append",
		Doc:     "finds transactions that no order explains: not isolated, or on a state of the past",
		Options: listOptions,
		Ops:     []kv.Op{kv.Append, kv.ReadList, kv.Txn},
		Main:    listMain,
		Final: func(o Options, keys []string) generator.Generator {
			return finalReads(o, keys, readLists)
		},
		Client: func(o Options, p history.Process) nodes.Client {
			return &speaker{newClient(o, p, roleOf), sayLists, hearLists}
		},
		Checkers: func(Options) []checker.Checker {
			return []checker.Checker{elle.Append("strict-serializable")}
		},
	}
}

// A key of the test stands for a few lists, which transactions go across.
const (
	listsMax = 3
	stepsMax = 4 // of a transaction
)

func listMain(o Options) generator.Generator {
	return o.keyed(listOptions, func(key string) generator.Generator {
		lists := listsOf(key)
		return generator.Func(func(c generator.Context, t generator.Thread) generator.Op {
			return listOp(roleOf(o, int(t)), lists, c)
		})
	})
}

// listOp draws a transaction: the bits of one number say what each step does, and to which list.
func listOp(r role, lists []string, c generator.Context) generator.Op {
	bits := c.Rand("list", 1<<62)
	steps := 1 + int(bits%stepsMax)
	b := make([]byte, 0, 24*steps)
	for i := range steps {
		bits >>= 8
		list := lists[bits%listsMax]
		if r.writes && (!r.reads || bits&(1<<6) != 0) {
			b = appendStep(b, "append", list)
			b = strconv.AppendInt(b, fresh(c)*stepsMax+int64(i), 10)
		} else {
			b = append(appendStep(b, "r", list), "null"...)
		}
		b = append(b, ']')
	}
	return generator.Op{F: "txn", Value: history.Value(append(b, ']'))}
}

// appendStep begins a step of the transaction b.
func appendStep(b []byte, f, list string) []byte {
	if len(b) == 0 {
		b = append(b, '[')
	} else {
		b = append(b, ',')
	}
	b = append(append(b, `["`...), f...)
	b = append(append(b, `","`...), list...)
	return append(b, `",`...)
}

// listsOf are the lists that a key stands for.
func listsOf(key string) []string {
	lists := make([]string, listsMax)
	for i := range lists {
		lists[i] = key + "/" + strconv.Itoa(i)
	}
	return lists
}

// readLists reads all lists of a key.
func readLists(key string) generator.Op {
	var b []byte
	for _, list := range listsOf(key) {
		b = append(appendStep(b, "r", list), "null]"...)
	}
	return generator.Op{F: "txn", Value: history.Value(append(b, ']'))}
}

// sayLists reads a transaction as listOp writes it.
func sayLists(inv history.Event) (kv.Command, error) {
	text, begins := strings.CutPrefix(string(inv.Value), "[[")
	text, ends := strings.CutSuffix(text, "]]")
	if inv.F != "txn" || !begins || !ends {
		return kv.Command{}, errMalformed
	}
	cmd := kv.Command{Op: kv.Txn, Txn: make([]kv.Command, 0, stepsMax)}
	for step := range strings.SplitSeq(text, "],[") {
		f, rest, _ := strings.Cut(step, ",")
		key, arg, _ := strings.Cut(rest, ",")
		if len(key) < 3 || key[0] != '"' || key[len(key)-1] != '"' {
			return kv.Command{}, fmt.Errorf("%w: step %.40q", errMalformed, step)
		}
		sub := kv.Command{Op: kv.ReadList, Key: key[1 : len(key)-1]}
		switch f {
		case `"r"`:
		case `"append"`:
			var err error
			sub.Op = kv.Append
			if sub.Arg, err = history.Value(arg).Int(); err != nil {
				return kv.Command{}, err
			}
		default:
			return kv.Command{}, fmt.Errorf("%w: step %.40q", errMalformed, step)
		}
		cmd.Txn = append(cmd.Txn, sub)
	}
	return cmd, nil
}

// hearLists is the transaction with what its reads answered.
func hearLists(inv history.Event, res kv.Result) history.Value {
	cmd, err := sayLists(inv)
	if err != nil || len(cmd.Txn) != len(res.Txn) {
		return inv.Value
	}
	b := make([]byte, 0, 2*len(inv.Value))
	for i, sub := range cmd.Txn {
		if sub.Op == kv.Append {
			b = strconv.AppendInt(appendStep(b, "append", sub.Key), sub.Arg, 10)
		} else {
			b = append(appendStep(b, "r", sub.Key), listOf(res.Txn[i].Values...)...)
		}
		b = append(b, ']')
	}
	return history.Value(append(b, ']'))
}
