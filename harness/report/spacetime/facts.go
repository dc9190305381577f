package spacetime

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"sunder/harness/report/figures"
	"sunder/nodes"
)

// note is what stands beside a node's lane at a moment.
type note struct {
	node, class, text string
	at                time.Duration
}

// notes are the facts of each node in words, those of one moment together.
func (p *picture) notes() []note {
	var out []note
	last := map[string]int{} // node → its last note
	add := func(n note) {
		if i, is := last[n.node]; is && out[i].at == n.at {
			if committed(out[i].text) && committed(n.text) {
				out[i].text = n.text // the last of several
			} else {
				out[i].text += ", " + n.text
			}
			if out[i].class == "" || n.class == "guilty" {
				out[i].class = n.class
			}
			return
		}
		last[n.node] = len(out)
		out = append(out, n)
	}
	led := map[string]bool{}
	for _, f := range p.run.Facts {
		class, text := "", ""
		switch f.Fact {
		case nodes.BecameLeader:
			class, text = "leads", "leads "+figures.Term(f.Term)
		case nodes.BecameCandidate:
			class, text = "asks", p.either("asks for votes in "+figures.Term(f.Term),
				"asks, "+figures.Term(f.Term))
		case nodes.BecameFollower:
			if led[f.Node] && p.lived(f.Node, f.At) {
				text = "steps down"
			}
		case nodes.Voted:
			if f.Peer != f.Node || f.Guilty {
				text = p.either(fmt.Sprintf("votes for %s in %s", f.Peer, figures.Term(f.Term)),
					"votes "+f.Peer)
			}
		case nodes.Committed:
			text = fmt.Sprintf("commits %d", f.Index)
		case nodes.Appended:
			text = fmt.Sprintf("appends %d", f.Index)
		default:
			text = fmt.Sprintf("%s %d", f.Fact, f.Index)
		}
		if isRole(f.Fact) {
			led[f.Node] = f.Fact == nodes.BecameLeader
		}
		if f.Guilty {
			class = "guilty"
		}
		if text != "" {
			add(note{f.Node, class, text, f.At})
		}
	}
	for _, l := range p.run.Lives {
		if l.Up {
			add(note{l.Node, "", "boots", l.At})
		} else {
			add(note{l.Node, "down", cut(l.Why, 24), l.At})
		}
	}
	return out
}

func committed(text string) bool { return strings.HasPrefix(text, "commits ") }

// either is the long form of a note where lanes have room for it, else the short one.
func (p *picture) either(long, short string) string {
	if widthOf(long)+14 < p.wide {
		return long
	}
	return short
}

// lived says whether no process on the node began at that moment.
func (p *picture) lived(node string, at time.Duration) bool {
	return !slices.ContainsFunc(p.run.Lives, func(l Life) bool {
		return l.Up && l.Node == node && l.At == at
	})
}

func isRole(f nodes.Fact) bool {
	return f == nodes.BecameLeader || f == nodes.BecameFollower || f == nodes.BecameCandidate
}

// facts draws each node's lane in the colour of its role, and what it observed beside it.
func (p *picture) facts() {
	for _, n := range p.run.Nodes {
		class, y := "lane", top-8
		turn := func(at time.Duration, to string) {
			if p.axis.at(at) > y {
				p.path(lanes, class, "", "M%s %sV%s", p.lane[n], y, p.axis.at(at))
				y = p.axis.at(at)
			}
			class = to
		}
		for _, c := range p.changes(n) {
			turn(c.at, c.class)
		}
		p.path(lanes, class, "", "M%s %sV%s", p.lane[n], y, p.bottom)
	}
	for _, n := range p.notes() {
		x, y := p.lane[n.node], p.axis.at(n.at)
		if n.class == "down" {
			p.path(bars, "mark down", "", "M%s %sL%s %sM%s %sL%s %s",
				x-5, y-5, x+5, y+5, x-5, y+5, x+5, y-5)
		} else {
			p.path(bars, "mark "+n.class, "", "M%s %sa3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0 -7 0z", x-3.5, y)
		}
		if x+8+widthOf(n.text) > width {
			p.label(n.class+" end", x-8, y+4, n.text, true)
			continue
		}
		p.label(n.class, x+8, y+4, n.text, true)
	}
}

// change is a moment from which a lane looks otherwise.
type change struct {
	at    time.Duration
	class string
}

// changes are those of a node's lane, in order.
func (p *picture) changes(node string) []change {
	var out []change
	for _, f := range p.run.Facts {
		if f.Node != node || !isRole(f.Fact) {
			continue
		}
		class := map[nodes.Fact]string{nodes.BecameLeader: "lane leads",
			nodes.BecameCandidate: "lane asks", nodes.BecameFollower: "lane"}[f.Fact]
		out = append(out, change{f.At, class})
	}
	for _, l := range p.run.Lives {
		if l.Node == node {
			out = append(out, change{l.At, map[bool]string{true: "lane", false: "lane down"}[l.Up]})
		}
	}
	slices.SortStableFunc(out, func(a, b change) int { return cmp.Compare(a.at, b.at) })
	return out
}
