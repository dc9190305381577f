package sim

import (
	"cmp"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// What is due first comes first, and at one instant what was
// pushed first.
func TestQueueKeepsOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var q queue
		if rapid.Bool().Draw(t, "used before") {
			q.push(1, &job{gen: 99})
			q.push(2, &job{gen: 99})
			q = q.empty()
		}
		type entry struct {
			at time.Duration
			n  uint64
		}
		var want []entry
		for n := range uint64(rapid.IntRange(1, 200).Draw(t, "jobs")) {
			if len(want) > 0 && rapid.IntRange(0, 2).Draw(t, "pop") == 0 {
				var j job
				e := want[0]
				if _, early := q.pop(e.at-1, &j); early {
					t.Fatalf("job %d is due before %v", j.gen, e.at)
				}
				if at, ok := q.pop(e.at, &j); !ok || at != e.at || j.gen != e.n {
					t.Fatalf("job %d at %v; want %d at %v", j.gen, at, e.n, e.at)
				}
				want = want[1:]
			}
			e := entry{time.Duration(rapid.IntRange(0, 50).Draw(t, "at")), n}
			q.push(e.at, &job{gen: n})
			want = append(want, e)
			slices.SortStableFunc(want, func(a, b entry) int { return cmp.Compare(a.at, b.at) })
		}
		for _, e := range want {
			var j job
			if at, ok := q.pop(e.at, &j); !ok || at != e.at || j.gen != e.n {
				t.Fatalf("job %d at %v; want %d at %v", j.gen, at, e.n, e.at)
			}
		}
		if at, ok := q.pop(math.MaxInt64, new(job)); ok {
			t.Fatalf("an empty queue has a job at %v", at)
		}
	})
}
