package spacetime

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"sunder/harness/history"
	"sunder/nodes"
)

// Bounds of what is kept, so that it can be seen.
const (
	sourcesMax = 4  // operations beside those that are guilty
	factsMax   = 40 // beside roles
	rolesMax   = 60 // beside those of followers, which are not seen
	harmMax    = 24 // faults, and so many beginnings and ends of processes for each of a few nodes
)

// Relevant keeps of a run what leads to its anomaly: the operations and facts that are guilty, who
// led meanwhile, faults, and of the messages those on the causal past of the anomaly that said
// something new, first of all where roles changed, and some of those that were lost.
func Relevant(r Run) Run {
	kept, _ := relevant(r)
	return kept
}

func relevant(r Run) (Run, *focus) {
	r = blame(r)
	f := focusOf(r)
	out := r
	out.Operations = f.operations(r.Operations)
	f.shown = out.Operations
	out.Facts = f.facts(r.Facts)
	out.Messages = f.messages(r.Messages, out.Facts)
	out.Faults = last(harmMax, slices.DeleteFunc(slices.Clone(r.Faults), func(x Fault) bool {
		return x.Start > f.to || x.End < f.from
	}))
	out.Lives = last(4*harmMax, f.lives(r.Lives))
	out.Facts = slices.DeleteFunc(out.Facts, func(x Fact) bool { // of a process that is gone
		return x.At < f.from && slices.ContainsFunc(r.Lives, func(l Life) bool {
			return l.Node == x.Node && l.At > x.At && l.At < f.from
		})
	})
	return out, f
}

// last is the last n of list, or all where there are no more.
func last[T any](n int, list []T) []T { return list[max(0, len(list)-n):] }

// lives are those in the story, and who was dead when it began.
func (f *focus) lives(all []Life) []Life {
	var kept []Life
	before := map[string]Life{}
	for _, l := range all {
		if l.At < f.from && l.At >= before[l.Node].At {
			before[l.Node] = l
		}
		if l.At >= f.from && l.At <= f.to {
			kept = append(kept, l)
		}
	}
	for _, n := range slices.Sorted(maps.Keys(before)) {
		if !before[n].Up {
			kept = append(kept, before[n])
		}
	}
	slices.SortStableFunc(kept, func(a, b Life) int { return cmp.Compare(a.At, b.At) })
	return kept
}

// focus is where to look.
type focus struct {
	from, guilty, to time.Duration            // the story begins, the guilty begin, all ends
	past             map[string]time.Duration // node → end of what can have mattered there
	spans, shown     []Operation              // the guilty, and all that are kept
}

func focusOf(r Run) *focus {
	f := &focus{guilty: 1<<63 - 1, past: map[string]time.Duration{}}
	see := func(node string, at time.Duration) {
		f.guilty, f.to = min(f.guilty, at), max(f.to, at)
		f.past[node] = max(f.past[node], at)
	}
	for _, o := range r.Operations {
		if !o.Guilty {
			continue
		}
		f.spans = append(f.spans, o)
		see(o.Node, o.Start)
		if o.Kind != history.Info { // else it may end at any time
			see(o.Node, o.End)
		}
	}
	for _, x := range r.Facts {
		if x.Guilty {
			see(x.Node, x.At)
		}
	}
	if f.to == 0 { // nobody is guilty: all of it is the story
		f.guilty = 0
		for _, o := range r.Operations {
			see(o.Node, o.End)
		}
		for _, x := range r.Facts {
			see(x.Node, x.At)
		}
	}
	f.trace(r.Messages)
	f.from = f.guilty
	trial := lateness(r.Messages) / 2 // before the votes: pre-votes
	for _, o := range f.spans {
		f.from = min(f.from, campaign(r.Facts, o.Node, o.Start)-trial)
	}
	for _, x := range r.Facts {
		if x.Guilty {
			f.from = min(f.from, campaign(r.Facts, x.Node, x.At)-trial)
		}
	}
	return f
}

// trace extends the past over what was delivered, from the last message to the first.
func (f *focus) trace(all []Message) {
	sorted := slices.Clone(all)
	slices.SortStableFunc(sorted, func(a, b Message) int {
		return cmp.Compare(b.Received, a.Received)
	})
	for _, m := range sorted {
		if end, known := f.past[m.To]; m.Lost == "" && known && m.Received <= end {
			f.past[m.From] = max(f.past[m.From], m.Sent)
		}
	}
}

// campaign is when the node that led at a time, or the one whom node followed then, asked for the
// votes that made it lead; that time itself where nobody is known to have led.
func campaign(facts []Fact, node string, at time.Duration) time.Duration {
	led, term := at, uint64(0)
	who := ""
	for _, x := range facts { // in order of time
		if x.At > at {
			break
		}
		switch {
		case x.Node == node && x.Fact == nodes.BecameFollower && x.Peer != "":
			term = x.Term
		case x.Node == node && x.Fact == nodes.BecameLeader:
			term = x.Term
		}
	}
	for _, x := range facts {
		if x.Fact == nodes.BecameLeader && x.Term == term && x.At <= at {
			led, who = x.At, x.Node
			break
		}
	}
	for _, x := range facts {
		if x.Fact == nodes.BecameCandidate && x.Node == who && x.Term == term && x.At <= led {
			return x.At
		}
	}
	return led
}

// operations are the guilty, and those that should have written what these saw, or failed to.
func (f *focus) operations(all []Operation) []Operation {
	type register struct {
		key   string
		value history.Value
	}
	seen := map[register]bool{}
	for _, o := range f.spans {
		if o.F == "read" {
			seen[register{o.Key, o.Answer}] = true
		}
	}
	kept := slices.Clone(f.spans)
	for _, o := range all {
		if !o.Guilty && seen[register{o.Key, written(o)}] && o.Start <= f.to &&
			len(kept) < len(f.spans)+sourcesMax {
			kept = append(kept, o)
		}
	}
	slices.SortStableFunc(kept, func(a, b Operation) int { return cmp.Compare(a.Start, b.Start) })
	return kept
}

// facts are the roles, and of the others those on the past that tell how the guilty came about.
func (f *focus) facts(all []Fact) []Fact {
	var kept []Fact
	role := map[string]Fact{} // the last before the story begins
	others, roles := 0, 0
	for _, x := range slices.Backward(all) {
		if x.At > f.to {
			continue
		}
		switch x.Fact {
		case nodes.BecameLeader, nodes.BecameFollower, nodes.BecameCandidate:
			_, known := role[x.Node]
			if x.At < f.from && !known {
				role[x.Node] = x
			} else if x.At < f.from || roles >= rolesMax && !x.Guilty {
				continue
			}
			if x.Fact != nodes.BecameFollower {
				roles++
			}
		case nodes.Voted, nodes.Promised, nodes.Accepted, nodes.Decided, nodes.Configured:
			if !x.Guilty && (x.At < f.from || x.At > f.past[x.Node] || others >= factsMax) {
				continue
			}
			others++
		default:
			if !x.Guilty && !f.acknowledges(x) {
				continue
			}
		}
		kept = append(kept, x)
	}
	slices.Reverse(kept)
	return kept
}

// acknowledges says whether x is a commit at a node that was doing an operation of these.
func (f *focus) acknowledges(x Fact) bool {
	return x.Fact == nodes.Committed && slices.ContainsFunc(f.shown, func(o Operation) bool {
		return o.Kind == history.OK && o.F != "read" && o.Node == x.Node &&
			x.At >= o.Start && x.At <= o.End
	})
}
