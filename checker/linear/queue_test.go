package linear

import (
	"context"
	"math/rand/v2"
	"strconv"
	"testing"

	"sunder/checker/crosscheck"
)

// randomQueue is a small history of a queue with unique values. Its dequeues mostly take what is
// next, so that many histories are legal.
func randomQueue(r *rand.Rand) []Op[step] {
	var ops []Op[step]
	in, out := 0, 0
	for _, v := range crosscheck.Intervals(r, 2+r.IntN(8), 1+r.IntN(4), []int{0, 3, 8}[r.IntN(3)]) {
		o := Op[step]{Index: int(v.Call), Return: int(v.Return)}
		if v.Return == crosscheck.Open {
			o.Return = Open
		}
		switch {
		case r.IntN(2) == 0:
			o.Do = step{f: "enqueue", arg: strconv.Itoa(in), known: true}
			in++
		case o.Return == Open:
			o.Do = step{f: "dequeue"}
			if r.IntN(2) == 0 {
				out++
			}
		case r.IntN(4) == 0:
			o.Do = step{f: "dequeue", arg: "null", known: true}
		default:
			o.Do = step{f: "dequeue", arg: strconv.Itoa(max(0, out-r.IntN(8)/7)), known: true}
			out++
		}
		ops = append(ops, o)
	}
	return ops
}

// TestQueuesAgreeWithPorcupine asks the engine for queues, where it applies, and porcupine.
func TestQueuesAgreeWithPorcupine(t *testing.T) {
	l := &linear[string, step]{queueModel(), Budget{}.filled()}
	counts := make(map[string]int)
	e := effort{memory: 1 << 30}
	const n = 20_000
	for i := range uint64(n) {
		ops := randomQueue(rand.New(rand.NewPCG(1, i)))
		opened := ""
		for _, o := range ops {
			if !o.Do.known {
				opened = " with open dequeues"
			}
		}
		d, applies := quickQueue(ops)
		if !applies {
			counts["left to the search"+opened]++
			continue
		}
		counts[map[answer]string{legal: "legal", illegal: "illegal"}[d.answer]+opened]++
		if want := refer(context.Background(), l.model, ops, e); d.answer != want {
			t.Fatalf("history %d: the engine says %d, porcupine %d\n%+v", i, d.answer, want, ops)
		}
		if d.answer == illegal {
			if c := l.explain(context.Background(), ops, d, e); c.refuted {
				t.Fatalf("history %d is explained by %+v\n%+v", i, c, ops)
			}
		}
	}
	t.Log(counts)
	for _, what := range []string{"legal", "illegal", "legal with open dequeues",
		"illegal with open dequeues"} {
		if counts[what] < n/50 {
			t.Errorf("a lopsided sample: %v", counts)
		}
	}
	if left := counts["left to the search with open dequeues"]; left > n/5 || left == 0 {
		t.Errorf("%d of %d are left to the search", left, n)
	}
}
