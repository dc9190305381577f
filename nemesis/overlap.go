package nemesis

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// holds says whether r's fault kills, pauses or deceives node n.
func (r Record) holds(n string) bool {
	if r.Asked.Kind == clock && r.Asked.Clock.Others != 0 {
		return true
	}
	return r.Asked.Kind != partition && slices.Contains(r.Targets, n)
}

// meet notes which of the nodes the fault of other holds while r's is active.
func (r *Record) meet(other Record, names []string) {
	kind := other.Asked.Kind
	for _, n := range names {
		if !other.holds(n) {
			continue
		}
		if r.Overlap == nil {
			r.Overlap = make(map[string]map[string][]int)
		}
		if r.Overlap[kind] == nil {
			r.Overlap[kind] = make(map[string][]int)
		}
		r.Overlap[kind][n] = append(r.Overlap[kind][n], other.Fault)
	}
}

// by names the faults of these kinds that held node n meanwhile: fault 4 (kill). It is empty if
// there was none.
func (r Record) by(n string, kinds ...string) string {
	var words []string
	for _, kind := range kinds {
		for _, fault := range r.Overlap[kind][n] {
			words = append(words, fmt.Sprintf("fault %d (%s)", fault, kind))
		}
	}
	return strings.Join(words, ", ")
}

// clone shares nothing that the ledger may still change.
func (r Record) clone() Record {
	r.Notes = slices.Clone(r.Notes)
	r.Overlap = maps.Clone(r.Overlap)
	for kind, byNode := range r.Overlap {
		r.Overlap[kind] = maps.Clone(byNode)
	}
	return r
}
