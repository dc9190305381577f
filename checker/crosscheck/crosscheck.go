// Package crosscheck makes small random histories and judges them by trying every order. Engines
// are fast because they skip almost everything; what they may skip is settled here.
package crosscheck

import (
	"math"
	"math/rand/v2"
	"os"
	"strconv"
)

// Open is the Return of an operation that may happen at any time after its Call, or never.
const Open = math.MaxUint32

// Interval is the time of one operation, in positions from 1.
type Interval struct{ Call, Return uint32 }

// Intervals makes the times of n operations by at most clients clients at a time. One in so many
// stays open, and its client goes on as another process.
func Intervals(r *rand.Rand, n, clients, oneOpenIn int) []Interval {
	ops := make([]Interval, 0, n)
	var running []int
	for at := uint32(1); len(ops) < n || len(running) > 0; at++ {
		if len(ops) < n && (len(running) == 0 || len(running) < clients && r.IntN(2) == 0) {
			running = append(running, len(ops))
			ops = append(ops, Interval{at, Open})
			continue
		}
		k := r.IntN(len(running))
		if oneOpenIn == 0 || r.IntN(oneOpenIn) != 0 {
			ops[running[k]].Return = at
		}
		running[k] = running[len(running)-1]
		running = running[:len(running)-1]
	}
	return ops
}

// Linearizable tries every order of ops. Open ones may be left out. It takes exponential time and
// at most 64 operations.
func Linearizable[S any](ops []Interval, init S, step func(s S, i int) (S, bool)) bool {
	must := uint64(0)
	for i, o := range ops {
		if o.Return != Open {
			must |= 1 << i
		}
	}
	var try func(done uint64, s S) bool
	try = func(done uint64, s S) bool {
		if done&must == must {
			return true
		}
		deadline := uint32(Open)
		for i, o := range ops {
			if done>>i&1 == 0 {
				deadline = min(deadline, o.Return)
			}
		}
		for i, o := range ops {
			if done>>i&1 == 0 && o.Call < deadline {
				if next, ok := step(s, i); ok && try(done|1<<i, next) {
					return true
				}
			}
		}
		return false
	}
	return try(0, init)
}

// Asked is how many random histories a cross-check is to judge, and the seed they begin with: few
// and 1, unless SUNDER_CROSSCHECK and SUNDER_SEED ask for others.
func Asked(few int) (n int, seed uint64) {
	n, err := strconv.Atoi(os.Getenv("SUNDER_CROSSCHECK"))
	if err != nil {
		n = few
	}
	seed, err = strconv.ParseUint(os.Getenv("SUNDER_SEED"), 10, 64)
	if err != nil {
		seed = 1
	}
	return n, seed
}
