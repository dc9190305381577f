package compact

// Raw is one operation on a register with values as they were recorded.
type Raw struct {
	From, To      int64
	Call, Return  uint32
	Reads, Writes bool // whether From and To mean anything
	Null          bool // it read the initial value; From means nothing then
}

// Intern gives the values of n operations dense numbers in order of appearance. raw is asked for
// each more than once, so that they need not all be in memory in that form.
func Intern(n int, raw func(i int) Raw) Register {
	ids := newTable(n, raw)
	r := Register{Ops: make([]Op, n), Values: 1}
	for i := range n {
		in := raw(i)
		o := Op{Call: in.Call, Return: in.Return, From: None, To: None}
		if in.Reads {
			o.From = Initial
			if !in.Null {
				o.From = ids.id(in.From, &r)
			}
		}
		if in.Writes {
			o.To = ids.id(in.To, &r)
		}
		r.Ops[i] = o
	}
	return r
}

// table maps values to ids: an array where the values lie close together, as those of a counter
// in a workload do, else a map.
type table struct {
	low   int64
	dense []int32
	far   map[int64]int32
}

// spread is how many times larger than the history the array may be.
const spread = 4

func newTable(n int, raw func(i int) Raw) table {
	low, high, some, writes := int64(0), int64(0), false, 0
	see := func(v int64) {
		if !some {
			low, high, some = v, v, true
		}
		low, high = min(low, v), max(high, v)
	}
	for i := range n {
		o := raw(i)
		if o.Reads && !o.Null {
			see(o.From)
		}
		if o.Writes {
			see(o.To)
			writes++
		}
	}
	if span := uint64(high) - uint64(low); span <= spread*uint64(n) {
		return table{low: low, dense: make([]int32, span+1)}
	}
	return table{far: make(map[int64]int32, writes)}
}

func (t *table) id(v int64, r *Register) int32 {
	if t.dense != nil {
		slot := &t.dense[v-t.low]
		if *slot == 0 {
			*slot = r.name()
		}
		return *slot
	}
	id, known := t.far[v]
	if !known {
		id = r.name()
		t.far[v] = id
	}
	return id
}

func (r *Register) name() int32 {
	r.Values++
	return int32(r.Values - 1)
}
