package zone

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"sunder/checker/compact"
	"sunder/checker/crosscheck"
	"sunder/checker/replay"
)

// random makes a small history with unique values, legal or not.
func random(r *rand.Rand) compact.Unique {
	n := 2 + r.IntN(9)
	iv := crosscheck.Intervals(r, n, 1+r.IntN(5), []int{0, 3, 8}[r.IntN(3)])
	writes := 1 + r.IntN(n)
	reg := compact.Register{Values: writes + 1}
	next := int32(1)
	for _, v := range iv {
		o := compact.Op{Call: v.Call, Return: v.Return, From: compact.None, To: compact.None}
		kind := r.IntN(3)
		if kind > 0 && int(next) <= writes {
			o.To = next
			next++
		}
		if o.To == compact.None && o.Return == compact.Open {
			continue // an open read
		}
		if o.To == compact.None || kind == 2 {
			o.From = int32(r.IntN(min(writes, int(next)+1) + 1))
			if lag := 2; r.IntN(2) == 0 { // more often what was written lately: more are legal
				o.From = max(0, next-1-int32(r.IntN(lag)))
			}
			if o.From == o.To {
				o.From = 0
			}
		}
		reg.Ops = append(reg.Ops, o)
	}
	u, ok := reg.Unique()
	if !ok {
		panic("repeated values")
	}
	return u
}

func step(u compact.Unique) func(s int32, i int) (int32, bool) {
	return func(s int32, i int) (int32, bool) {
		o := u.Ops[i]
		if o.From != compact.None && o.From != s {
			return s, false
		}
		if o.To != compact.None {
			s = o.To
		}
		return s, true
	}
}

func brute(u compact.Unique) bool {
	var iv []crosscheck.Interval
	for _, o := range u.Ops {
		iv = append(iv, crosscheck.Interval{Call: o.Call, Return: o.Return})
	}
	return crosscheck.Linearizable(iv, compact.Initial, step(u))
}

func verify(u compact.Unique, order []int32) error {
	s := compact.Initial
	ok := false
	return replay.Verify(replay.History{
		N:        len(u.Ops),
		Interval: func(i int) (uint32, uint32) { return u.Ops[i].Call, u.Ops[i].Return },
		Must:     func(i int) bool { return u.Ops[i].Return != compact.Open },
	}, order, func(i int) bool { s, ok = step(u)(s, i); return ok })
}

// agree compares Check with trying everything, and proves what Check says.
func agree(u compact.Unique) (size int, err error) {
	order, w := Check(u)
	if legal := brute(u); legal != (w == nil) {
		return 0, fmt.Errorf("every order tried: %v; witness %v", legal, w)
	}
	if w == nil {
		return 0, verify(u, order)
	}
	if part := Part(u, w.Ops); brute(part) {
		return 0, fmt.Errorf("witness %v is possible by itself", w)
	}
	for _, e := range w.Edges {
		if u.Ops[e[0]].Return >= u.Ops[e[1]].Call {
			return 0, fmt.Errorf("witness %v: edge %v is none", w, e)
		}
		if !slices.Contains(w.Ops, e[0]) || !slices.Contains(w.Ops, e[1]) {
			return 0, fmt.Errorf("witness %v: edge %v leads out of it", w, e)
		}
	}
	return len(w.Ops), nil
}

func TestAgreesWithTryingEverything(t *testing.T) {
	sizes := make(map[int]int)
	classes := make(map[Class]int)
	n, seed := crosscheck.Asked(50_000)
	for i := range n {
		u := random(rand.New(rand.NewPCG(seed, uint64(i))))
		size, err := agree(u)
		if err != nil {
			t.Fatalf("seed %d, history %d: %v\n%+v", seed, i, err, u.Ops)
		}
		sizes[size]++
		if _, w := Check(u); w != nil {
			classes[w.Class]++
		}
	}
	t.Logf("witness sizes (0: legal): %v; classes: %v", sizes, classes)
	if sizes[0] == 0 || len(classes) < 5 {
		t.Errorf("a lopsided sample: sizes %v, classes %v", sizes, classes)
	}
}
