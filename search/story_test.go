package search_test

import (
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"testing"

	"sunder/harness/report/spacetime"
	"sunder/nodes/raft"
	"sunder/search"
)

// A found failure can be told: the diagram has what is guilty, the sentences say who it was.
func TestAFailureCanBeTold(t *testing.T) {
	found, err := search.Hunt(t.Context(), search.Prey{Protocol: raft.Protocol(), Bug: "stale-read"}.Plan,
		1, search.Budget{Seeds: 50})
	if err != nil || !found.Found {
		t.Fatalf("nothing is found: %v", err)
	}
	p, class := found.Plan, found.Outcome.Class()
	run, err := search.Story(t.Context(), p, class)
	if err != nil {
		t.Fatal(err)
	}
	kept := spacetime.Relevant(run)
	if len(run.Messages) == 0 || len(kept.Messages) == 0 || len(kept.Messages) >= len(run.Messages) {
		t.Errorf("%d of %d messages are shown", len(kept.Messages), len(run.Messages))
	}
	if len(run.Faults) == 0 && len(p.Faults) > 0 {
		t.Error("no fault is told of")
	}
	if !slices.ContainsFunc(kept.Operations, func(o spacetime.Operation) bool { return o.Guilty }) {
		t.Error("nobody is guilty")
	}
	text := spacetime.Narrate(run)
	if t.Log(text); !strings.Contains(text, "is elected in term") || !strings.Contains(text, "although") {
		t.Error("that is no story")
	}
	if _, err := search.Story(t.Context(), p, "another class"); err == nil {
		t.Error("a story of what never was")
	}
	var b strings.Builder
	if err := p.Write(&b); err != nil {
		t.Fatal(err)
	}
	source := spacetime.GoTest([]byte(b.String()), "stale read", class)
	if _, err := parser.ParseFile(token.NewFileSet(), "x_test.go", source, 0); err != nil {
		t.Error(err)
	}
}
