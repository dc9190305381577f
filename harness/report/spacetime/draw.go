package spacetime

import (
	"fmt"
	"strings"
	"time"

	"sunder/harness/history"
	"sunder/nodes"
)

// faults shades the lanes of those that a fault held.
func (p *picture) faults() {
	for _, f := range p.run.Faults {
		y0, y1 := p.axis.at(f.Start), p.axis.at(f.End)
		if f.End > p.end {
			y1 = p.bottom
		}
		name := strings.TrimSpace(f.Kind + " " + f.What)
		for _, n := range f.Nodes {
			half := p.wide * 0.42
			x := p.lane[n]
			p.rect(bands, "band", fmt.Sprintf("%s of %s, %s to %s", name, n, seconds(f.Start),
				seconds(f.End)), box{x - half, y0, x + half, max(y1, y0+3)})
			for _, text := range []string{name, f.Kind} {
				if widthOf(text)+8 <= 2*half && p.label("fault", x-half+4, y0+12, text, false) {
					break
				}
			}
		}
	}
}

// operations draws what clients did: a bar from the invocation to the completion, and links to
// the node that was asked.
func (p *picture) operations() {
	for _, o := range p.run.Operations {
		x, y0, y1 := p.client[o.Process], p.axis.at(o.Start), p.axis.at(o.End)
		class, open := o.Kind.String(), o.Kind == history.Info && o.End >= p.end
		if o.Guilty {
			class += " guilty"
		}
		if open {
			y1 = p.bottom
		}
		title := fmt.Sprintf("process %d: %s %s at %s, %s to %s: %s", o.Process, asks(o), o.Key, o.Node,
			seconds(o.Start), seconds(o.End), told(o))
		p.rect(bars, "bar "+class, title, box{x - 5, y0, x + 5, max(y1, y0+4)})
		p.label("operation "+class, x+11, y0+9, cut(asks(o), 20), true)
		p.label("operation "+class, x+11, y1-1, cut(p.outcome(o), 20), true)
		node, known := p.lane[o.Node]
		if !known {
			continue
		}
		p.arrow("ask "+class, title, x-5, y0+2, node+4, y0+2, true)
		if o.Kind == history.OK || o.Kind == history.Fail {
			p.arrow("ask "+class, title, node+4, y1-2, x-5, y1-2, true)
		}
	}
}

// outcome is what is written at the end of a bar.
func (p *picture) outcome(o Operation) string {
	if o.Kind == history.OK && o.F == "read" {
		return "→ " + told(o)
	}
	return told(o)
}

// messages draws arrows from senders to receivers.
func (p *picture) messages() {
	for _, m := range p.run.Messages {
		x0, from := p.lane[m.From]
		x1, to := p.lane[m.To]
		if !from || !to {
			continue
		}
		y0, y1 := p.axis.at(m.Sent), p.axis.at(m.Received)
		class, said, note := "message", "said", ""
		switch {
		case m.Lost != "":
			class, said, note = "message lost", "said lost", ": "+m.Lost
			x1, y1 = x0+(x1-x0)*0.8, y0+(y1-y0)*0.8 // it does not get there
		case m.Received-m.Sent > p.late:
			class, said, note = "message late", "said late", " (late)"
		}
		title := fmt.Sprintf("%s to %s, %s to %s: %s%s", m.From, m.To, seconds(m.Sent),
			seconds(m.Received), m.Label, note)
		p.arrow(class, title, x0, y0, x1, y1, m.Lost == "")
		p.slanted(said, x0, y0, x1, y1, brief(m.Label))
	}
}

// brief is the beginning of a label, up to where it goes into details.
func brief(label string) string {
	if i := strings.IndexAny(label, ",(?"); i > 0 {
		label = strings.TrimSpace(label[:i])
	}
	return cut(label, 26)
}

// seconds writes a time with a tenth of a millisecond.
func seconds(t time.Duration) string { return fmt.Sprintf("%.4f s", t.Seconds()) }

// times writes down when things happened, the most important first where there is no room for all.
func (p *picture) times() {
	var important, rest []time.Duration
	for _, o := range p.run.Operations {
		if o.Guilty {
			important = append(important, o.Start, o.End)
		}
	}
	for _, f := range p.run.Faults {
		important = append(important, f.Start, f.End)
	}
	for _, f := range p.run.Facts {
		if f.Guilty || f.Fact == nodes.BecameLeader {
			important = append(important, f.At)
		} else {
			rest = append(rest, f.At)
		}
	}
	for _, m := range p.run.Messages {
		rest = append(rest, m.Sent)
	}
	for _, t := range append(important, rest...) {
		if len(p.axis.times) == 0 || t < p.axis.times[0] || t > p.end {
			continue
		}
		y := p.axis.at(t)
		if p.label("time end", gutter-20, y+4, seconds(t), false) {
			p.path(bands, "time", "", "M%s %sH%s", gutter-14, y, width-8)
		}
	}
}

// folds covers what was idle and says how long it was and what is not shown.
func (p *picture) folds() {
	for _, f := range p.axis.folds {
		middle := (f.top + f.bottom) / 2
		p.rect(folds, "fold", "", box{gutter - 14, middle - 8, width - 8, middle + 8})
		for _, y := range []float64{middle - 8, middle + 8} {
			p.path(folds, "tear", "", "M%s %sH%s", gutter-14, y, width-8)
		}
		text := short(f.to - f.from)
		if n := p.hidden(f.from, f.to); n > 0 {
			text += fmt.Sprintf(" · %d messages not shown", n)
		}
		p.label("mid", (gutter+width)/2, middle+4, text, true)
	}
}

// hidden counts the messages sent in a stretch of time.
func (p *picture) hidden(from, to time.Duration) (n int) {
	for _, m := range p.all.Messages {
		if m.Sent > from && m.Sent < to {
			n++
		}
	}
	return n
}

func short(d time.Duration) string {
	if d >= time.Second {
		return fmt.Sprintf("%.2f s", d.Seconds())
	}
	return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
}
