package compact

// Raw is one operation on a register with values as they were recorded.
type Raw struct {
	From, To      int64
	Call, Return  uint32
	Reads, Writes bool // whether From and To mean anything
	Null          bool // it read the initial value; From means nothing then
}

// Intern gives the values of raw dense numbers in order of appearance.
func Intern(raw []Raw) Register {
	ids, writes := newTable(raw)
	r := Register{Ops: make([]Op, len(raw)), Values: make([]int64, 1, writes+1)}
	for i := range raw {
		in := &raw[i]
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

func newTable(raw []Raw) (t table, writes int) {
	low, high, some := int64(0), int64(0), false
	see := func(v int64) {
		if !some {
			low, high, some = v, v, true
		}
		low, high = min(low, v), max(high, v)
	}
	for i := range raw {
		if raw[i].Reads && !raw[i].Null {
			see(raw[i].From)
		}
		if raw[i].Writes {
			see(raw[i].To)
			writes++
		}
	}
	if span := uint64(high) - uint64(low); span <= spread*uint64(len(raw)) {
		return table{low: low, dense: make([]int32, span+1)}, writes
	}
	return table{far: make(map[int64]int32, writes)}, writes
}

func (t *table) id(v int64, r *Register) int32 {
	if t.dense != nil {
		slot := &t.dense[v-t.low]
		if *slot == 0 {
			*slot = r.name(v)
		}
		return *slot
	}
	id, known := t.far[v]
	if !known {
		id = r.name(v)
		t.far[v] = id
	}
	return id
}

func (r *Register) name(v int64) int32 {
	r.Values = append(r.Values, v)
	return int32(len(r.Values) - 1)
}
