package figures

import (
	"slices"
	"time"

	"sunder/harness/history"
)

// Side is a set of nodes that a partition treats alike, and what clients were told there.
type Side struct {
	Nodes  []string `json:"nodes"`
	Quorum bool     `json:"quorum"` // each of them hears, and is heard by, a majority
	Tally
	Spread     // of the latencies of those that ended ok
	Blamed int `json:"blamed"` // of all, those that an anomaly names
}

// Sides splits nodes by whom they hear and who hears them under w's grudge, in order of their
// first node, and counts what clients asked of each side while it lasted. blamed are the history
// indexes of invocations that anomalies name. A fault that cuts nothing has no sides.
func (w Window) Sides(nodes []string, ops Ops, blamed map[int]bool) []Side {
	if len(w.Grudge) == 0 {
		return nil
	}
	var sides []Side
	sideOf := make(map[string]int) // node → its place in sides
	byLinks := make(map[string]int)
	for _, n := range nodes {
		links, quorum := w.links(n, nodes)
		i, known := byLinks[links]
		if !known {
			i = len(sides)
			byLinks[links] = i
			sides = append(sides, Side{Quorum: quorum})
		}
		sides[i].Nodes = append(sides[i].Nodes, n)
		sideOf[n] = i
	}
	took := make([][]time.Duration, len(sides))
	for _, op := range ops.Between(w.From, w.To) {
		i, known := sideOf[nodeOf(op)]
		if !known {
			continue
		}
		sides[i].add(op.Kind())
		if op.Kind() == history.OK {
			took[i] = append(took[i], op.Completion.Time-op.Invocation.Time)
		}
		if blamed[op.Invocation.Index] {
			sides[i].Blamed++
		}
	}
	for i := range sides {
		sides[i].Spread = NewSpread(took[i])
	}
	return sides
}

// Healing is how long after the end of the windows[i] that rs were measured for the last of nodes
// answered ok again. It is measured where no other fault held one of them.
func Healing(rs []Recovery, i int, nodes []string) (after time.Duration, never, measured bool) {
	found := 0
	for _, r := range rs {
		if r.Window == i && slices.Contains(nodes, r.Node) {
			found++
			after, never = max(after, r.After), never || r.Never
		}
	}
	return after, never, found == len(nodes)
}

// links says for each of nodes whether n hears it and is heard by it, one letter each, and
// whether both hold for a majority, n itself among them.
func (w Window) links(n string, nodes []string) (links string, quorum bool) {
	letters := make([]byte, len(nodes))
	both := 0
	for i, m := range nodes {
		deaf := slices.Contains(w.Grudge[n], m)
		mute := slices.Contains(w.Grudge[m], n)
		switch {
		case deaf && mute:
			letters[i] = 'x'
		case deaf:
			letters[i] = '<'
		case mute:
			letters[i] = '>'
		default:
			letters[i] = '='
			both++
		}
	}
	return string(letters), both > len(nodes)/2
}
