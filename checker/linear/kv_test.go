package linear

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"sunder/checker/crosscheck"
)

// Narrowing changes no verdict: with texts of their own, and with texts that repeat.
func TestNarrowAppendsAgreesWithPorcupine(t *testing.T) {
	l := KV(Budget{}).(*linear[string, step])
	counts := make(map[answer]int)
	for i := range uint64(20_000) {
		r := rand.New(rand.NewPCG(3, i))
		var ops []Op[step]
		text, letters := "", 0
		for _, v := range crosscheck.Intervals(r, 2+r.IntN(7), 1+r.IntN(4), []int{0, 4}[r.IntN(2)]) {
			o := Op[step]{Index: int(v.Call), Return: int(v.Return)}
			if v.Return == crosscheck.Open {
				o.Return = Open
			}
			letters++
			letter := string(rune('a' + letters))
			if i%4 == 0 {
				letter = string(rune('a' + r.IntN(3)))
			}
			switch k := r.IntN(5); {
			case k == 0:
				o.Do = step{f: "put", arg: fmt.Sprintf("%q", letter), known: true}
				text = letter
			case k < 3 || o.Return == Open:
				o.Do = step{f: "append", arg: fmt.Sprintf("%q", letter), known: true}
				text += letter
			default:
				read := text
				if r.IntN(3) == 0 && len(read) > 0 {
					read = read[:len(read)-1]
				}
				o.Do = step{f: "get", arg: fmt.Sprintf("%q", read), known: true}
			}
			ops = append(ops, o)
		}
		e := effort{memory: 1 << 30}
		got, want := l.decide(context.Background(), ops, e).answer, refer(context.Background(), l.model,
			ops, e)
		if got != want {
			t.Fatalf("history %d: %d, porcupine %d\n%+v", i, got, want, ops)
		}
		counts[got]++
	}
	if counts[legal] < 2000 || counts[illegal] < 2000 {
		t.Errorf("a lopsided sample: %v", counts)
	}
}
