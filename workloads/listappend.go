package workloads

import (
	"encoding/json"
	"fmt"
	"strconv"

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
		return generator.Func(func(c generator.Context, t generator.Thread) generator.Op {
			return listOp(roleOf(o, int(t)), key, c)
		})
	})
}

// listOp draws a transaction: the bits of one number say what each step does, and to which list.
func listOp(r role, key string, c generator.Context) generator.Op {
	bits := c.Rand("list", 1<<62)
	steps := 1 + int(bits%stepsMax)
	b := make([]byte, 0, 24*steps)
	for i := range steps {
		bits >>= 8
		list := int(bits % listsMax)
		if r.writes && (!r.reads || bits&(1<<6) != 0) {
			b = appendStep(b, "append", key, list)
			b = strconv.AppendInt(b, fresh(c)*stepsMax+int64(i), 10)
		} else {
			b = append(appendStep(b, "r", key, list), "null"...)
		}
		b = append(b, ']')
	}
	return generator.Op{F: "txn", Value: history.Value(append(b, ']'))}
}

// appendStep begins a step of the transaction b.
func appendStep(b []byte, f, key string, list int) []byte {
	if len(b) == 0 {
		b = append(b, '[')
	} else {
		b = append(b, ',')
	}
	b = append(append(b, `["`...), f...)
	b = append(append(append(b, `","`...), key...), '/')
	return append(strconv.AppendInt(b, int64(list), 10), `",`...)
}

// readLists reads all lists of a key.
func readLists(key string) generator.Op {
	var b []byte
	for list := range listsMax {
		b = append(appendStep(b, "r", key, list), "null]"...)
	}
	return generator.Op{F: "txn", Value: history.Value(append(b, ']'))}
}

func sayLists(inv history.Event) (kv.Command, error) {
	var steps [][]json.RawMessage
	if inv.F != "txn" {
		return kv.Command{}, errMalformed
	}
	if err := inv.Value.Decode(&steps); err != nil {
		return kv.Command{}, err
	}
	cmd := kv.Command{Op: kv.Txn, Txn: make([]kv.Command, len(steps))}
	for i, s := range steps {
		sub := &cmd.Txn[i]
		if len(s) != 3 || json.Unmarshal(s[1], &sub.Key) != nil {
			return kv.Command{}, fmt.Errorf("%w: step %d", errMalformed, i)
		}
		switch string(s[0]) {
		case `"r"`:
			sub.Op = kv.ReadList
		case `"append"`:
			sub.Op = kv.Append
			if err := json.Unmarshal(s[2], &sub.Arg); err != nil {
				return kv.Command{}, fmt.Errorf("%w: step %d: %w", errMalformed, i, err)
			}
		default:
			return kv.Command{}, fmt.Errorf("%w: step %d", errMalformed, i)
		}
	}
	return cmd, nil
}

// hearLists is the transaction with what its reads answered.
func hearLists(inv history.Event, res kv.Result) history.Value {
	var steps [][]json.RawMessage
	if err := inv.Value.Decode(&steps); err != nil || len(steps) != len(res.Txn) {
		return inv.Value
	}
	b := make([]byte, 0, 2*len(inv.Value))
	for i, s := range steps {
		b = append(b, "[,"[min(i, 1)], '[')
		b = append(append(append(b, s[0]...), ','), s[1]...)
		b = append(b, ',')
		if string(s[0]) == `"r"` {
			b = append(b, listOf(res.Txn[i].Values...)...)
		} else {
			b = append(b, s[2]...)
		}
		b = append(b, ']')
	}
	return history.Value(append(b, ']'))
}
