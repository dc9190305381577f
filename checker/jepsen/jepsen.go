// Package jepsen is the checkers of Jepsen that do not search: what went in against what came out.
// They ask what Jepsen's ask (jepsen.checker and jepsen.tests at c4c7473), without its defects: an
// element that is there twice is an anomaly, and a history that shows nothing is unknown. Sets,
// queues, counters and banks are one object a key.
package jepsen

import (
	"context"
	"encoding/json"
	"fmt"

	"sunder/checker"
	"sunder/harness/history"
)

// element is a JSON value as it was written.
type element string

// UnmarshalJSON keeps the text.
func (e *element) UnmarshalJSON(text []byte) error {
	*e = element(text)
	return nil
}

var _ json.Unmarshaler = (*element)(nil)

// elements are the elements of a JSON array. Nothing and null are an empty one.
func elements(v history.Value) ([]element, error) {
	if v == "" {
		return nil, nil
	}
	if list, plain := naturals(string(v)); plain {
		return list, nil
	}
	var out []element
	err := v.Decode(&out)
	return out, err
}

// naturals splits an array of natural numbers without spaces, as our own workloads write it: they
// read long ones all the time.
func naturals(text string) (list []element, plain bool) {
	if len(text) < 3 || text[0] != '[' || text[len(text)-1] != ']' {
		return nil, false
	}
	begin := 1
	for i := 1; i < len(text); i++ {
		switch c := text[i]; {
		case '1' <= c && c <= '9' || c == '0' && i > begin:
		case i > begin && (c == ',' || i == len(text)-1):
			list = append(list, element(text[begin:i]))
			begin = i + 1
		default:
			return nil, false
		}
	}
	return list, true
}

// check is one of this package's checkers. look gathers in a report, and errors make it unknown.
type check struct {
	name string
	look func(h checker.History, r *report) error
	each bool // every key is an object of its own, looked at by itself

	final bool // what it finds wrong in the beginning of a history is wrong in the whole
}

func (c check) Name() string { return c.name }

// Stream implements checker.Streamer.
func (c check) Stream() checker.Stream {
	if !c.final {
		return nil
	}
	return checker.Again(c)
}

func (c check) Check(_ context.Context, h checker.History) checker.Result {
	r := report{counts: make(map[string]int), seen: make(map[string]bool)}
	err := c.lookAt(h, &r)
	out := checker.Result{Name: c.name, Verdict: checker.Valid, Anomalies: r.anomalies,
		Details: r.counts}
	switch {
	case len(r.anomalies) > 0:
		out.Verdict, out.Reason = checker.Invalid, r.anomalies[0].Words
	case err != nil:
		out.Verdict, out.Reason = checker.Unknown, err.Error()
	case r.vacuous != "":
		out.Verdict, out.Reason, out.Vacuous = checker.Unknown, r.vacuous, true
	}
	return out
}

// lookAt looks at all of h, or at one key after the other. It is enough that one key shows
// something.
func (c check) lookAt(h checker.History, r *report) error {
	var keys []string
	var byKey map[string][]history.Operation
	if c.each {
		keys, byKey = history.ByKey(h.Operations)
	}
	if len(keys) < 2 {
		if len(keys) == 1 {
			r.key = keys[0]
		}
		return c.look(h, r)
	}
	events := make(map[string][]history.Event)
	for _, e := range h.Events {
		if e.Key != "" {
			events[e.Key] = append(events[e.Key], e)
			continue
		}
		for _, key := range keys {
			events[key] = append(events[key], e)
		}
	}
	var first error
	says := false
	for _, key := range keys {
		r.key, r.vacuous = key, ""
		err := c.look(checker.History{Events: events[key], Operations: byKey[key]}, r)
		if err != nil && first == nil {
			first = fmt.Errorf("key %.40q: %w", key, err)
		}
		says = says || r.vacuous == ""
	}
	if says {
		r.vacuous = ""
	}
	return first
}

// report is what a look finds.
type report struct {
	anomalies []checker.Anomaly
	counts    map[string]int
	seen      map[string]bool // anomalies by class and element: each is told once
	vacuous   string          // why the history shows nothing
	key       string          // that is looked at
}

// anomaliesMax bounds how many anomalies of a class are told; all are counted.
const anomaliesMax = 10

// tell adds an anomaly of class about what.
func (r *report) tell(class, what string, ops []int, format string, args ...any) {
	if id := r.key + " " + class + " " + what; what != "" {
		if r.seen[id] {
			return
		}
		r.seen[id] = true
	}
	if r.counts[class]++; r.counts[class] <= anomaliesMax {
		r.anomalies = append(r.anomalies, checker.Anomaly{Class: class, Key: r.key, Ops: ops,
			Words: fmt.Sprintf(format, args...)})
	}
}

// clients calls f for each operation of a client, in order of invocation, and stops at an error.
func clients(h checker.History, f func(o history.Operation) error) error {
	for _, o := range h.Operations {
		if o.Invocation.Process == history.Nemesis {
			continue
		}
		if err := f(o); err != nil {
			return fmt.Errorf("event %d: %w", o.Invocation.Index, err)
		}
	}
	return nil
}
