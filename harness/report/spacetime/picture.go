package spacetime

import (
	_ "embed" // for the style sheet
	"fmt"
	"slices"
	"strings"
	"time"

	"sunder/harness/history"
)

//go:embed spacetime.css
var style string

// Sizes of the diagram, in pixels where it is shown at its full width.
const (
	width   = 1000.0
	gutter  = 92.0 // left of the lanes, for times
	laneMax = 210.0
	top     = 92.0 // above the time axis, for names

	clientShare = 1.2 // of a client's lane to a node's: labels of operations stand beside it
)

// picture is a diagram in the making.
type picture struct {
	canvas
	run    Run // what is relevant
	all    Run
	axis   axis
	bottom float64       // of the lanes
	from   time.Duration // the story begins
	end    time.Duration
	late   time.Duration
	lane   map[string]float64 // node → x
	client map[history.Process]float64
	order  []history.Process // of their lanes
	wide   float64           // of a lane
}

// SVG draws a space-time diagram: a lane for each node and each client process, time flowing down
// and folded where nothing happens that matters, messages as arrows. It needs nothing else and can
// stand in a page or alone.
func SVG(r Run) string {
	kept, focus := relevant(r)
	p := &picture{run: kept, all: r, from: focus.from, late: lateness(r.Messages)}
	p.lanes()
	p.axis = newAxis(p.moments(), top)
	p.bottom = top
	if n := len(p.axis.ys); n > 0 {
		p.bottom, p.end = p.axis.ys[n-1]+24, p.axis.times[n-1]
	}
	p.names()
	p.operations()
	p.facts()
	p.faults()
	p.times()
	p.messages()
	p.folds()
	p.legend()
	return p.String()
}

// lanes gives everybody a place: nodes left, clients right.
func (p *picture) lanes() {
	p.lane, p.client = map[string]float64{}, map[history.Process]float64{}
	for _, o := range p.run.Operations {
		if !slices.Contains(p.order, o.Process) {
			p.order = append(p.order, o.Process)
		}
	}
	units := float64(len(p.run.Nodes)) + clientShare*float64(len(p.order))
	p.wide = min(laneMax, (width-gutter-8)/max(1, units))
	x := gutter + (width-gutter-8-p.wide*units)/2
	for _, n := range p.run.Nodes {
		p.lane[n] = x + p.wide/2
		x += p.wide
	}
	for _, c := range p.order {
		p.client[c] = x + p.wide*0.3
		x += p.wide * clientShare
	}
}

// moments are all times that the axis must tell apart.
func (p *picture) moments() []moment {
	const arrow, bar = 13, 30 // the least height of each
	var out []moment
	add := func(m moment) {
		m.at = max(m.at, p.from)
		out = append(out, m)
	}
	for _, m := range p.run.Messages {
		add(moment{at: m.Sent})
		add(moment{at: m.Received, since: m.Sent, least: arrow})
	}
	for _, n := range p.notes() {
		add(moment{at: n.at, column: n.node})
	}
	last := time.Duration(0)
	for _, m := range out {
		last = max(last, m.at)
	}
	for _, o := range p.run.Operations {
		column := fmt.Sprint("process ", o.Process)
		add(moment{at: o.Start, column: column})
		if o.Kind != history.Info || o.End <= last {
			add(moment{at: o.End, column: column, since: o.Start, least: bar})
		}
	}
	for _, f := range p.run.Faults {
		for _, n := range f.Nodes {
			add(moment{at: f.Start, column: n})
		}
		if f.End <= last {
			add(moment{at: f.End})
		}
	}
	return out
}

// names heads the lanes, and puts them under a long diagram again.
func (p *picture) names() {
	title := p.run.Class
	if key := p.key(); key != "" {
		title += " on " + key
	}
	p.label("title", 8, 22, cut(title, 90), true)
	p.label("", 8, 42, cut(p.run.Plan, 150), true)
	for _, y := range []float64{top - 20, p.bottom + 20} {
		for _, n := range p.run.Nodes {
			p.label("name mid", p.lane[n], y, cut(n, 12), true)
		}
		for _, c := range p.order {
			name := fmt.Sprint("process ", c)
			if 1.2*widthOf(name) > p.wide*clientShare { // names are large and bold
				name = fmt.Sprint("p", c)
			}
			p.label("name", p.client[c]-6, y, name, true)
		}
	}
	for _, c := range p.order {
		p.path(lanes, "lane client", "", "M%s %sV%s", p.client[c], top-8, p.bottom)
	}
}

// key is the one that all guilty operations act on, or none.
func (p *picture) key() string {
	key := ""
	for _, o := range p.run.Operations {
		if o.Guilty && key != "" && o.Key != key {
			return ""
		}
		if o.Guilty {
			key = o.Key
		}
	}
	return key
}

// legend says what the signs mean, of those that are there.
func (p *picture) legend() {
	x, y := gutter, p.bottom+50
	say := func(text string, sign func(x float64)) {
		sign(x)
		p.label("", x+34, y+4, text, true)
		x += 34 + widthOf(text) + 18
	}
	line := func(class string, arrives bool) func(float64) {
		return func(x float64) { p.arrow(class, "", x, y, x+26, y, arrives) }
	}
	say("message", line("message", true))
	say("late", line("message late", true))
	say("lost", line("message lost", false))
	say("leads", func(x float64) { p.path(lanes, "lane leads", "", "M%s %sh26", x, y) })
	say("asks for votes", func(x float64) { p.path(lanes, "lane asks", "", "M%s %sh26", x, y) })
	say("down", func(x float64) { p.path(lanes, "lane down", "", "M%s %sh26", x, y) })
	say("fault", func(x float64) { p.rect(bands, "band", "", box{x, y - 6, x + 26, y + 6}) })
	say("the anomaly", func(x float64) {
		p.rect(bars, "bar guilty", "", box{x, y - 5, x + 26, y + 5})
	})
}

// String is the finished document.
func (p *picture) String() string {
	var b strings.Builder
	high := p.bottom + 72
	fmt.Fprintf(&b, "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"spacetime\" "+
		"viewBox=\"0 0 %s %s\" role=\"img\" aria-label=\"Space-time diagram: what nodes and clients did "+
		"and told each other\">\n<style>\n%s</style>\n", px(width), px(high), style)
	fmt.Fprintf(&b, "<rect class=\"paper\" width=\"%s\" height=\"%s\"/>\n", px(width), px(high))
	for i := range p.parts {
		b.WriteString(p.parts[i].String())
	}
	b.WriteString("</svg>\n")
	return b.String()
}
