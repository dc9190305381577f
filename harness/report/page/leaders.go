package page

import (
	"fmt"
	"strings"

	"sunder/harness/report/figures"
	"sunder/nodes"
)

// leaders draws who believed to lead, and in which term, a lane for each node. Two leaders at one
// instant stand above each other.
func (s scene) leaders() drawing {
	d := drawing{Label: "Roles of nodes over time: who believed to lead, and in which term"}
	const high = 19.0
	row := make(map[string]int)
	for i, n := range s.nodes {
		row[n] = i
		d.rowName(float64(i)*high+14, n)
	}
	bottom := float64(len(s.nodes))*high + 4
	s.bands(&d, 0, bottom)
	var follows, asks strings.Builder
	type pixel struct {
		row, x int
		role   nodes.Fact
	}
	seen := make(map[pixel]bool) // a storm of elections is not drawn finer than it can be seen
	for _, r := range s.reigns {
		i, known := row[r.Node]
		x0, x1 := s.axis.at(r.From), s.axis.at(r.To)
		at := pixel{i, int(x0), r.Role}
		if !known || x1-x0 < 1 && seen[at] {
			continue
		}
		seen[at] = true
		y := float64(i)*high + 3
		switch r.Role {
		case nodes.BecameLeader:
			wide := max(2, x1-x0)
			term := figures.Term(r.Term)
			_, number, _ := strings.Cut(term, " ")
			title := fmt.Sprintf("%s leads in %s from %s to %s", r.Node, term, seconds(r.From),
				seconds(r.To))
			d.rect("leads", x0, y, wide, high-4, title)
			for _, label := range []string{term, number} {
				if fits(label, wide) {
					d.text("on", x0+4, y+high-8, label)
					break
				}
			}
		case nodes.BecameCandidate:
			box(&asks, x0, y+3, max(1.5, x1-x0), high-10)
		default:
			box(&follows, x0, y+6.5, max(1, x1-x0), 2)
		}
	}
	d.path("follows", &follows)
	d.path("asks", &asks)
	for _, w := range s.windows {
		for _, n := range w.Targets {
			if i, known := row[n]; known && (w.Kind == "kill" || w.Kind == "pause") {
				x := s.axis.at(w.Began)
				d.rect("held", x, float64(i)*high+3, max(2, s.axis.at(w.Healed)-x), high-4, n+": "+w.Kind)
			}
		}
	}
	s.close(&d, 0, bottom)
	return d
}
