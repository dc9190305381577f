package scheduler

import (
	"cmp"
	"slices"
	"time"

	"sunder/harness/history"
)

// nemesis is what the faults have come to.
type nemesis struct {
	due     []Timed // still to be done, in order
	active  []Timed // the ends of faults that were started and not known to have ended
	heal    []Timed // of those, the ones that healing has still to do
	now     Timed   // what was injected last
	busy    bool    // and is under way
	recover bool    // the recovery is still to be asked for
}

// nextDue takes the next fault of the list.
func (n *nemesis) nextDue() Timed {
	f := n.due[0]
	n.due = n.due[1:]
	known := slices.ContainsFunc(n.active, func(a Timed) bool { return a.Fault == f.Fault })
	if !f.End && !known {
		n.active = append(n.active, n.end(f))
	}
	return n.begin(f)
}

// lasts puts off the end of a fault that was there later than it should: the one before it took
// its time, or it did itself. It shall last as long as the plan says.
func (n *nemesis) lasts(f Timed, late time.Duration) {
	for i, e := range n.due {
		if late > 0 && e.End && e.Fault == f.Fault {
			n.due = slices.Clone(n.due)
			n.due[i].At += late
			slices.SortStableFunc(n.due, func(a, b Timed) int { return cmp.Compare(a.At, b.At) })
			return
		}
	}
}

// those are the ends of the active faults that stay, or of the others.
func (n *nemesis) those(stay bool) (out []Timed) {
	for _, f := range n.active {
		if f.Stays == stay {
			out = append(out, f)
		}
	}
	return out
}

// nextHeal takes the next fault to be ended before the recovery, or after the final phase.
func (n *nemesis) nextHeal() Timed {
	f := n.heal[0]
	n.heal = n.heal[1:]
	return n.begin(f)
}

func (n *nemesis) begin(f Timed) Timed {
	n.now, n.busy = f, true
	return f
}

// end is what ends the fault that f starts: what the list says, or else the same value.
func (n *nemesis) end(f Timed) Timed {
	for _, e := range n.due {
		if e.End && e.Fault == f.Fault {
			return e
		}
	}
	f.End = true
	return f
}

// completed hears how the operation of the nemesis ended, and when, since the first operation. A
// fault whose end is not certain stays active: it is ended again when everything is healed.
func (n *nemesis) completed(k history.Kind, at time.Duration) {
	if n.busy && !n.now.End && k == history.OK {
		n.lasts(n.now, at-n.now.At)
	}
	if n.busy && n.now.End && k == history.OK {
		n.active = slices.DeleteFunc(slices.Clone(n.active), func(f Timed) bool {
			return f.Fault == n.now.Fault
		})
	}
	n.busy = false
}
