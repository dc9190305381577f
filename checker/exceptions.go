package checker

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"sunder/harness/history"
)

// panicPrefix begins the error of an operation whose client panicked.
const panicPrefix = "panic: "

// exceptionsMax bounds the different texts that are kept; the first ones are.
const exceptionsMax = 100

// Exceptions reports clients that panicked. Their operations stand as info, which is sound, but a
// broken client asked for less than the test meant to ask: the run is Unknown.
type Exceptions struct{}

// exception is one text of a panic: how often, and where first.
type exception struct {
	Error string `json:"error"`
	Count int    `json:"count"`
	First int    `json:"first"` // history index of the completion
}

// Name is exceptions.
func (Exceptions) Name() string { return "exceptions" }

// Check gathers info completions whose error begins with "panic: ", the most frequent first.
func (x Exceptions) Check(_ context.Context, h History) Result {
	at := make(map[string]int)
	var found []exception
	for i := range h.Events {
		e := &h.Events[i]
		if e.Kind != history.Info || !strings.HasPrefix(e.Error, panicPrefix) {
			continue
		}
		k, seen := at[e.Error]
		if !seen {
			if len(found) == exceptionsMax {
				continue
			}
			k = len(found)
			at[e.Error] = k
			found = append(found, exception{Error: e.Error, First: e.Index})
		}
		found[k].Count++
	}
	r := Result{Name: x.Name(), Verdict: Valid}
	if len(found) == 0 {
		return r
	}
	slices.SortStableFunc(found, func(a, b exception) int { return b.Count - a.Count })
	r.Verdict, r.Details = Unknown, found
	r.Reason = fmt.Sprintf("a client panicked in event %d: %.200q", found[0].First, found[0].Error)
	return r
}
