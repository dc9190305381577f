package crosscheck

import (
	"cmp"
	"math/rand/v2"
	"slices"
)

// Load describes a large history of one register, like those a test records: a closed loop of
// clients whose operations take effect at a random point of their interval.
type Load struct {
	Ops     int
	Clients int
	Open    float64 // share of operations that nobody heard back from; half of them happen, late
	Unique  bool    // every write has a value of its own; else five values
	CAS     bool    // compare-and-set besides read and write
	Bad     bool    // one read late in the history answers a value that was gone for good
	Seed    uint64
}

// Record is one operation on a register. Old is what was read or expected, 0 for nothing.
type Record struct {
	Interval
	Client        int
	Reads, Writes bool
	Old, New      int64
}

// few is how many values there are where they are not unique.
const few = 5

type planned struct {
	Record
	start, point, end float64
	open, happens     bool
}

// Make makes the history: in order of invocation, without failed and without open reads.
func (l Load) Make() []Record {
	r := rand.New(rand.NewPCG(l.Seed, uint64(l.Ops)))
	ops := l.plan(r)
	l.run(ops)
	ops = slices.DeleteFunc(ops, func(p planned) bool {
		return !p.open && !p.happens || p.open && !p.Writes
	})
	number(ops)
	if l.Bad {
		spoil(ops)
	}
	out := make([]Record, len(ops))
	for i := range ops {
		out[i] = ops[i].Record
	}
	return out
}

// plan draws times and kinds, by invocation.
func (l Load) plan(r *rand.Rand) []planned {
	free := make([]float64, l.Clients)
	ops := make([]planned, l.Ops)
	for i := range ops {
		c := 0
		for k := range free {
			if free[k] < free[c] {
				c = k
			}
		}
		p := &ops[i]
		p.Client = c
		p.start = free[c] + 0.05 + 0.05*r.Float64()
		p.end = p.start + 0.2 + r.ExpFloat64()
		p.point = p.start + (p.end-p.start)*r.Float64()
		p.happens = true
		free[c] = p.end
		switch kind := r.IntN(3); {
		case kind == 1 || kind == 2 && !l.CAS:
			p.Writes = true
		case kind == 2:
			p.Reads, p.Writes = true, true
		default:
			p.Reads = true
		}
		if p.open = r.Float64() < l.Open; p.open {
			p.happens = r.IntN(2) == 0
			p.point = p.start + 20*r.Float64()
		}
		p.New = int64(i + 1)
		if !l.Unique {
			p.New = 1 + int64(r.IntN(few))
			p.Old = 1 + int64(r.IntN(few))
		}
	}
	return ops
}

// run lets the operations take effect at their points. A compare-and-set that fails did not happen.
func (l Load) run(ops []planned) {
	type event struct {
		at   float64
		op   int
		call bool
	}
	events := make([]event, 0, 2*len(ops))
	for i := range ops {
		events = append(events, event{ops[i].start, i, true}, event{ops[i].point, i, false})
	}
	slices.SortFunc(events, func(a, b event) int { return cmp.Compare(a.at, b.at) })
	known := make([]int64, l.Clients)
	state := int64(0)
	for _, e := range events {
		p := &ops[e.op]
		if e.call {
			if p.Reads && p.Writes && l.Unique {
				p.Old = known[p.Client]
			}
			continue
		}
		switch {
		case !p.happens:
			continue
		case !p.Writes:
			p.Old = state
		case p.Reads && p.Old != state:
			p.happens = false
			continue
		default:
			state = p.New
		}
		if !p.open {
			known[p.Client] = state
		}
	}
}

// number gives positions to invocations and completions.
func number(ops []planned) {
	slices.SortFunc(ops, func(a, b planned) int { return cmp.Compare(a.start, b.start) })
	type event struct {
		at  float64
		pos *uint32
	}
	events := make([]event, 0, 2*len(ops))
	for i := range ops {
		p := &ops[i]
		events = append(events, event{p.start, &p.Call})
		if p.Return = Open; !p.open {
			events = append(events, event{p.end, &p.Return})
		}
	}
	slices.SortFunc(events, func(a, b event) int { return cmp.Compare(a.at, b.at) })
	for i, e := range events {
		*e.pos = uint32(i + 1)
	}
}

// near is how far around a read other operations are looked at, by order of invocation.
const near = 400

// spoil makes one late read answer a value that was gone for good: the last operation that may have
// written it had completed before another write was invoked, which completed before the read.
func spoil(ops []planned) {
	for i := len(ops) * 9 / 10; i < len(ops); i++ {
		if ops[i].Writes {
			continue
		}
		around := ops[max(0, i-near):min(len(ops), i+near)]
		for j := i - 1; j > max(0, i-near); j-- {
			if v := ops[j].New; ops[j].Writes && gone(around, v, &ops[i]) {
				ops[i].Old = v
				return
			}
		}
	}
}

// gone says that a read cannot answer v.
func gone(around []planned, v int64, read *planned) bool {
	last := uint32(0)
	for i := range around {
		if o := &around[i]; o.Writes && o.New == v && o.Call < read.Return {
			last = max(last, o.Return)
		}
	}
	for i := range around {
		o := &around[i]
		if o.Writes && o.New != v && o.Call > last && o.Return < read.Call {
			return true
		}
	}
	return false
}

// Timeline is the times of a history's operations, all completed, in order of invocation, and the
// order in which they take effect: what they do is for the caller to say.
func (l Load) Timeline() (ops []Interval, order []int32) {
	l.Open = 0
	plan := l.plan(rand.New(rand.NewPCG(l.Seed, uint64(l.Ops))))
	number(plan)
	ops, order = make([]Interval, len(plan)), make([]int32, len(plan))
	for i := range plan {
		ops[i], order[i] = plan[i].Interval, int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int { return cmp.Compare(plan[a].point, plan[b].point) })
	return ops, order
}
