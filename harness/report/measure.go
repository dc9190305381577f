package report

import (
	"time"

	"sunder/harness/plan"
	"sunder/harness/report/figures"
)

// measures are how long faults took to apply, by kind, and nodes to recover from their end.
func measures(ops figures.Ops, windows []figures.Window, p plan.Plan) []Measure {
	out := []Measure{}
	byKind := make(map[string][]time.Duration)
	var kinds []string
	for _, w := range windows {
		if byKind[w.Kind] == nil {
			kinds = append(kinds, w.Kind)
		}
		byKind[w.Kind] = append(byKind[w.Kind], w.Applied)
	}
	for _, k := range kinds {
		out = append(out, Measure{"apply " + k, figures.NewSpread(byKind[k])})
	}
	names := figures.Nodes(p.Nodes, ops, windows)
	if rs := figures.Recoveries(names, ops, windows); len(rs) > 0 {
		out = append(out, Measure{"recover", figures.Recovered(rs)})
	}
	return out
}
