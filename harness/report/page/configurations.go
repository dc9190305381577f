package page

import (
	"cmp"
	"fmt"
	"math/bits"
	"slices"
	"time"

	"sunder/nodes"
)

// configurations draws which nodes decide, a lane for each node: a bar while it is a main.
func (s scene) configurations() drawing {
	d := drawing{Label: "Configurations over time: which nodes are mains, and in which configuration"}
	const high = 19.0
	row := make(map[string]int)
	for i, n := range s.nodes {
		row[n] = i
		d.rowName(float64(i)*high+14, n)
	}
	bottom := float64(len(s.nodes))*high + 4
	s.bands(&d, 0, bottom)
	for _, c := range s.changes[:min(len(s.changes), windowsMax)] {
		x := s.axis.at(c.from)
		wide := max(2, s.axis.at(c.to)-x-1)
		for _, n := range c.mains {
			i, known := row[n]
			if !known {
				continue
			}
			y := float64(i)*high + 3
			d.rect("leads", x, y, wide, high-4, fmt.Sprintf("%s is a main of configuration %d from %s to %s",
				n, c.number, seconds(c.from), seconds(c.to)))
			if label := fmt.Sprint(c.number); fits(label, wide) {
				d.text("on", x+4, y+high-8, label)
			}
		}
	}
	s.close(&d, 0, bottom)
	return d
}

// configuration is who decides, from when that was first known to be decided until the next was.
type configuration struct {
	number   uint64
	mains    []string
	from, to time.Duration
}

// configurations reads the changes of the configuration from what nodes observed, to the end of the
// run. The one that a system began with is not among them.
func configurations(observed []nodes.Observed, end time.Duration) []configuration {
	at := make(map[uint64]int) // number → place in out
	var out []configuration
	for _, o := range observed {
		if o.Fact != nodes.Configured {
			continue
		}
		if i, known := at[o.Term]; known {
			out[i].from = min(out[i].from, o.Time)
			continue
		}
		at[o.Term] = len(out)
		c := configuration{number: o.Term, from: o.Time}
		for set := o.Hash; set != 0; set &= set - 1 {
			c.mains = append(c.mains, nodes.ID(bits.TrailingZeros64(set)).String())
		}
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b configuration) int { return cmp.Compare(a.number, b.number) })
	for i := range out {
		out[i].to = end
		if i+1 < len(out) {
			out[i].to = max(out[i].from, out[i+1].from)
		}
	}
	return out
}
