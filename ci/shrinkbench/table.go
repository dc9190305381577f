package main

import (
	"fmt"
	"slices"
	"strings"
)

func (s shrunk) explicit() bool { return s.after.Network.Fixed.Duration > 0 }

// column is a figure of the table: what the prototype had there, and what ours are.
type column struct {
	name, prototype string
	before, after   func(shrunk) int // before may be nil
}

var columns = []column{
	{"faults", "10 → 1 (3)", func(s shrunk) int { return len(s.before.Faults) },
		func(s shrunk) int { return len(s.after.Faults) }},
	{"operations", "100 → 3 (18)", func(s shrunk) int { return s.ops[0] },
		func(s shrunk) int { return s.ops[1] }},
	{"clients", "4 → 1", func(s shrunk) int { return s.before.Concurrency },
		func(s shrunk) int { return s.clients }},
	{"events", "1479 → 164 (493)", func(s shrunk) int { return s.steps[0] },
		func(s shrunk) int { return s.steps[1] }},
	{"odd messages", "1 (15)", nil, func(s shrunk) int { return len(s.after.Network.Except) }},
	{"runs", "773 (2436)", nil, func(s shrunk) int { return s.runs }},
	{"wall, ms", "240 (3400)", nil, func(s shrunk) int { return int(s.took.Milliseconds()) }},
	{"CPU, ms", "", nil, func(s shrunk) int { return int(s.cpu.Milliseconds()) }},
}

// table is the figures as Markdown, ours under the prototype's: the median, and in parentheses the
// 90th percentile.
func table(system string, all []shrunk) string {
	if len(all) == 0 {
		return "nothing was found\n"
	}
	explicit := 0
	for _, s := range all {
		if s.explicit() {
			explicit++
		}
	}
	head, rule := "| | cases | explicit network |", "|---|---|---|"
	theirs := "| prototype, raft | 55 | 55/55 |"
	ours := fmt.Sprintf("| %s | %d | %d/%d |", system, len(all), explicit, len(all))
	for _, c := range columns {
		head, rule, theirs = head+" "+c.name+" |", rule+"---|", theirs+" "+c.prototype+" |"
		from := ""
		if c.before != nil {
			from = fmt.Sprintf("%d → ", part(all, 0.5, c.before))
		}
		ours += fmt.Sprintf(" %s%d (%d) |", from, part(all, 0.5, c.after), part(all, 0.9, c.after))
	}
	return strings.Join([]string{head, rule, theirs, ours, ""}, "\n")
}

// part is the figure that so large a part of the cases does not exceed.
func part(all []shrunk, p float64, of func(shrunk) int) int {
	list := make([]int, len(all))
	for i, s := range all {
		list[i] = of(s)
	}
	slices.Sort(list)
	return list[max(0, int(p*float64(len(list))+0.999)-1)]
}
