package harness_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"sunder/checker"
	"sunder/harness"
	"sunder/harness/history"
	"sunder/harness/plan"
	"sunder/nemesis"
)

// TestAFaultThatWasNeverDoneProvesNothing judges a plan with one fault, which lies after the end of
// the test or before a Ctrl-C that came first.
func TestAFaultThatWasNeverDoneProvesNothing(t *testing.T) {
	p := plan.Plan{Nodes: 1, TimeLimit: plan.Of(time.Second), Faults: []plan.Fault{{Kind: "kill",
		Target: "n1", At: plan.Of(time.Minute), Duration: plan.Of(time.Second)}}}
	record := harness.Asked(0, p.Faults[0])
	record.Effect = nemesis.Proven
	ended := history.Event{Process: history.Nemesis, F: "end", Value: history.Marshal(record)}
	for _, k := range []struct {
		name   string
		events []history.Event
		left   bool
	}{
		{"never done", nil, true},
		{"done", []history.Event{ended, ended}, false},
	} {
		for i := range k.events {
			k.events[i].Index, k.events[i].Kind = i, []history.Kind{history.Invoke, history.OK}[i]
		}
		r := harness.Judge(t.Context(), harness.Evidence{Plan: p, Events: k.events})
		for _, part := range r.Parts {
			if part.Name != "faults" {
				continue
			}
			if left := strings.Contains(part.Reason, "never done"); left != k.left ||
				left != (part.Verdict == checker.Unknown) {
				t.Errorf("%s: %s: %s", k.name, part.Verdict, part.Reason)
			}
		}
	}
}

// TestWhatIsMissingKeepsARunFromPassing judges a run of which a log could not be collected.
func TestWhatIsMissingKeepsARunFromPassing(t *testing.T) {
	r := harness.Judge(t.Context(), harness.Evidence{Plan: plan.Plan{Nodes: 1},
		Missing: errors.New("read log: no such container")})
	for _, part := range r.Parts {
		if part.Name == "remains" && part.Verdict == checker.Unknown {
			return
		}
	}
	t.Errorf("no part says what is missing: %+v", r.Parts)
}
