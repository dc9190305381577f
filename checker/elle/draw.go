package elle

import (
	"fmt"
	"html"
	"math"
	"strings"

	"sunder/checker"
)

// drawMax bounds the cycles that are drawn, and the transactions of a drawn one.
const drawMax = 8

var edgeColors = map[edge]string{ww: "#c33", wr: "#36c", rw: "#a3a", process: "#888",
	realtime: "#484", known: "#b70"}

// draw draws each cycle as a ring of transactions.
func (a *analysis) draw(cycles []cycle) []checker.Picture {
	var out []checker.Picture
	for i, c := range cycles {
		if len(out) == drawMax {
			break
		}
		if len(c.steps) <= drawMax {
			out = append(out, checker.Picture{Name: fmt.Sprintf("cycle-%d-%s.svg", i, c.class),
				Data: a.ring(c)})
		}
	}
	return out
}

func (a *analysis) ring(c cycle) []byte {
	n := len(c.steps)
	const width, row = 720, 26
	radius := float64(60 + 18*n)
	height := 2*radius + 120 + float64(row*n)
	at := func(i int) (x, y float64) {
		angle := 2*math.Pi*float64(i)/float64(n) - math.Pi/2
		return width/2 + radius*math.Cos(angle), radius + 50 + radius*math.Sin(angle)
	}
	var b strings.Builder
	fmt.Fprintf(&b,
		`<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%.0f" `+
			`font-family="sans-serif" font-size="12">`,
		width, height)
	b.WriteString(`<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" ` +
		`markerHeight="8" orient="auto"><path d="M0 0 8 4 0 8z"/></marker></defs>`)
	fmt.Fprintf(&b, `<text x="10" y="20" font-weight="bold">%s</text>`, html.EscapeString(c.class))
	for i, s := range c.steps {
		x, y := at(i)
		u, v := at((i + 1) % n)
		bend := 0.12 // two transactions have two arcs between them
		mx, my := (x+u)/2+bend*(v-y), (y+v)/2-bend*(u-x)
		fmt.Fprintf(&b,
			`<path d="M%.0f %.0fQ%.0f %.0f %.0f %.0f" fill="none" stroke="%s" marker-end="url(#tip)"/>`,
			x, y, mx, my, u, v, edgeColors[s.kind])
		fmt.Fprintf(&b, `<text x="%.0f" y="%.0f" fill="%s">%s</text>`, mx, my, edgeColors[s.kind],
			edgeNames[s.kind])
	}
	for i, s := range c.steps {
		x, y := at(i)
		fmt.Fprintf(&b, `<circle cx="%.0f" cy="%.0f" r="4"/><text x="%.0f" y="%.0f">T%d</text>`, x, y,
			x+6, y-6, a.t.All[s.txn].Index)
		fmt.Fprintf(&b, `<text x="10" y="%.0f">%s</text>`, 2*radius+100+float64(row*i),
			html.EscapeString(a.t.txn(s.txn)))
	}
	b.WriteString("</svg>")
	return []byte(b.String())
}
