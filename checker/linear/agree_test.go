package linear

import (
	"context"
	"math/rand/v2"
	"slices"
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
	n, seed := crosscheck.Asked(20_000)
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

// What the search over windows is explained by is impossible whatever the others did, and would be
// possible without any one of its operations: all is tried.
func TestExplanationsAreMinimal(t *testing.T) {
	n, seed := crosscheck.Asked(1_000)
	l := &linear[RegisterState, RegisterOp]{RegisterModel(), Budget{}.filled()}
	explained := 0
	for i := range n {
		ops := randomRegister(rand.New(rand.NewPCG(seed, uint64(i))))
		if len(ops) > 8 {
			continue
		}
		c, found := l.fewest(context.Background(), ops)
		if legal := possible(ops, nil); legal == found {
			t.Fatalf("seed %d, history %d: legal %v, explained %v\n%+v", seed, i, legal, found, ops)
		}
		if !found {
			continue
		}
		explained++
		for free := -1; free < len(c.guilty); free++ {
			var held []int
			for k, o := range c.guilty {
				if k != free {
					held = append(held, o.Index)
				}
			}
			if got := possible(ops, func(o Op[RegisterOp]) bool {
				return !slices.Contains(held, o.Index)
			}); got != (free >= 0) {
				t.Fatalf("seed %d, history %d: without %d of %+v possible is %v\n%+v", seed, i, free,
					c.guilty, got, ops)
			}
		}
	}
	if explained < n/20 {
		t.Errorf("only %d histories were illegal", explained)
	}
}

// possible tries every order of every choice of the optional operations, and of all the others.
func possible(ops []Op[RegisterOp], optional func(o Op[RegisterOp]) bool) bool {
	for choice := range 1 << len(ops) {
		var iv []crosscheck.Interval
		var kept []RegisterOp
		skip := false
		for i, o := range ops {
			if choice>>i&1 == 1 {
				skip = skip || optional == nil || !optional(o)
				continue
			}
			v := crosscheck.Interval{Call: uint32(o.Index), Return: crosscheck.Open}
			if o.Return != Open {
				v.Return = uint32(o.Return)
			}
			iv, kept = append(iv, v), append(kept, o.Do)
		}
		if !skip && crosscheck.Linearizable(iv, RegisterState{}, func(s RegisterState,
			i int) (RegisterState, bool) {
			return stepRegister(s, kept[i])
		}) {
			return true
		}
	}
	return false
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
