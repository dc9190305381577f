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
				if front, got := *q.Front(), q.Pop(); front != want[0] || got != want[0] {
					t.Fatalf("front %d, popped %d, want %d", front, got, want[0])
				}
				want = want[1:]
			}
			if q.Len() != len(want) {
				t.Fatalf("%d are in, want %d", q.Len(), len(want))
			}
		}
	})
}
