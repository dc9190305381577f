package spacetime

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"sunder/harness/history"
	"sunder/harness/report/figures"
	"sunder/nodes"
)

// faultsMax bounds the faults that are told of.
const faultsMax = 6

// places are where a checker found operations in the history.
var places = regexp.MustCompile(` \(events? \d+( to \d+)?\)`)

// beat is a sentence and when its matter happened.
type beat struct {
	at   time.Duration
	text string
}

// Narrate tells in a few sentences how an anomaly came about: who led, which fault hit whom, what
// each guilty operation did and was told, and why that is impossible.
func Narrate(r Run) string {
	kept, focus := relevant(r)
	t := teller{run: blame(r), kept: kept, focus: focus}
	t.leaders()
	t.faults()
	t.facts()
	t.operations()
	slices.SortStableFunc(t.beats, func(a, b beat) int { return cmp.Compare(a.at, b.at) })
	var sentences []string
	for _, b := range t.beats {
		sentences = append(sentences, b.text+".")
	}
	if !t.explained && r.Words != "" {
		sentences = append(sentences, "That is impossible: "+
			strings.TrimSuffix(places.ReplaceAllString(r.Words, ""), ".")+".")
	}
	return strings.Join(sentences, " ")
}

// teller is a narrative in the making.
type teller struct {
	run, kept Run
	focus     *focus
	beats     []beat
	explained bool // why it is impossible
}

func (t *teller) say(at time.Duration, format string, args ...any) {
	t.beats = append(t.beats, beat{at, fmt.Sprintf(format, args...)})
}

// clock writes a time for a sentence.
func clock(t time.Duration) string { return fmt.Sprintf("%.3f s", t.Seconds()) }

// leads is the term that a node believes to lead at a time, or 0.
func (t *teller) leads(node string, at time.Duration) uint64 {
	var term uint64
	var since time.Duration
	for _, f := range t.run.Facts {
		if f.Node == node && isRole(f.Fact) && f.At <= at {
			term, since = 0, f.At
			if f.Fact == nodes.BecameLeader {
				term = f.Term
			}
		}
	}
	for _, l := range t.run.Lives {
		if l.Node == node && !l.Up && l.At >= since && l.At <= at {
			return 0
		}
	}
	return term
}

// leaders tells of those who led while something guilty was done, and of whom they replaced.
func (t *teller) leaders() {
	type reign struct {
		node string
		term uint64
	}
	matter := map[reign]bool{}
	look := func(at time.Duration) {
		for _, n := range t.run.Nodes {
			if term := t.leads(n, at); term > 0 {
				matter[reign{n, term}] = true
			}
		}
	}
	for _, o := range t.kept.Operations {
		if o.Guilty {
			look(o.Start)
			look(min(o.End, t.focus.to))
		}
	}
	for _, f := range t.kept.Facts {
		if f.Guilty {
			look(f.At)
		}
	}
	for _, f := range t.run.Facts {
		if f.Fact != nodes.BecameLeader || f.Guilty || f.At > t.focus.to ||
			!matter[reign{f.Node, f.Term}] {
			continue
		}
		still := ""
		for _, n := range t.run.Nodes {
			if old := t.leads(n, f.At); n != f.Node && old > 0 {
				still += fmt.Sprintf(", while %s still believes that it leads %s", n, figures.Term(old))
			}
		}
		t.say(f.At, "At %s %s is elected in %s%s", clock(f.At), f.Node, figures.Term(f.Term),
			still)
	}
}

func (t *teller) faults() {
	for i, f := range t.kept.Faults {
		if i == faultsMax {
			t.say(f.Start, "%d more faults follow", len(t.kept.Faults)-i)
			return
		}
		until := ""
		if f.End <= t.focus.to {
			until = ", until " + clock(f.End)
		}
		t.say(f.Start, "At %s %s%s", clock(f.Start), harm(f), until)
	}
}

// harm is what a fault does, as a clause.
func harm(f Fault) string {
	whom := list(f.Nodes)
	verb := "is"
	if len(f.Nodes) > 1 {
		verb = "are"
	}
	what := ""
	if f.What != "" {
		what = " (" + f.What + ")"
	}
	switch f.Kind {
	case "partition":
		return "a partition" + what + " " + cuts(f)
	case "kill":
		return whom + " " + verb + " killed"
	case "power":
		if len(f.Nodes) > 1 {
			return whom + " lose power"
		}
		return whom + " loses power"
	case "pause":
		return whom + " " + verb + " paused"
	case "clock":
		return "the clock of " + whom + " goes wrong" + what
	case "disk":
		return "the disk of " + whom + " misbehaves" + what
	}
	return "a " + f.Kind + what + " hits " + whom
}

// cuts says who no longer hears whom.
func cuts(f Fault) string {
	in, others := map[string]bool{}, map[string]bool{}
	for _, n := range f.Nodes {
		in[n] = true
	}
	inward, outward := 0, 0 // links that are cut towards those hit, and from them
	for to, from := range f.Grudge {
		for _, n := range from {
			switch {
			case in[to] && !in[n]:
				inward++
				others[n] = true
			case in[n] && !in[to]:
				outward++
				others[to] = true
			}
		}
	}
	rest := list(sorted(others))
	switch {
	case inward > 0 && inward == outward:
		return "cuts " + list(f.Nodes) + " off from " + rest
	case inward > 0 && outward == 0:
		return "keeps " + list(f.Nodes) + " from hearing " + rest
	case outward > 0 && inward == 0:
		return "keeps " + rest + " from hearing " + list(f.Nodes)
	}
	return "cuts some links of " + list(f.Nodes)
}

// facts tells of those that contradict each other.
func (t *teller) facts() {
	for _, f := range t.kept.Facts {
		if !f.Guilty {
			continue
		}
		term := figures.Term(f.Term)
		did := map[nodes.Fact]string{
			nodes.BecameLeader: "becomes leader of " + term,
			nodes.Voted:        fmt.Sprintf("votes for %s in %s", f.Peer, term),
			nodes.Appended:     fmt.Sprintf("has its log end with entry %d of %s", f.Index, term),
			nodes.Committed:    fmt.Sprintf("commits entry %d, of %s", f.Index, term),
			nodes.Applied:      fmt.Sprintf("has applied entry %d", f.Index),
			nodes.Executed:     fmt.Sprintf("does a session's command at entry %d", f.Index),
		}[f.Fact]
		t.say(f.At, "At %s %s %s", clock(f.At), f.Node,
			cmp.Or(did, fmt.Sprintf("observes %s %d", f.Fact, f.Index)))
	}
}

// operations tells what the guilty operations, and the sources of what they saw, did and were told.
func (t *teller) operations() {
	for _, o := range t.kept.Operations {
		when, at := "At "+clock(o.Start), o.Start
		if o.Kind == history.OK {
			at, when = o.End, "From "+clock(o.Start)+" to "+clock(o.End)
		}
		text := fmt.Sprintf("%s process %d %s at %s", when, o.Process, does(o), o.Node)
		if term := t.leads(o.Node, o.End); term > 0 && t.deposed(term, o.End) {
			text += fmt.Sprintf(", which still believes that it leads %s,", figures.Term(term))
		}
		switch {
		case o.Kind == history.Fail:
			text += " and is told that it failed"
		case o.Kind == history.Info:
			text += " and is not told what came of it"
		case o.F == "read":
			text += " and sees " + told(o)
		default:
			text += " and is told " + told(o)
		}
		if why := t.reason(o); o.Guilty && why != "" {
			t.explained = true
			text += ", " + why
		}
		t.say(at, "%s", text)
	}
}

// deposed says whether somebody leads a later term.
func (t *teller) deposed(term uint64, at time.Duration) bool {
	return slices.ContainsFunc(t.run.Nodes, func(n string) bool { return t.leads(n, at) > term })
}

// does is what an operation asks for, as a clause.
func does(o Operation) string {
	key := cmp.Or(o.Key, "it")
	switch old, to := pair(o.Value); {
	case o.F == "read":
		return "reads " + key
	case o.F == "write":
		return fmt.Sprintf("writes %s to %s", o.Value, key)
	case o.F == "cas" && to != "":
		return fmt.Sprintf("replaces %s by %s in %s", old, to, key)
	case o.Key != "":
		return "does " + asks(o) + " on " + key
	}
	return "does " + asks(o)
}

// list is names as people say them: n1, n2 and n3.
func list(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}
