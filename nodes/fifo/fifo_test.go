package fifo

import (
	"testing"

	"pgregory.net/rapid"
)

func TestWhatGoesInFirstComesOutFirst(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var q Queue[int]
		var want []int
		for i := range rapid.IntRange(0, 50).Draw(t, "steps") {
			if rapid.Bool().Draw(t, "push") {
				q.Push(i)
				want = append(want, i)
			} else if len(want) > 0 {
				front, last := *q.Front(), *q.At(len(want) - 1)
				if got := q.Pop(); front != want[0] || got != want[0] || last != want[len(want)-1] {
					t.Fatalf("from %d to %d, popped %d, want %v", front, last, got, want)
				}
				want = want[1:]
			}
			if q.Len() != len(want) {
				t.Fatalf("%d are in, want %d", q.Len(), len(want))
			}
		}
	})
}
