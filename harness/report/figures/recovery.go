package figures

import (
	"slices"
	"time"

	"sunder/harness/history"
)

// Recovery is how long after the end of a fault a node first answered ok.
type Recovery struct {
	Window int // the fault's place among the windows
	Node   string
	After  time.Duration
	Never  bool // it did not, before the next fault on it or the end of the history
}

// Recoveries measures, for each fault and each node it touched, the time from the fault's end to
// the first ok operation on that node. A node that another fault still holds then is left out:
// what it waits for is not this heal.
func Recoveries(nodes []string, ops Ops, windows []Window) []Recovery {
	oks := okTimes(ops)
	var out []Recovery
	for i, w := range windows {
		for _, n := range nodes {
			if w.Open || !w.Touches(n) {
				continue
			}
			next, held := nextFault(windows, i, n)
			if held {
				continue
			}
			r := Recovery{Window: i, Node: n, Never: true}
			at, _ := slices.BinarySearch(oks[n], w.Healed)
			if at < len(oks[n]) && oks[n][at] <= next {
				r.After, r.Never = oks[n][at]-w.Healed, false
			}
			out = append(out, r)
		}
	}
	return out
}

// nodeOf is the node that an operation asked last. A client that chooses its nodes itself tells
// only with the completion.
func nodeOf(op history.Operation) string {
	if c := op.Completion; c != nil && c.Node != "" {
		return c.Node
	}
	return op.Invocation.Node
}

// okTimes are the times at which each node answered ok, ascending.
func okTimes(ops Ops) map[string][]time.Duration {
	oks := make(map[string][]time.Duration)
	for _, op := range ops {
		if op.Kind() == history.OK {
			n := nodeOf(op)
			oks[n] = append(oks[n], op.Completion.Time)
		}
	}
	for _, times := range oks {
		slices.Sort(times)
	}
	return oks
}

// nextFault is when the next fault comes upon node after windows[i] has ended. It is held where
// one is there already.
func nextFault(windows []Window, i int, node string) (next time.Duration, held bool) {
	end := windows[i].Healed
	next = 1<<63 - 1
	for j, w := range windows {
		switch {
		case j == i || !w.Touches(node) || w.Healed <= end:
		case w.Began <= end:
			return 0, true
		default:
			next = min(next, w.From)
		}
	}
	return next, false
}

// Recovered is the spread of the recoveries that happened.
func Recovered(rs []Recovery) Spread {
	var ds []time.Duration
	for _, r := range rs {
		if !r.Never {
			ds = append(ds, r.After)
		}
	}
	return NewSpread(ds)
}
