package linear

import (
	"context"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"

	"sunder/checker/crosscheck"
)

// randomRegister is a small history; one in two has unique values.
func randomRegister(r *rand.Rand) []Op[RegisterOp] {
	unique := r.IntN(2) == 0
	var ops []Op[RegisterOp]
	next := int64(1)
	for _, v := range crosscheck.Intervals(r, 2+r.IntN(9), 1+r.IntN(5), []int{0, 3, 8}[r.IntN(3)]) {
		o := Op[RegisterOp]{Index: int(v.Call), Return: int(v.Return)}
		if v.Return == crosscheck.Open {
			o.Return = Open
		}
		o.Do.Kind = RegisterKind(1 + r.IntN(3))
		if o.Return == Open && o.Do.Kind == Read {
			o.Do.Kind = Write
		}
		if o.Do.Kind != Read {
			o.Do.New = 1 + int64(r.IntN(3))
			if unique {
				o.Do.New = next
				next++
			}
		}
		if o.Do.Kind != Write {
			o.Do.Old = int64(r.IntN(4))
			if unique {
				o.Do.Old = max(0, next-1-int64(r.IntN(3)))
			}
			if o.Do.Null = o.Do.Old == 0; !o.Do.Null && o.Do.Kind == CAS && o.Do.Old == o.Do.New {
				o.Do.Old, o.Do.Null = 0, true
			}
		}
		ops = append(ops, o)
	}
	return ops
}

func TestAgreesWithPorcupine(t *testing.T) {
	n, err := strconv.Atoi(os.Getenv("SUNDER_CROSSCHECK"))
	if err != nil {
		n = 20_000
	}
	seed, err := strconv.ParseUint(os.Getenv("SUNDER_SEED"), 10, 64)
	if err != nil {
		seed = 1
	}
	l := &linear[RegisterState, RegisterOp]{RegisterModel(), Budget{}.filled()}
	slow := *l
	slow.model.quick = nil
	counts := make(map[string]int)
	e := effort{memory: 1 << 30}
	for i := range n {
		ops := randomRegister(rand.New(rand.NewPCG(seed, uint64(i))))
		want := refer(context.Background(), l.model, ops, e)
		for _, x := range []*linear[RegisterState, RegisterOp]{l, &slow} {
			d := x.decide(context.Background(), ops, e)
			counts[d.engine+" "+map[answer]string{legal: "legal", illegal: "illegal"}[d.answer]]++
			if d.answer != want {
				t.Fatalf("seed %d, history %d: %s says %d, porcupine %d\n%+v", seed, i, d.engine, d.answer,
					want, ops)
			}
			if d.answer == legal {
				if err := x.verify(ops, d.order); err != nil {
					t.Fatalf("seed %d, history %d: %s: %v\n%+v", seed, i, d.engine, err, ops)
				}
				continue
			}
			if c := x.explain(context.Background(), ops, d, e); c.refuted || len(c.guilty) == 0 {
				t.Fatalf("seed %d, history %d: %s explains by %+v\n%+v", seed, i, d.engine, c, ops)
			}
		}
	}
	t.Log(counts)
	for _, what := range []string{"zone legal", "zone illegal", "window legal", "window illegal"} {
		if counts[what] < n/50 {
			t.Errorf("a lopsided sample: %v", counts)
		}
	}
}

// Every engine must call a history legal that was made by an object, and explain one that was not
// by few operations.
func TestExplanationsAreShort(t *testing.T) {
	l := &linear[RegisterState, RegisterOp]{RegisterModel(), Budget{}.filled()}
	var sizes []int
	for i := range uint64(300) {
		ops := randomRegister(rand.New(rand.NewPCG(9, i)))
		e := effort{memory: 1 << 20}
		if d := l.decide(context.Background(), ops, e); d.answer == illegal {
			sizes = append(sizes, len(l.explain(context.Background(), ops, d, e).guilty))
		}
	}
	if longest := slices.Max(sizes); longest > 10 {
		t.Errorf("an explanation has %d operations", longest)
	}
}
