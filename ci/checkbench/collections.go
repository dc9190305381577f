package main

import (
	"fmt"
	"slices"

	"github.com/anishathalye/porcupine"

	"sunder/checker/collection"
	"sunder/checker/crosscheck"
)

// shelf is a kind of collection: which of its values, in the order in which they came, a removal
// takes.
type shelf struct {
	name  string
	check func(ops []collection.Op, values int) (*collection.Witness, bool)
	next  func(values []rune) int
}

var shelves = []shelf{
	{"queue", collection.Queue, func([]rune) int { return 0 }},
	{"stack", collection.Stack, func(values []rune) int { return len(values) - 1 }},
	{"priority queue", func(ops []collection.Op, values int) (*collection.Witness, bool) {
		ranks := make([]int64, values)
		for v := range ranks {
			ranks[v] = scattered(rune(v))
		}
		return collection.Priority(ops, ranks)
	}, func(values []rune) int {
		least := 0
		for i, v := range values {
			if scattered(v) < scattered(values[least]) {
				least = i
			}
		}
		return least
	}},
}

// scattered is the rank of a value among those that wait to be taken by priority.
func scattered(v rune) int64 { return int64(uint32(v) * 0x9e3779b1) }

// fill makes a history in which two values come for each that goes, and then two go.
func (k shelf) fill(l crosscheck.Load) (ops []collection.Op, values int) {
	iv, order := l.Timeline()
	ops = make([]collection.Op, len(iv))
	var held []rune
	for n, i := range order {
		o := &ops[i]
		*o = collection.Op{Call: iv[i].Call, Return: iv[i].Return, Removes: n%200 >= 100 == (n%3 > 0)}
		switch {
		case !o.Removes:
			o.Value = int32(values)
			values++
			held = append(held, o.Value)
		case len(held) == 0:
			o.Value = collection.Empty
		default:
			at := k.next(held)
			o.Value = held[at]
			held = slices.Delete(held, at, at+1)
		}
	}
	return ops, values
}

// row judges a large history of the kind.
func (k shelf) row(n, clients int) row {
	l := crosscheck.Load{Ops: n, Clients: clients, Seed: 1}
	return row{
		name: fmt.Sprintf("%s, unique, %d ops, %d clients", k.name, n, clients),
		ours: func() prepared {
			ops, values := k.fill(l)
			return func() string {
				w, unique := k.check(ops, values)
				return verdictOf[w == nil && unique]
			}
		},
		porcupine: func() prepared {
			ops, _ := k.fill(l)
			in := make([]porcupine.Operation, len(ops))
			for i, o := range ops {
				in[i] = porcupine.Operation{Input: o, Call: int64(o.Call), Return: int64(o.Return)}
			}
			return func() string { return verdictOf[porcupine.CheckOperations(k.model(), in)] }
		},
	}
}

// shift keeps values clear of the runes that no string holds.
const shift = 0x10000

// model is the kind for porcupine.
func (k shelf) model() porcupine.Model {
	return porcupine.Model{
		Init: func() any { return "" },
		Step: func(state, input, _ any) (bool, any) {
			o, held := input.(collection.Op), []rune(state.(string))
			switch {
			case !o.Removes:
				return true, string(append(held, o.Value+shift))
			case len(held) == 0:
				return o.Value == collection.Empty, ""
			}
			values := slices.Clone(held)
			for i := range values {
				values[i] -= shift
			}
			at := k.next(values)
			return values[at] == o.Value, string(slices.Delete(held, at, at+1))
		},
	}
}
