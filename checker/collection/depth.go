package collection

// depth is a number at each place, all 0 at first: a segment tree with the least of each subtree.
type depth struct {
	size  int
	least []int32
	more  []int32 // added to the whole subtree
}

func newDepth(n int) depth {
	size := 1
	for size < n+1 {
		size *= 2
	}
	return depth{size, make([]int32, 2*size), make([]int32, 2*size)}
}

// add adds d to the places from to to.
func (t depth) add(from, to int, d int32) { t.addAt(1, 0, t.size, from, to, d) }

func (t depth) addAt(node, begin, end, from, to int, d int32) {
	switch half := (begin + end) / 2; {
	case to <= begin || end <= from:
	case from <= begin && end <= to:
		t.least[node] += d
		t.more[node] += d
	default:
		t.addAt(2*node, begin, half, from, to, d)
		t.addAt(2*node+1, half, end, from, to, d)
		t.least[node] = min(t.least[2*node], t.least[2*node+1]) + t.more[node]
	}
}

// zero is the first place from at on that holds 0. The last place always does. What was added to a
// whole subtree is never negative, for what is taken was added before: there is no 0 below more.
func (t depth) zero(at int) int { return t.zeroAt(1, 0, t.size, at) }

func (t depth) zeroAt(node, begin, end, at int) int {
	if end <= at || t.least[node] > 0 {
		return -1
	}
	if node >= t.size {
		return begin
	}
	half := (begin + end) / 2
	if found := t.zeroAt(2*node, begin, half, at); found >= 0 {
		return found
	}
	return t.zeroAt(2*node+1, half, end, at)
}
