package checker

import (
	"context"

	"sunder/harness/history"
)

// Again is a Stream for a Checker whose anomalies are final: what it finds wrong in a beginning, it
// finds wrong in the whole. It judges all there is whenever that grew by a tenth, so a violation is
// seen after at most a tenth of the events more, and all its judging costs eleven times the last.
func Again(c Checker) Stream { return &again{checker: c} }

// againLeast is how many events are worth another look.
const againLeast = 200

type again struct {
	checker Checker
	events  []history.Event
	next    int // how many events there are at the next look
	found   *Anomaly
}

// Add implements Stream.
func (a *again) Add(e history.Event) (Anomaly, bool) {
	if a.found != nil {
		return *a.found, true
	}
	a.events = append(a.events, e)
	if len(a.events) < a.next || e.Kind == history.Invoke {
		return Anomaly{}, false
	}
	a.next = len(a.events) + max(len(a.events)/10, againLeast)
	h, err := NewHistory(a.events)
	if err != nil {
		return Anomaly{}, false // no history at all, which the judge of the whole refuses
	}
	r := a.checker.Check(context.Background(), h)
	if r.Verdict != Invalid || len(r.Anomalies) == 0 {
		return Anomaly{}, false
	}
	a.found = &r.Anomalies[0]
	return *a.found, true
}
