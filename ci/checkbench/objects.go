package main

import (
	"context"
	"fmt"

	"github.com/anishathalye/porcupine"

	"sunder/checker/crosscheck"
	"sunder/checker/window"
)

// small is an object with few states, and what the n-th operation to take effect does to it.
type small[S, O comparable] struct {
	name       string
	step       func(s S, o O) (S, bool)
	readOnly   func(o O) bool
	overwrites bool
	draw       func(s S, n int) O
}

// lock is acquired when it is free, and else released: true is acquire.
var lock = small[bool, bool]{"mutex", func(held, acquire bool) (bool, bool) {
	return acquire, held != acquire
}, nil, true, func(held bool, _ int) bool { return !held }}

// count is an operation on a counter: it adds, or it adds nothing and answers the sum.
type count struct{ add, sum int64 }

var counter = small[int64, count]{"counter", func(s int64, o count) (int64, bool) {
	return s + o.add, o.add > 0 || s == o.sum
}, func(o count) bool { return o.add == 0 }, false, func(s int64, n int) count {
	if n%3 == 0 {
		return count{sum: s}
	}
	return count{add: int64(1 + n%5)}
}}

// row judges a large history of the object.
func (x small[S, O]) row(n, clients int) row {
	history := func() (iv []crosscheck.Interval, ops []O) {
		iv, order := crosscheck.Load{Ops: n, Clients: clients, Seed: 1}.Timeline()
		ops = make([]O, len(iv))
		var s S
		for k, i := range order {
			ops[i] = x.draw(s, k)
			s, _ = x.step(s, ops[i])
		}
		return iv, ops
	}
	return row{
		name: fmt.Sprintf("%s, %d ops, %d clients", x.name, n, clients),
		ours: func() prepared {
			iv, ops := history()
			return func() string { return x.search(iv, ops) }
		},
		porcupine: func() prepared {
			iv, ops := history()
			in := []porcupine.Operation{}
			for i, o := range ops {
				in = append(in, porcupine.Operation{Input: o, Call: int64(iv[i].Call),
					Return: int64(iv[i].Return)})
			}
			return func() string { return verdictOf[porcupine.CheckOperations(x.model(), in)] }
		},
	}
}

var verdictOf = map[bool]string{true: "valid", false: "invalid"}

func (x small[S, O]) search(iv []crosscheck.Interval, ops []O) string {
	var init S
	typed := window.NewTyped(init, x.step, x.readOnly, x.overwrites)
	in := make([]window.Op, len(ops))
	for i, o := range ops {
		in[i] = window.Op{Call: iv[i].Call, Return: iv[i].Return, Class: typed.Class(o)}
	}
	answer, _ := window.Search(context.Background(), in, typed, window.Limits{Memory: 1 << 30})
	return map[window.Answer]string{window.Legal: "valid", window.Illegal: "invalid"}[answer]
}

func (x small[S, O]) model() porcupine.Model {
	var init S
	return porcupine.Model{
		Init: func() any { return init },
		Step: func(state, input, _ any) (bool, any) {
			next, ok := x.step(state.(S), input.(O))
			return ok, next
		},
	}
}
