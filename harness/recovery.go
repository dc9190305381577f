package harness

import (
	"slices"

	"sunder/harness/history"
	"sunder/harness/plan"
	"sunder/nemesis"
)

// Recovered is the value of the completion of a recovery.
type Recovered struct {
	Leader  string   `json:"leader,omitempty"`  // on whom the nodes agree
	Without []string `json:"without,omitempty"` // nodes that a fault keeps away; not waited for
}

// without is whom the recovery left out that an event completes, if it does.
func without(e *history.Event) []string {
	if e.Process != history.Nemesis || e.F != "recover" || e.Kind == history.Invoke {
		return nil
	}
	var r Recovered
	if e.Value.Decode(&r) != nil {
		return nil
	}
	return r.Without
}

// untilRecovery has faults that stay end with the recovery: what clients do from then on is after
// all faults, and has to succeed.
func untilRecovery(records []nemesis.Record, events []history.Event) []nemesis.Record {
	stays := func(r nemesis.Record) bool { return r.Asked.Stays }
	at := slices.IndexFunc(events, func(e history.Event) bool {
		return e.Process == history.Nemesis && e.F == "recover"
	})
	if at < 0 || !slices.ContainsFunc(records, stays) {
		return records
	}
	out := slices.Clone(records)
	for i := range out {
		if stays(out[i]) {
			out[i].End = plan.Of(max(events[at].Time, out[i].Start.Duration))
		}
	}
	return out
}

// present is those of the nodes that no recovery left out.
func present(names []string, events []history.Event) []string {
	var away []string
	for i := range events {
		away = append(away, without(&events[i])...)
	}
	if away == nil {
		return names
	}
	return slices.DeleteFunc(slices.Clone(names), func(n string) bool {
		return slices.Contains(away, n)
	})
}
