package nemesis

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// direction is the way packets go that a partition drops: from one side to another. The edges
// that are cut within a side, as in a ring or at a bridge, are all one direction.
type direction struct{ from, to int }

// tally counts the edges of one direction.
type tally struct {
	edges, dropping, idle int // idle: nothing was dropped, and no fault explains it
	packets               uint64
	masks                 []string
}

// judgeCut wants packets dropped in each direction, or a reason why there were none.
func (r Record) judgeCut(p Proof) (found []finding) {
	names := slices.Sorted(maps.Keys(p.Before))
	parts := sidesOf(names, r.Grudge)
	side := func(n string) int {
		return slices.IndexFunc(parts, func(s []string) bool { return slices.Contains(s, n) })
	}
	byWay := make(map[direction]*tally)
	var ways []direction
	for _, receiver := range slices.Sorted(maps.Keys(r.Grudge)) {
		for _, sender := range r.Grudge[receiver] {
			way := direction{side(sender), side(receiver)}
			if byWay[way] == nil {
				byWay[way] = new(tally)
				ways = append(ways, way)
			}
			byWay[way].add(r, p, sender, receiver)
		}
	}
	for _, way := range ways {
		from, to := "among themselves", ""
		if way.from != way.to && min(way.from, way.to) >= 0 {
			from = strings.Join(parts[way.from], ",") + " → "
			to = strings.Join(parts[way.to], ",")
		}
		found = append(found, byWay[way].finding(from+to))
	}
	return found
}

func (t *tally) add(r Record, p Proof, sender, receiver string) {
	t.edges++
	if n := dropped(p, sender, receiver); n > 0 {
		t.dropping++
		t.packets += n
		return
	}
	reason := r.by(sender, kill, pause)
	if reason == "" {
		reason = r.by(receiver, kill, pause)
	}
	for _, n := range []string{sender, receiver} {
		if reason == "" && (p.Before[n].State == dead || p.Ending[n].State == dead) {
			reason = n + ", dead though no fault had killed it"
		}
	}
	if reason == "" {
		t.idle++
	} else if !slices.Contains(t.masks, reason) {
		t.masks = append(t.masks, reason)
	}
}

func (t *tally) finding(way string) finding {
	said := fmt.Sprintf("%s: %d packets dropped on %d of %d edges",
		way, t.packets, t.dropping, t.edges)
	if len(t.masks) > 0 {
		said += "; masked by " + strings.Join(t.masks, ", ")
	}
	switch {
	case t.dropping > 0:
		return finding{Proven, said}
	case t.idle > 0:
		return finding{None, said}
	}
	return finding{Masked, said}
}

// dropped is how many packets of sender the receiver has dropped since the fault began. A count
// that went down began anew, its container having been killed.
func dropped(p Proof, sender, receiver string) uint64 {
	from, to := p.Before[receiver].Dropped[sender], uint64(0)
	for _, seen := range []map[string]Evidence{p.Started, p.Ending, p.Ended} {
		if n, ok := seen[receiver].Dropped[sender]; ok {
			to = n
		}
	}
	if to < from {
		return to
	}
	return to - from
}
