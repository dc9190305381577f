package page

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"sunder/harness/report"
	"sunder/harness/report/figures"
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

// close puts the moments of the anomalies over a drawing and the common time axis under it.
func (s scene) close(d *drawing, top, bottom float64) {
	for _, t := range s.moments {
		d.line("moment", s.axis.at(t), top, s.axis.at(t), bottom)
	}
	d.grid(s.axis, top, bottom)
}

// faults draws a lane for each kind of fault, as high as faults of that kind overlap.
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
	s.close(&d, 0, y)
	return d
}

func (s scene) fault(d *drawing, w figures.Window, x, y, high float64) {
	wide := max(3, s.axis.at(w.Healed)-x)
	f := report.Fault{Window: w}
	title := fmt.Sprintf("%d: %s, %s to %s, %s", w.Fault, f.Name(), seconds(w.From),
		seconds(w.To), f.Outcome())
	d.rect("fault "+effectClass(w.Effect), x, y, wide, high, title)
	for _, say := range []string{f.Where(), w.What, strings.Join(w.Targets, " "), ""} {
		if label := strings.TrimSpace(fmt.Sprint(w.Fault, " ", say)); fits(label, wide) {
			d.text("on", x+4, y+high-4, label)
			break
		}
	}
}

// fits says whether a label can stand in a bar of that width.
func fits(label string, wide float64) bool {
	return letter*float64(utf8.RuneCountInString(label))+8 <= wide
}

// effectClass is the style of an effect.
func effectClass(effect string) string {
	if effect == "proven" || effect == "masked" {
		return effect
	}
	return "none"
}
