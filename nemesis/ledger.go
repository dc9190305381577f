package nemesis

import (
	"fmt"
	"slices"
	"time"

	"sunder/harness/plan"
	"sunder/nodes"
)

// Ledger keeps account of the faults that are active, and so of the state each node shall be in.
// Give it the names of the nodes, ascending, and what the system assumes of clocks and of disks.
type Ledger struct {
	Nodes      []string
	Assumption nodes.ClockAssumption
	Flips      bool // it survives bits that flip: see nodes.Protocol
	Local      bool // its nodes acknowledge what they alone have: no fault may stay
	Successive bool // it bears failures one after the other: one that stays must be the only one
	Real       bool // the nodes are real ones: what can only be simulated is refused

	active    []*Record                // in the order in which they started
	monotonic map[string]time.Duration // steps of monotonic clocks: these are never undone
	desired   map[string]State         // nil: to be composed anew
}

// Start resolves fault i of a plan and makes it active. What it shall do to the nodes is in
// Desired from now on.
func (l *Ledger) Start(i int, f plan.Fault, v View) (Record, error) {
	if l.at(i) >= 0 {
		return Record{}, fmt.Errorf("start fault %d: it is active already", i)
	}
	if err := l.Check(f); err != nil {
		return Record{}, fmt.Errorf("start fault %d: %w", i, err)
	}
	r := &Record{Fault: i, Asked: f, Leader: v.Leader, Start: plan.Of(v.Now),
		Outside: l.outside(f)}
	resolver{l.Nodes, f, v, l.Desired()}.resolve(r)
	for _, other := range l.active {
		r.meet(*other, l.Nodes)
		other.meet(*r, l.Nodes)
	}
	l.active, l.desired = append(l.active, r), nil
	if c := f.Clock; f.Kind == clock && c.Which != realtime && c.Step.Duration > 0 {
		for _, n := range r.Targets {
			if l.monotonic == nil {
				l.monotonic = make(map[string]time.Duration)
			}
			l.monotonic[n] += c.Step.Duration
		}
	}
	return r.clone(), nil
}

// End makes fault i inactive and returns its record without a verdict on its effect, which Judge
// gives. It panics if the fault is not active.
func (l *Ledger) End(i int, now time.Duration) Record {
	at := l.at(i)
	if at < 0 {
		panic(fmt.Sprintf("nemesis: fault %d ends but is not active", i))
	}
	r := l.active[at]
	r.End = plan.Of(max(now, r.Start.Duration))
	l.active, l.desired = slices.Delete(l.active, at, at+1), nil
	return r.clone()
}

// Active is the faults that are active, in the order in which they started.
func (l *Ledger) Active() []int {
	out := make([]int, len(l.active))
	for at, r := range l.active {
		out[at] = r.Fault
	}
	return out
}

// Desired is the state that each node shall be in now. Nobody changes it.
func (l *Ledger) Desired() map[string]State {
	if l.desired != nil {
		return l.desired
	}
	states := compose(l.Nodes, l.active)
	for n, offset := range l.monotonic {
		s := states[n]
		s.Clock.Monotonic.Offset = offset
		states[n] = s
	}
	l.desired = states
	return states
}

func (l *Ledger) at(i int) int {
	return slices.IndexFunc(l.active, func(r *Record) bool { return r.Fault == i })
}
