package spacetime

import (
	"encoding/xml"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// layer says what is painted over what, from the bottom up.
type layer int

const (
	bands layer = iota
	lanes
	links
	folds
	bars
	words
	layers
)

// canvas collects SVG by layer. All text from outside passes escape.
type canvas struct {
	parts [layers]strings.Builder
	taken []box // by labels
}

// box is a rectangle that a label covers.
type box struct{ x0, y0, x1, y1 float64 }

func (b box) meets(c box) bool { return b.x0 < c.x1 && c.x0 < b.x1 && b.y0 < c.y1 && c.y0 < b.y1 }

// escape makes s safe as text and in attributes; what XML cannot say becomes U+FFFD.
func escape(s string) string {
	var b strings.Builder
	xml.EscapeText(&b, []byte(s)) // a Builder takes everything
	return b.String()
}

// px is a coordinate, as short as a tenth of a pixel allows.
func px(v float64) string { return strings.TrimSuffix(strconv.FormatFloat(v, 'f', 1, 64), ".0") }

// tip is what a pointer that rests on a shape gets to read.
func tip(title string) string {
	if title == "" {
		return "/>"
	}
	return "><title>" + escape(title) + "</title></"
}

func (c *canvas) shape(l layer, element, class, attributes, title string) {
	end := tip(title)
	if title != "" {
		end += element + ">"
	}
	fmt.Fprintf(&c.parts[l], "<%s class=\"%s\" %s%s\n", element, class, attributes, end)
}

func (c *canvas) path(l layer, class, title, format string, at ...float64) {
	words := make([]any, len(at))
	for i, v := range at {
		words[i] = px(v)
	}
	c.shape(l, "path", class, fmt.Sprintf("d=\""+format+"\"", words...), title)
}

func (c *canvas) rect(l layer, class, title string, b box) {
	c.shape(l, "rect", class, fmt.Sprintf(`x="%s" y="%s" width="%s" height="%s" rx="3"`, px(b.x0),
		px(b.y0), px(b.x1-b.x0), px(b.y1-b.y0)), title)
}

// arrow draws a line with a head at its end, or a cross where it ends in nothing.
func (c *canvas) arrow(class, title string, x0, y0, x1, y1 float64, arrives bool) {
	c.path(links, class, title, "M%s %sL%s %s", x0, y0, x1, y1)
	along := math.Atan2(y1-y0, x1-x0)
	head := func(turn, length float64) (x, y float64) {
		return x1 + length*math.Cos(along+turn), y1 + length*math.Sin(along+turn)
	}
	if arrives {
		const long, spread = 8, 0.36
		ax, ay := head(math.Pi-spread, long)
		bx, by := head(math.Pi+spread, long)
		c.path(links, class+" head", "", "M%s %sL%s %sL%s %sz", x1, y1, ax, ay, bx, by)
		return
	}
	const arm = 4.5
	for _, turn := range []float64{math.Pi / 4, 3 * math.Pi / 4} {
		ax, ay := head(turn, arm)
		bx, by := head(turn+math.Pi, arm)
		c.path(links, class+" cross", "", "M%s %sL%s %s", ax, ay, bx, by)
	}
}

// letter is the width of a letter of a label, about.
const letter = 6.1

func widthOf(s string) float64 { return letter * float64(utf8.RuneCountInString(s)) }

// label writes s with its baseline beginning, or where class says so ending, at x, y. Unless it
// must be there, it is left out where it would cover another.
func (c *canvas) label(class string, x, y float64, s string, must bool) bool {
	if s == "" {
		return false
	}
	b := box{x, y - 10, x + widthOf(s), y + 3}
	for _, name := range strings.Fields(class) {
		switch name {
		case "end":
			b.x0, b.x1 = x-widthOf(s), x
		case "mid":
			b.x0, b.x1 = x-widthOf(s)/2, x+widthOf(s)/2
		}
	}
	if !must && c.covered(b) {
		return false
	}
	c.taken = append(c.taken, b)
	fmt.Fprintf(&c.parts[words], "<text class=\"%s\" x=\"%s\" y=\"%s\">%s</text>\n", class, px(x),
		px(y), escape(s))
	return true
}

func (c *canvas) covered(b box) bool {
	for _, t := range c.taken {
		if t.meets(b) {
			return true
		}
	}
	return false
}

// slanted writes s along a line, above it, at the first of some places where it covers nothing.
func (c *canvas) slanted(class string, x0, y0, x1, y1 float64, s string) {
	if x1 < x0 {
		x0, y0, x1, y1 = x1, y1, x0, y0
	}
	long, wide := math.Hypot(x1-x0, y1-y0), widthOf(s)
	along := math.Atan2(y1-y0, x1-x0)
	if wide+24 > long {
		return
	}
	for _, share := range []float64{0.5, 0.3, 0.7, 0.15, 0.85} {
		middle := min(max(share*long, wide/2+12), long-wide/2-12)
		boxes := make([]box, 0, 6)
		for i := range cap(boxes) {
			at := middle - wide/2 + wide*(float64(i)+0.5)/float64(cap(boxes))
			x, y := x0+at*math.Cos(along), y0+at*math.Sin(along)
			boxes = append(boxes, box{x - wide/12, y - 13, x + wide/12, y - 1})
		}
		free := true
		for _, b := range boxes {
			free = free && !c.covered(b)
		}
		if !free {
			continue
		}
		c.taken = append(c.taken, boxes...)
		x := x0 + middle*math.Cos(along) + 4*math.Sin(along)
		y := y0 + middle*math.Sin(along) - 4*math.Cos(along)
		fmt.Fprintf(&c.parts[words], "<text class=\"%s mid\" x=\"%s\" y=\"%s\" "+
			"transform=\"rotate(%s %s %s)\">%s</text>\n", class, px(x), px(y),
			px(along*180/math.Pi), px(x), px(y), escape(s))
		return
	}
}

// cut shortens s to n letters.
func cut(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:max(0, n-1)]) + "…"
}
