package linear

import (
	"context"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"sunder/checker/crosscheck"
)

// kinds are the collections with an engine of their own, and which of the values in them, in the
// order in which they went in, is next.
var kinds = []struct {
	model          Model[string, step]
	insert, remove string
	next           func(values []int) int
}{
	{queueModel(), "enqueue", "dequeue", func([]int) int { return 0 }},
	{stackModel(), "push", "pop", func(values []int) int { return len(values) - 1 }},
	{priorityModel(), "insert", "extract", func(values []int) int {
		return slices.Index(values, slices.Min(values))
	}},
}

// randomCollection is a small history of a collection with unique values. Its removals mostly take
// what is next, so that many histories are legal.
func randomCollection(r *rand.Rand, insert, remove string, next func([]int) int) []Op[step] {
	var ops []Op[step]
	var inside []int
	fresh := r.Perm(16)
	take := func() int {
		if len(inside) == 0 {
			return fresh[0]
		}
		at := next(inside)
		if r.IntN(8) == 0 {
			at = r.IntN(len(inside))
		}
		v := inside[at]
		if r.IntN(16) > 0 {
			inside = slices.Delete(inside, at, at+1)
		}
		return v
	}
	for _, v := range crosscheck.Intervals(r, 2+r.IntN(8), 1+r.IntN(4), []int{0, 3, 8}[r.IntN(3)]) {
		o := Op[step]{Index: int(v.Call), Return: int(v.Return)}
		if v.Return == crosscheck.Open {
			o.Return = Open
		}
		switch {
		case r.IntN(2) == 0:
			o.Do = step{f: insert, arg: strconv.Itoa(fresh[0]), known: true}
			inside, fresh = append(inside, fresh[0]), fresh[1:]
		case o.Return == Open:
			o.Do = step{f: remove}
			if r.IntN(2) == 0 {
				take()
			}
		case r.IntN(4) == 0:
			o.Do = step{f: remove, arg: "null", known: true}
		default:
			o.Do = step{f: remove, arg: strconv.Itoa(take()), known: true}
		}
		ops = append(ops, o)
	}
	return ops
}

// TestAgreesOnCollections asks the engine for collections, where it applies, and porcupine.
func TestAgreesOnCollections(t *testing.T) {
	n, seed := crosscheck.Asked(10_000)
	e := effort{memory: 1 << 30}
	for _, k := range kinds {
		l := &linear[string, step]{k.model, Budget{}.filled()}
		counts := make(map[string]int)
		for i := range n {
			ops := randomCollection(rand.New(rand.NewPCG(seed, uint64(i))), k.insert, k.remove, k.next)
			opened := ""
			for _, o := range ops {
				if !o.Do.known {
					opened = " with open removals"
				}
			}
			d, applies := l.model.quick(ops)
			if !applies {
				counts["left to the search"+opened]++
				continue
			}
			counts[map[answer]string{legal: "legal", illegal: "illegal"}[d.answer]+opened]++
			if want := refer(context.Background(), l.model, ops, e); d.answer != want {
				t.Fatalf("%s, seed %d, history %d: the engine says %d, porcupine %d\n%+v", l.model.Name, seed,
					i, d.answer, want, ops)
			}
			if d.answer == illegal {
				if c := l.explain(context.Background(), ops, d, e); c.refuted {
					t.Fatalf("%s, seed %d, history %d is explained by %+v\n%+v", l.model.Name, seed, i, c, ops)
				}
			}
		}
		t.Log(l.model.Name, counts)
		for _, what := range []string{"legal", "illegal", "legal with open removals",
			"illegal with open removals"} {
			if counts[what] < n/50 {
				t.Errorf("%s: a lopsided sample: %v", l.model.Name, counts)
			}
		}
		if left := counts["left to the search with open removals"]; left > n/20 || left == 0 {
			t.Errorf("%s: %d of %d are left to the search", l.model.Name, left, n)
		}
	}
}

// Of two values that stayed, an open removal took the one that another removal found gone.
func TestAgreesThatOpenRemovalsTakeWhatHinders(t *testing.T) {
	for i, k := range kinds {
		first, second := "1", "5" // 1 hinders the removal of 5: it is older, or less
		if i == 1 {
			first, second = second, first // or newer
		}
		d, applies := k.model.quick([]Op[step]{
			{Do: step{f: k.insert, arg: "9", known: true}, Index: 0, Return: 8},
			{Do: step{f: k.insert, arg: first, known: true}, Index: 1, Return: 2},
			{Do: step{f: k.insert, arg: second, known: true}, Index: 3, Return: 4},
			{Do: step{f: k.remove}, Index: 5, Return: Open},
			{Do: step{f: k.remove, arg: "5", known: true}, Index: 6, Return: 7},
		})
		if !applies || d.answer != legal {
			t.Errorf("%s: applies %v, answer %d", k.model.Name, applies, d.answer)
		}
	}
}
