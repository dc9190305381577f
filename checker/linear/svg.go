package linear

import (
	"fmt"
	"html"
	"maps"
	"slices"
	"strings"

	"sunder/checker"
	"sunder/harness/history"
)

// Measures of the drawing, in pixels.
const (
	svgLeft = 110 // of the first event, right of the names
	svgStep = 42  // from one event to the next
	svgRow  = 44
	svgBar  = 22
	svgMax  = 40 // operations drawn
)

// sketch draws the operations that cannot be ordered, one row a process and time to the right by
// event, not by clock. An arrow leads from a completion to the later invocation that makes it
// impossible.
func (l *linear[S, O]) sketch(key string, c core[O]) checker.Picture {
	ops := append(slices.Clone(c.guilty), c.support...)
	if len(ops) > svgMax {
		ops = ops[len(ops)-svgMax:]
	}
	x, y, end := layout(ops)
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" `+
		`font-family="sans-serif" font-size="11">`, end+svgStep, (len(y)+1)*svgRow)
	b.WriteString(`<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" ` +
		`markerHeight="8" orient="auto"><path d="M0 0 8 4 0 8z" fill="#c33"/></marker></defs>`)
	fmt.Fprintf(&b, `<text x="8" y="18" font-weight="bold">%s: %s</text>`,
		html.EscapeString(quoteShort(key)), c.class)
	for _, p := range slices.Sorted(maps.Keys(y)) {
		row := y[p]
		fmt.Fprintf(&b, `<text x="8" y="%d">process %d</text>`, row+svgBar-7, p)
	}
	for i, o := range ops {
		fill, right := "#bcd", end
		if i < len(c.guilty) {
			fill = "#f5b7a8"
		}
		if o.Return != Open {
			right = x[o.Return]
		}
		fmt.Fprintf(&b, `<rect x="%d" y="%d" width="%d" height="%d" rx="3" fill="%s"/>`,
			x[o.Index], y[o.Process], right-x[o.Index], svgBar, fill)
		fmt.Fprintf(&b, `<text x="%d" y="%d">%s<title>%s</title></text>`, x[o.Index]+4,
			y[o.Process]+svgBar-7, html.EscapeString(short(l.model.String(o.Do))),
			html.EscapeString(l.say(o)))
	}
	for _, e := range c.edges {
		fmt.Fprintf(&b, `<path d="M%d %dL%d %d" stroke="#c33" stroke-dasharray="4 2" `+
			`marker-end="url(#tip)"/>`, x[e[0].Return], y[e[0].Process]+svgBar/2, x[e[1].Index],
			y[e[1].Process]+svgBar/2)
	}
	b.WriteString("</svg>")
	return checker.Picture{Name: "linearizable-" + fileName(key) + ".svg", Data: []byte(b.String())}
}

// layout places events from left to right, as far apart as the longest text needs, and processes
// from top to bottom in the order in which they appear.
func layout[O any](ops []Op[O]) (x map[int]int, y map[history.Process]int, end int) {
	var events []int
	x, y = make(map[int]int), make(map[history.Process]int)
	for _, o := range ops {
		events = append(events, o.Index)
		if o.Return != Open {
			events = append(events, o.Return)
		}
	}
	slices.Sort(events)
	end = svgLeft
	for _, e := range events {
		if _, placed := x[e]; !placed {
			x[e] = end
			end += svgStep
		}
	}
	byIndex := slices.Clone(ops)
	slices.SortFunc(byIndex, func(a, b Op[O]) int { return a.Index - b.Index })
	for _, o := range byIndex {
		if _, placed := y[o.Process]; !placed {
			y[o.Process] = svgRow/2 + 10 + len(y)*svgRow
		}
	}
	return x, y, end
}

// short is the beginning of a text.
func short(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:39]) + "…"
	}
	return s
}

func quoteShort(key string) string { return fmt.Sprintf("%q", short(key)) }
