package figures

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"sunder/harness/history"
	"sunder/harness/plan"
)

// record is the part of nemesis.Record that is shown. TODO-merge: use nemesis.Record.
type record struct {
	Fault    int                         `json:"fault"`
	Asked    plan.Fault                  `json:"asked"`
	Targets  []string                    `json:"targets"`
	Leader   string                      `json:"leader"`
	Grudge   map[string][]string         `json:"grudge"`
	Notes    []string                    `json:"notes"`
	Overlap  map[string]map[string][]int `json:"overlap"`
	Effect   string                      `json:"effect"`
	Evidence []string                    `json:"evidence"`
	Healed   []string                    `json:"healed"`
	Outside  bool                        `json:"outside"`
}

// parse reads a record of a fault, where v is one.
func parse(v history.Value) (r record, ok bool) {
	err := v.Decode(&r)
	return r, err == nil && r.Asked.Kind != ""
}

// learn takes over what r knows; a later record knows more than an earlier one.
func (w *Window) learn(r record) {
	w.Kind, w.What = r.Asked.Kind, what(r.Asked)
	w.Outside = w.Outside || r.Outside
	if r.Targets != nil {
		w.Targets = r.Targets
	}
	if r.Grudge != nil {
		w.Grudge = r.Grudge
	}
	w.Leader = cmp.Or(r.Leader, w.Leader)
	w.Notes = r.Notes
	if len(r.Healed) > 0 {
		w.Notes = append(slices.Clone(r.Notes), "healed itself on "+strings.Join(r.Healed, ", "))
	}
	if r.Effect != "" {
		w.Effect, w.Proof = string(r.Effect), r.Evidence
	}
	if others := overlapping(r.Overlap); w.Effect == "masked" && len(others) > 0 {
		w.Proof = append(slices.Clone(r.Evidence), "by fault "+strings.Join(others, ", "))
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
