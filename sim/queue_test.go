package sim

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Whichever way a job was pushed, what is due first comes first, and at one instant what was
// pushed first.
func TestQueueKeepsOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var q queue
		if rapid.Bool().Draw(t, "used before") {
			q.push(1, &job{gen: 99})
			q.pushLate(2, &job{gen: 99})
			q = q.empty()
		}
		type entry struct {
			at time.Duration
			n  uint64
		}
		var want []entry
		for n := range uint64(rapid.IntRange(1, 200).Draw(t, "jobs")) {
			if len(want) > 0 && rapid.IntRange(0, 2).Draw(t, "pop") == 0 {
				next, ok := q.next()
				at, j := q.pop()
				if e := want[0]; !ok || next != e.at || at != e.at || j.gen != e.n {
					t.Fatalf("job %d at %v, next %v; want %d at %v", j.gen, at, next, e.n, e.at)
				}
				want = want[1:]
			}
			e := entry{time.Duration(rapid.IntRange(0, 50).Draw(t, "at")), n}
			if rapid.Bool().Draw(t, "late") {
				q.pushLate(e.at, &job{gen: n})
			} else {
				q.push(e.at, &job{gen: n})
			}
			want = append(want, e)
			slices.SortStableFunc(want, func(a, b entry) int { return cmp.Compare(a.at, b.at) })
		}
		for _, e := range want {
			if at, j := q.pop(); at != e.at || j.gen != e.n {
				t.Fatalf("job %d at %v; want %d at %v", j.gen, at, e.n, e.at)
			}
		}
		if at, ok := q.next(); ok {
			t.Fatalf("an empty queue has a job at %v", at)
		}
	})
}
