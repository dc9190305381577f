package collection

import (
	"cmp"
	"slices"
)

// Queue finds a witness against a FIFO queue, or nil if there is a linearization. unique is false
// where a value is inserted twice: then nothing is said.
//
// Besides what no collection does, a queue shows that it is none by two values that come out in
// another order than they went in (Henzinger, Sezgin and Vafeiadis, Aspect-Oriented
// Linearizability Proofs, CONCUR 2013).
func Queue(ops []Op, values int) (w *Witness, unique bool) {
	return check(ops, values, (*history).overtaken)
}

// overtaken finds values a and b where a's insertion completed before b's was invoked, and b's
// removal completed before a's was invoked, or a was never removed.
func (h *history) overtaken() *Witness {
	var first []value // by completion of the insertion
	for _, v := range h.values {
		if v.in != none && h.since(v) != Open {
			first = append(first, v)
		}
	}
	c := h.cover(first)
	for _, b := range h.values {
		if b.out == none || b.in == none {
			continue
		}
		n, _ := slices.BinarySearchFunc(first, h.ops[b.in].Call, func(a value, call uint32) int {
			return cmp.Compare(h.since(a), call)
		})
		if n == 0 {
			continue
		}
		if a := first[c.reach[n-1]]; h.ops[b.out].Return < h.until(a) {
			w := &Witness{Reordered, []int32{a.in, b.in, b.out}, [][2]int32{{a.in, b.in}}}
			if a.out != none {
				w.Ops = append(w.Ops, a.out)
				w.Edges = append(w.Edges, [2]int32{b.out, a.out})
			}
			return w
		}
	}
	return nil
}
