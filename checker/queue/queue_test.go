package queue

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"sunder/checker/crosscheck"
)

func random(r *rand.Rand) ([]Op, int) {
	var ops []Op
	values := int32(0)
	for _, v := range crosscheck.Intervals(r, 2+r.IntN(8), 1+r.IntN(5), []int{0, 5}[r.IntN(2)]) {
		o := Op{Call: v.Call, Return: v.Return}
		if o.Dequeue = r.IntN(2) == 0 && v.Return != Open; !o.Dequeue {
			o.Value = values
			values++
		}
		ops = append(ops, o)
	}
	next := int32(0)
	for i := range ops {
		if !ops[i].Dequeue {
			continue
		}
		switch k := r.IntN(10); {
		case k < 2:
			ops[i].Value = Empty
		case k < 8: // the next one, more or less
			ops[i].Value = next
			next++
		default:
			ops[i].Value = r.Int32N(values + 1)
		}
		if ops[i].Value > values {
			ops[i].Value = values
		}
	}
	return ops, int(values) + 1
}

// brute tries every order of some of the operations.
func brute(ops []Op, of []int32) bool {
	var iv []crosscheck.Interval
	for _, i := range of {
		iv = append(iv, crosscheck.Interval{Call: ops[i].Call, Return: ops[i].Return})
	}
	return crosscheck.Linearizable(iv, "", func(s string, k int) (string, bool) {
		switch o := ops[of[k]]; {
		case !o.Dequeue:
			return s + string(rune(o.Value+1)), true
		case o.Value == Empty:
			return s, s == ""
		case s == "":
			return s, false
		default:
			return s[1:], s[0] == byte(o.Value+1)
		}
	})
}

func TestAgreesWithTryingEverything(t *testing.T) {
	n, seed := crosscheck.Asked(50_000)
	classes := make(map[string]int)
	for i := range n {
		ops, values := random(rand.New(rand.NewPCG(seed, uint64(i))))
		all := make([]int32, len(ops))
		for k := range all {
			all[k] = int32(k)
		}
		w, unique := Check(ops, values)
		err := error(nil)
		switch legal := brute(ops, all); {
		case !unique:
			err = fmt.Errorf("values repeat")
		case legal != (w == nil):
			err = fmt.Errorf("every order tried: %v; witness %v", legal, w)
		case w == nil:
			classes["legal"]++
			continue
		case brute(ops, w.Ops):
			err = fmt.Errorf("witness %v is possible by itself", w)
		}
		for _, e := range edges(w) {
			if ops[e[0]].Return >= ops[e[1]].Call || !slices.Contains(w.Ops, e[0]) {
				err = fmt.Errorf("witness %v: edge %v is none", w, e)
			}
		}
		if err != nil {
			t.Fatalf("seed %d, history %d: %v\n%+v", seed, i, err, ops)
		}
		classes[w.Class]++
	}
	t.Log(classes)
	if len(classes) < 5 {
		t.Errorf("a lopsided sample: %v", classes)
	}
}

func edges(w *Witness) [][2]int32 {
	if w == nil {
		return nil
	}
	return w.Edges
}
