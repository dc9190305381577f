package collection

import (
	"cmp"
	"slices"
)

// Stack finds a witness against a stack. Else it is like Queue.
//
// A value whose removal was invoked before its insertion completed can have come and gone at one
// moment; it hinders nobody. The others are there for certain for a while. Where those whiles touch
// the stack is never empty, so one value lies at the bottom all along: it came no later than the
// first and went no sooner than the last. If there is none there is no linearization. If there are
// several any will do, for the others can lie on it; without it the rest falls into parts by
// itself, and each of them needs a bottom in its turn.
func Stack(ops []Op, values int) (w *Witness, unique bool) {
	return check(ops, values, (*history).bottomless)
}

func (h *history) bottomless() *Witness {
	values := h.pile(h.certain())
	if values == nil {
		return nil
	}
	// Without some of them there may be no bottom still: halves first, then ever smaller parts.
	for size := (len(values) + 1) / 2; size > 0; size /= 2 {
		for at := 0; at < len(values); {
			rest := slices.Delete(slices.Clone(values), at, min(at+size, len(values)))
			fewer := h.pile(rest)
			switch {
			case fewer == nil:
				at += size
			case size == 1:
				values, at = fewer, 0
			default:
				values = fewer
			}
		}
	}
	return &Witness{Class: Reordered, Ops: h.of(values)}
}

// pile takes bottoms away as long as there are some. It returns values without one.
func (h *history) pile(values []value) []value {
	slices.SortFunc(values, func(a, b value) int { return cmp.Compare(h.since(a), h.since(b)) })
	p := newPile(h, values)
	parts := p.parts(nil, 0, len(values))
	for len(parts) > 0 {
		part := parts[len(parts)-1]
		parts = parts[:len(parts)-1]
		x := p.bottom(1, 0, p.size, part)
		if x < 0 {
			var left []value
			for i := part.from; i < part.to; i++ {
				if p.there(i) {
					left = append(left, values[i])
				}
			}
			return left
		}
		p.take(x)
		parts = p.parts(parts, part.from, part.to)
	}
	return nil
}

// part is values, by place in a pile, whose whiles touch: from begin to end.
type part struct {
	from, to   int
	begin, end uint32
}

// pile is the values that are left, in the order in which they are there for certain.
type pile struct {
	*history
	values []value
	size   int      // a power of two, at least the number of values
	came   []uint32 // tree: the earliest invocation of an insertion; Open where none is left
	went   []uint32 // tree: the latest completion of a removal

	times []uint32 // when whiles begin and end
	count depth    // of whiles at each time
}

func newPile(h *history, values []value) *pile {
	p := &pile{history: h, values: values, size: 1}
	for p.size < len(values) {
		p.size *= 2
	}
	p.came, p.went = make([]uint32, 2*p.size), make([]uint32, 2*p.size)
	for i := range p.came {
		p.came[i] = Open
	}
	for i, v := range values {
		p.times = append(p.times, h.since(v), h.until(v))
		went := uint32(Open)
		if v.out != none {
			went = h.ops[v.out].Return
		}
		p.set(i, h.ops[v.in].Call, went)
	}
	slices.Sort(p.times)
	p.times = slices.Compact(p.times)
	p.count = newDepth(len(p.times))
	for _, v := range values {
		p.count.add(p.place(h.since(v)), p.place(h.until(v)), 1)
	}
	return p
}

func (p *pile) place(at uint32) int {
	n, _ := slices.BinarySearch(p.times, at)
	return n
}

func (p *pile) set(i int, came, went uint32) {
	at := p.size + i
	p.came[at], p.went[at] = came, went
	for at /= 2; at > 0; at /= 2 {
		p.came[at] = min(p.came[2*at], p.came[2*at+1])
		p.went[at] = max(p.went[2*at], p.went[2*at+1])
	}
}

func (p *pile) there(i int) bool { return p.came[p.size+i] != Open }

// take removes a value.
func (p *pile) take(i int) {
	v := p.values[i]
	p.set(i, Open, 0)
	p.count.add(p.place(p.since(v)), p.place(p.until(v)), -1)
}

// parts adds the parts that the values from to to fall into.
func (p *pile) parts(out []part, from, to int) []part {
	for i := from; i < to; {
		if !p.there(i) {
			i = p.after(i, to)
			continue
		}
		begin := p.since(p.values[i])
		end := p.times[p.count.zero(p.place(begin))]
		next, _ := slices.BinarySearchFunc(p.values, end, func(v value, end uint32) int {
			return cmp.Compare(p.since(v), end)
		})
		out = append(out, part{i, next, begin, end})
		i = next
	}
	return out
}

// after is the first value after i that is left, or to.
func (p *pile) after(i, to int) int {
	at := p.size + i
	for at&1 == 1 || p.came[at+1] == Open { // no right neighbour, or nothing in it
		if at /= 2; at <= 1 {
			return to
		}
	}
	for at++; at < p.size; {
		if at *= 2; p.came[at] == Open {
			at++
		}
	}
	return min(at-p.size, to)
}

// bottom finds a value of a part that was inserted as the part began and removed as it ended, at
// node, which holds the places from to to; or -1.
func (p *pile) bottom(node, from, to int, of part) int {
	late := p.went[node] > of.end || p.went[node] == Open
	if to <= of.from || from >= of.to || p.came[node] >= of.begin || !late {
		return -1
	}
	if node >= p.size {
		return from
	}
	half := (from + to) / 2
	if i := p.bottom(2*node, from, half, of); i >= 0 {
		return i
	}
	return p.bottom(2*node+1, half, to, of)
}
