package window

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"sunder/checker/crosscheck"
)

// flow feeds a history to a Stream in the order of its events, and counts the completions that it
// took before it gave an answer other than Legal.
func flow(o object, ops []op, iv []crosscheck.Interval, optional func(i int) bool, limit int) (Answer,
	uint32) {
	s := NewStream("\x00", o.step, o.readOnly, o.overwrites, limit)
	type event struct {
		at uint32
		op int
	}
	var events []event
	for i, v := range iv {
		events = append(events, event{v.Call, i})
		if v.Return != Open {
			events = append(events, event{v.Return, i})
		}
	}
	slices.SortFunc(events, func(a, b event) int { return int(a.at) - int(b.at) })
	slot := make([]uint8, len(ops))
	for _, e := range events {
		switch v := iv[e.op]; {
		case v.Return == Open:
			s.Never(ops[e.op])
		case e.at == v.Call:
			call := s.Call
			if optional(e.op) {
				call = s.CallOptional
			}
			at, room := call(ops[e.op])
			if !room {
				return TooWide, e.at
			}
			slot[e.op] = at
		default:
			if answer := s.Return(slot[e.op]); answer != Legal {
				return answer, e.at
			}
		}
	}
	return Legal, 0
}

// begin is a history up to an event: what had not completed is open.
func begin(iv []crosscheck.Interval, ops []op, o object, end uint32) ([]crosscheck.Interval, []op) {
	var v []crosscheck.Interval
	var kept []op
	for i := range iv {
		cut := iv[i]
		if cut.Return > end {
			cut.Return = Open
		}
		if cut.Call <= end && (cut.Return != Open || o.readOnly == nil || !o.readOnly(ops[i])) {
			v, kept = append(v, cut), append(kept, ops[i])
		}
	}
	return v, kept
}

func TestAgreesWhileTheHistoryGrows(t *testing.T) {
	n, seed := crosscheck.Asked(6_000)
	for _, o := range objects {
		counts := make(map[Answer]int)
		for i := range n {
			r := rand.New(rand.NewPCG(seed, uint64(i)))
			iv := crosscheck.Intervals(r, 2+r.IntN(8), 1+r.IntN(5), []int{0, 2, 5}[r.IntN(3)])
			ops := make([]op, len(iv))
			for k := range iv {
				ops[k] = o.draw(r, iv[k].Return == Open)
			}
			legal := func(iv []crosscheck.Interval, ops []op) bool {
				return crosscheck.Linearizable(iv, "\x00", func(s string, i int) (string, bool) {
					return o.step(s, ops[i])
				})
			}
			got, at := flow(o, ops, iv, func(int) bool { return false }, 1<<20)
			counts[got]++
			err := error(nil)
			if want := legal(iv, ops); want != (got == Legal) || got == Tired {
				err = fmt.Errorf("%v, but trying everything says %v", got, want)
			} else if !want {
				if early, kept := begin(iv, ops, o, at); legal(early, kept) {
					err = fmt.Errorf("stopped at %d, and up to there it is legal", at)
				} else if early, kept := begin(iv, ops, o, at-1); !legal(early, kept) {
					err = fmt.Errorf("stopped at %d, and before that it was illegal", at)
				}
			}
			if err != nil {
				t.Fatalf("%s: seed %d, history %d: %v\n%v\n%v", o.name, seed, i, err, iv, ops)
			}
		}
		if counts[Legal] < n/20 || counts[Illegal] < n/20 {
			t.Errorf("%s: a lopsided sample: %v", o.name, counts)
		}
	}
}

// subsets calls f with every set of n things until f is true.
func subsets(n int, f func(in func(i int) bool) bool) bool {
	for set := range 1 << n {
		if f(func(i int) bool { return set>>i&1 == 1 }) {
			return true
		}
	}
	return false
}

// An optional operation happened or did not: some choice of all must be legal.
func TestAgreesWithOptionalOperations(t *testing.T) {
	n, seed := crosscheck.Asked(5_000)
	for _, o := range objects {
		counts := make(map[Answer]int)
		for i := range n {
			r := rand.New(rand.NewPCG(seed, uint64(i)))
			iv := crosscheck.Intervals(r, 2+r.IntN(6), 1+r.IntN(4), []int{0, 4}[r.IntN(2)])
			ops := make([]op, len(iv))
			choices := r.IntN(1 << len(iv))
			for k := range iv {
				ops[k] = o.draw(r, iv[k].Return == Open)
			}
			optional := func(k int) bool { return choices>>k&1 == 1 && iv[k].Return != Open }
			got, _ := flow(o, ops, iv, optional, 1<<20)
			want := subsets(len(iv), func(out func(k int) bool) bool {
				var v []crosscheck.Interval
				var kept []op
				for k := range iv {
					if !optional(k) || !out(k) {
						v, kept = append(v, iv[k]), append(kept, ops[k])
					}
				}
				return crosscheck.Linearizable(v, "\x00", func(s string, k int) (string, bool) {
					return o.step(s, kept[k])
				})
			})
			if want != (got == Legal) {
				t.Fatalf("%s: seed %d, history %d: %v, but trying everything says %v\n%v\n%v\n%b", o.name, seed,
					i, got, want, iv, ops, choices)
			}
			counts[got]++
		}
		if counts[Legal] < n/20 || counts[Illegal] < n/20 {
			t.Errorf("%s: a lopsided sample: %v", o.name, counts)
		}
	}
}

// What a stream holds does not grow with the history, and past its limit it gives up.
func TestStreamHoldsAWindow(t *testing.T) {
	o := objects[0]
	s := NewStream("\x00", o.step, o.readOnly, o.overwrites, 1000)
	for i := range 10_000 {
		var held []uint8
		for k := range 4 {
			slot, _ := s.Call(op{'w', int8((i + k) % 3), 0, true})
			held = append(held, slot)
		}
		if i%10 == 0 {
			s.Never(op{'w', 5, 0, true})
			slot, _ := s.Call(op{'r', 0, 5, true})
			held = append(held, slot)
		}
		for _, slot := range held {
			if got := s.Return(slot); got != Legal {
				t.Fatalf("round %d: %v", i, got)
			}
		}
		if len(s.now.all) > 16 || len(s.endless) > 2 {
			t.Fatalf("round %d: %d configurations, %d endless", i, len(s.now.all), len(s.endless))
		}
	}
	for i := range 20 {
		s.Call(op{'w', int8(10 + i), 0, true})
	}
	if got := s.Return(0); got != Tired {
		t.Errorf("twenty writes at a time: %v", got)
	}
}
