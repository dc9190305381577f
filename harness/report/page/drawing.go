package page

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Sizes of a drawing, in its own units; a page of 1200 pixels shows about one unit a pixel.
const (
	width  = 1080.0
	gutter = 92.0 // left of the time axis, for names of rows
	margin = 14.0 // right of it
)

// drawing is an inline SVG: shapes in the order in which they are painted.
type drawing struct {
	Label  string // for those who cannot see it
	Height px
	Shapes []shape
}

// shape is a path where it has a D, text where it has a Text, else a rectangle. Colours come from
// its class, so that light and dark are the style sheet's.
type shape struct {
	Class, D, Text, Title string
	X, Y, W, H            px
}

// px is a coordinate, written as short as a tenth of a pixel allows.
type px float64

func (p px) String() string {
	return strings.TrimSuffix(strconv.FormatFloat(float64(p), 'f', 1, 64), ".0")
}

func (d *drawing) rect(class string, x, y, w, h float64, title string) {
	d.Shapes = append(d.Shapes,
		shape{Class: class, X: px(x), Y: px(y), W: px(w), H: px(h), Title: title})
}

func (d *drawing) text(class string, x, y float64, s string) {
	if s != "" {
		d.Shapes = append(d.Shapes, shape{Class: class, X: px(x), Y: px(y), Text: s})
	}
}

func (d *drawing) path(class string, b *strings.Builder) {
	if b.Len() > 0 {
		d.Shapes = append(d.Shapes, shape{Class: class, D: b.String()})
	}
}

func (d *drawing) line(class string, x1, y1, x2, y2 float64) {
	var b strings.Builder
	fmt.Fprintf(&b, "M%v %vL%v %v", px(x1), px(y1), px(x2), px(y2))
	d.path(class, &b)
}

// box adds a rectangle to a path, which is far smaller than an element of its own.
func box(b *strings.Builder, x, y, w, h float64) {
	fmt.Fprintf(b, "M%v %vh%vv%vh%vz", px(x), px(y), px(w), px(h), px(-w))
}

// axis maps times to places between the gutter and the right margin.
type axis struct{ from, to time.Duration }

func (a axis) at(t time.Duration) float64 {
	share := float64(t-a.from) / max(1, float64(a.to-a.from))
	return gutter + min(max(share, 0), 1)*(width-margin-gutter)
}

// steps are distances between ticks that people can count in.
func (a axis) step() time.Duration {
	const ticksMax = 12
	span := a.to - a.from
	for unit := time.Microsecond; unit < 10*time.Second; unit *= 10 {
		for _, m := range []time.Duration{1, 2, 5} {
			if span/(m*unit) <= ticksMax {
				return m * unit
			}
		}
	}
	for _, s := range []time.Duration{15, 30, 60, 120, 300, 600, 900, 1800} {
		if span/(s*time.Second) <= ticksMax {
			return s * time.Second
		}
	}
	for hours := time.Hour; ; hours *= 2 {
		if span/hours <= ticksMax {
			return hours
		}
	}
}

// grid puts the ticks of the axis under what is drawn between top and bottom, their times below.
func (d *drawing) grid(a axis, top, bottom float64) {
	var g drawing
	step := a.step()
	first := a.from.Truncate(step)
	if first < a.from {
		first += step
	}
	decimals := 0
	for unit := time.Second; unit > step && decimals < 6; unit /= 10 {
		decimals++
	}
	for t := first; t <= a.to && t >= first; t += step {
		g.line("grid", a.at(t), top, a.at(t), bottom)
		text := fmt.Sprintf("%.*f s", decimals, t.Seconds())
		if step >= time.Minute {
			text = fmt.Sprintf("%g min", t.Minutes())
		}
		d.text("tick mid", a.at(t), bottom+14, text)
	}
	d.Shapes = append(g.Shapes, d.Shapes...)
	d.Height = px(bottom + 20)
}

// rowName writes the name of a row into the gutter.
func (d *drawing) rowName(y float64, name string) {
	d.text("row end", gutter-10, y, cut(name, 14))
}

// cut shortens s to n letters, and to nothing where n is not even one.
func cut(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	if n < 1 {
		return ""
	}
	letters := 0
	for i := range s {
		if letters++; letters == n {
			return s[:i] + "…"
		}
	}
	return s
}
