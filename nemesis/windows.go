package nemesis

import (
	"cmp"
	"slices"
	"time"
)

// Window is the time in which one fault was active, with what all faults together left standing.
type Window struct {
	Fault      int
	Name       string // the fault, for a reader
	Start, End time.Duration
	Sides      [][]string // of a partition: nodes that reach each other both ways, largest first

	// Quorum is the longest stretch in which a connected live quorum stood: one and the same node
	// that lives and has links in both directions to a majority, itself included, that live.
	Quorum time.Duration

	// Outside names what was beyond the declared assumption at some time: clock, disk, or nothing.
	Outside string
}

// Windows are the windows of the faults on record, in the order in which they started. A fault
// may have several records, of which the last one counts; one that did not end lasts to the end.
func Windows(names []string, end time.Duration, rs []Record) []Window {
	faults := latest(end, rs)
	segments := split(names, faults)
	windows := make([]Window, len(faults))
	for i, r := range faults {
		w := Window{Fault: r.Fault, Name: r.String(), Start: r.Start.Duration, End: r.End.Duration}
		if r.Asked.Kind == partition {
			w.Sides = sidesOf(names, r.Grudge)
			slices.SortStableFunc(w.Sides, func(a, b []string) int { return len(b) - len(a) })
		}
		from, _ := slices.BinarySearchFunc(segments, w.Start, startsBefore)
		to, _ := slices.BinarySearchFunc(segments, w.End, startsBefore)
		w.Quorum = longest(segments[from:to])
		for _, s := range segments[from:to] {
			w.Outside = cmp.Or(w.Outside, s.outside)
		}
		windows[i] = w
	}
	return windows
}

// latest is the last record of each fault, in the order in which they started, each with an end.
func latest(end time.Duration, rs []Record) []*Record {
	at := make(map[int]int)
	var faults []*Record
	for _, r := range rs {
		if r.Effect != "" && r.Start.Duration == 0 && r.Asked.On != nil { // it never began
			continue
		}
		i, seen := at[r.Fault]
		if !seen {
			i = len(faults)
			at[r.Fault] = i
			faults = append(faults, nil)
		}
		if r.End.Duration == 0 {
			r.End.Duration = max(end, r.Start.Duration)
		}
		faults[i] = &r
	}
	slices.SortStableFunc(faults, func(a, b *Record) int {
		return cmp.Compare(a.Start.Duration, b.Start.Duration)
	})
	return faults
}

// segment is a stretch of time in which no fault starts or ends.
type segment struct {
	start, end time.Duration
	links      [][]bool // by receiver and sender: both live and hear each other
	outside    string
}

func startsBefore(s segment, t time.Duration) int {
	switch {
	case s.start < t:
		return -1
	case s.start > t:
		return 1
	}
	return 0
}

// split cuts the time of the faults wherever one starts or ends.
func split(names []string, faults []*Record) []segment {
	var times []time.Duration
	for _, r := range faults {
		times = append(times, r.Start.Duration, r.End.Duration)
	}
	slices.Sort(times)
	times = slices.Compact(times)
	var segments []segment
	for i := 1; i < len(times); i++ {
		s := segment{start: times[i-1], end: times[i]}
		var active []*Record
		for _, r := range faults {
			if r.Start.Duration <= s.start && r.End.Duration >= s.end {
				active = append(active, r)
				s.outside = cmp.Or(s.outside, r.Outside)
			}
		}
		s.links = linksOf(names, active)
		segments = append(segments, s)
	}
	return segments
}

func linksOf(names []string, active []*Record) [][]bool {
	states := make([]State, len(names))
	for i, n := range names {
		states[i] = stateOf(n, active)
	}
	links := make([][]bool, len(names))
	for i, a := range names {
		links[i] = make([]bool, len(names))
		for j, b := range names {
			x, y := &states[i], &states[j]
			links[i][j] = !(x.Killed || x.Paused || y.Killed || y.Paused ||
				slices.Contains(x.Drop, b) || slices.Contains(y.Drop, a))
		}
	}
	return links
}

// longest is the longest stretch of consecutive segments through which one node keeps links to
// one majority.
func longest(segments []segment) (best time.Duration) {
	for i, s := range segments {
		links := make([][]bool, len(s.links))
		for n := range links {
			links[n] = slices.Clone(s.links[n])
		}
		for _, next := range segments[i:] {
			if !keep(links, next.links) {
				break
			}
			best = max(best, next.end-s.start)
		}
	}
	return best
}

// keep leaves in links only those that are in next, too, and says whether a node still has a
// majority.
func keep(links, next [][]bool) (quorum bool) {
	for i := range links {
		count := 0
		for j := range links[i] {
			links[i][j] = links[i][j] && next[i][j]
			if links[i][j] {
				count++
			}
		}
		quorum = quorum || count >= majority(len(links))
	}
	return quorum
}

// sidesOf groups nodes by whom they reach both ways, if need be through others.
func sidesOf(names []string, g Grudge) (sides [][]string) {
	seen := make(map[string]bool)
	for _, n := range names {
		if seen[n] {
			continue
		}
		seen[n] = true
		side := []string{n}
		for i := 0; i < len(side); i++ {
			for _, m := range names {
				if !seen[m] && !g.Drops(side[i], m) && !g.Drops(m, side[i]) {
					seen[m] = true
					side = append(side, m)
				}
			}
		}
		slices.Sort(side)
		sides = append(sides, side)
	}
	return sides
}
