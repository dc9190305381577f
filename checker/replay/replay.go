// Package replay verifies linearizations. Engines that find them are large and clever; this is
// small and is not, so a Valid that it confirmed rests on these few lines.
package replay

import "fmt"

// History is what Verify sees of a history: N operations, the positions of their invocations and
// completions in one total order, and which of them must have happened.
type History struct {
	N        int
	Interval func(i int) (call, ret uint32)
	Must     func(i int) bool
}

// Verify is nil if order is a linearization: each operation stands in it at most once, those that
// must have happened once, points can be chosen that ascend along it and lie between each
// operation's invocation and its completion, and step, called for each in turn, allows it.
func Verify(h History, order []int32, step func(i int) bool) error {
	seen := make([]bool, h.N)
	var now uint32 // the earliest point left: the latest invocation so far
	for at, id := range order {
		i := int(id)
		if i < 0 || i >= h.N || seen[i] {
			return fmt.Errorf("verify order: place %d holds operation %d, which is none or placed twice",
				at, i)
		}
		seen[i] = true
		call, ret := h.Interval(i)
		if now = max(now, call); now > ret {
			return fmt.Errorf("verify order: operation %d in place %d had completed by then", i, at)
		}
		if !step(i) {
			return fmt.Errorf("verify order: operation %d in place %d cannot answer so", i, at)
		}
	}
	for i, placed := range seen {
		if !placed && h.Must(i) {
			return fmt.Errorf("verify order: operation %d has no place", i)
		}
	}
	return nil
}
