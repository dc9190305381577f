package figures

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"sunder/harness/plan"
	"sunder/nemesis"
)

// learn takes over what r knows. A later record knows more than an earlier one, but for one that
// came back from a start or an end that failed: it is as it was sent.
func (w *Window) learn(r nemesis.Record) {
	w.Kind, w.What = r.Asked.Kind, what(r.Asked)
	w.Outside = cmp.Or(w.Outside, r.Outside)
	w.Leader = cmp.Or(r.Leader, w.Leader)
	w.Applied = cmp.Or(r.StartTook.Duration, w.Applied)
	if r.Targets != nil {
		w.Targets = r.Targets
	}
	if r.Grudge != nil {
		w.Grudge = r.Grudge
	}
	if r.Notes != nil {
		w.Notes = slices.Clone(r.Notes)
	}
	if len(r.Healed) > 0 {
		w.Notes = append(w.Notes, "healed itself on "+strings.Join(r.Healed, ", "))
	}
	if r.Effect != "" {
		w.Effect, w.Proof = string(r.Effect), slices.Clone(r.Evidence)
	}
	if others := overlapping(r.Overlap); r.Effect == nemesis.Masked && len(others) > 0 {
		w.Proof = append(w.Proof, "by fault "+strings.Join(others, ", "))
	}
}

// what says what was asked for beyond its kind and target.
func what(f plan.Fault) string {
	if f.Clock == nil {
		return cmp.Or(f.Shape, f.Variant)
	}
	c := *f.Clock
	words := []string{c.Which}
	add := func(is bool, format string, args ...any) {
		if is {
			words = append(words, fmt.Sprintf(format, args...))
		}
	}
	add(c.Step.Duration != 0, "step %+v", c.Step.Duration)
	add(c.Rate != 0, "rate %g", c.Rate)
	add(c.Others != 0, "others %g", c.Others)
	add(c.Strobe.Duration != 0, "strobe %v each %v", c.Strobe, c.Period)
	return strings.Join(words, " ")
}

// overlapping are the numbers of all faults that o names, ascending.
func overlapping(o map[string]map[string][]int) []string {
	seen := make(map[int]bool)
	for _, byNode := range o {
		for _, faults := range byNode {
			for _, i := range faults {
				seen[i] = true
			}
		}
	}
	var out []string
	for _, i := range slices.Sorted(maps.Keys(seen)) {
		out = append(out, fmt.Sprint(i))
	}
	return out
}
