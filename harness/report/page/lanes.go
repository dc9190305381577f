package page

import (
	"fmt"
	"slices"
	"strings"

	"sunder/harness/report"
	"sunder/harness/report/figures"
	"sunder/nodes"
)

// windowsMax bounds what is drawn and listed of faults; results.json has all of them.
const windowsMax = 300

// bands shades the windows of faults behind a chart.
func (s scene) bands(d *drawing, top, bottom float64) {
	for _, w := range s.windows {
		x := s.axis.at(w.Began)
		d.rect("band", x, top, max(1, s.axis.at(w.Healed)-x), bottom-top, "")
	}
}

// faults draws a lane for each kind of fault; faults of a kind that overlap share its lane's height.
func (s scene) faults() drawing {
	d := drawing{Label: "Faults over time, a lane for each kind"}
	var kinds []string
	for _, w := range s.windows {
		if !slices.Contains(kinds, w.Kind) {
			kinds = append(kinds, w.Kind)
		}
	}
	y := 4.0
	for _, kind := range kinds {
		const high = 19.0
		free := []float64{} // right ends of what stands in each row of this lane
		for _, w := range s.windows {
			if w.Kind != kind {
				continue
			}
			x0, x1 := s.axis.at(w.Began), s.axis.at(w.Healed)
			row := slices.IndexFunc(free, func(end float64) bool { return end <= x0 })
			if row < 0 {
				row = len(free)
				free = append(free, 0)
			}
			s.fault(&d, w, x0, y+float64(row)*high, high-4)
			free[row] = max(x1, x0+3)
		}
		d.rowName(y+11.5, kind)
		y += high*float64(max(1, len(free))) + 5
	}
	s.grid(&d, 0, y)
	return d
}

func (s scene) fault(d *drawing, w figures.Window, x, y, high float64) {
	wide := max(3, s.axis.at(w.Healed)-x)
	f := report.Fault{Window: w}
	title := fmt.Sprintf("%d: %s %s, %s to %s, %s", w.Fault, w.Kind, f.Where(), seconds(w.From),
		seconds(w.To), f.Outcome())
	d.rect("fault "+effectClass(w.Effect), x, y, wide, high, title)
	if label := cut(f.Where(), int((wide-8)/6)); len([]rune(label)) > 2 {
		d.text("on", x+5, y+high-4, label)
	}
}

// effectClass is the style of an effect.
func effectClass(effect string) string {
	if effect == "proven" || effect == "masked" {
		return effect
	}
	return "none"
}

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
			title := fmt.Sprintf("%s leads in term %d from %s to %s", r.Node, r.Term, seconds(r.From),
				seconds(r.To))
			d.rect("leads", x0, y, wide, high-4, title)
			if label := fmt.Sprintf("term %d", r.Term); wide > float64(len(label))*6+8 {
				d.text("on", x0+5, y+high-8, label)
			} else if label = fmt.Sprint(r.Term); wide > float64(len(label))*6+8 {
				d.text("on", x0+4, y+high-8, label)
			}
		case nodes.BecameCandidate:
			box(&asks, x0, y+3, max(1.5, x1-x0), high-10)
		default:
			box(&follows, x0, y+6.5, max(1, x1-x0), 2)
		}
	}
	d.path("follows", &follows)
	d.path("asks", &asks)
	s.grid(&d, 0, bottom)
	return d
}

// grid paints the common time axis and closes the drawing below it.
func (s scene) grid(d *drawing, top, bottom float64) {
	d.grid(s.axis, top, bottom)
	d.Height = px(bottom + 20)
}
