// Package report is what a person or a CI job reads after a run: the results as data, as text for
// a terminal, as JUnit and as a summary for GitHub. Its page is in report/page, the figures in it
// come from report/figures, and report/store keeps it all on disk.
package report

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"sunder/harness/history"
	"sunder/harness/plan"
	"sunder/harness/report/figures"
	"sunder/harness/report/spacetime"
	"sunder/nodes"
)

// Results is the outcome of a run; it is results.json, and with --json the last line of standard
// output.
type Results struct {
	Verdict     string  `json:"verdict"` // valid, unknown or invalid; anything else counts as unknown
	Why         string  `json:"why"`     // the verdict's reason in one sentence
	Seed        uint64  `json:"seed"`
	Environment string  `json:"environment"`
	System      string  `json:"system"`
	Workload    string  `json:"workload"`
	Bug         string  `json:"bug,omitempty"`
	OK          int     `json:"ok"`
	Fail        int     `json:"fail"`
	Info        int     `json:"info"`
	Rate        float64 `json:"rate"`                 // ok operations a second
	HistoryHash string  `json:"history_hash"`         // see Hash
	TraceHash   string  `json:"trace_hash,omitempty"` // of all that happened, in sim
	Store       string  `json:"store"`                // the run's directory
	Stopped     string  `json:"stopped,omitempty"`    // when and why, if before its time

	Faults    []Fault           `json:"faults"`
	Undone    int               `json:"faults_not_done,omitempty"` // of those that were planned
	Anomalies []Anomaly         `json:"anomalies"`
	Checkers  []Check           `json:"checkers"`
	Phases    []Phase           `json:"phases"`
	Latencies []figures.Latency `json:"latencies"`
	Measures  []Measure         `json:"measures"`
}

// Fault is what one fault of the plan came to: its window with what was resolved and proven, and
// what clients saw while it was in force.
type Fault struct {
	figures.Window
	During figures.Tally `json:"during"`
}

// Anomaly is one impossibility that the history shows.
type Anomaly struct {
	Class string `json:"class"`
	Key   string `json:"key,omitempty"`
	Node  string `json:"node,omitempty"`
	Words string `json:"words"`
	Ops   []int  `json:"ops,omitempty"` // history indexes of the invocations that cannot be ordered
}

// Check is what one checker concluded.
type Check struct {
	Name    string          `json:"name"`
	Verdict string          `json:"verdict"`
	Reason  string          `json:"reason,omitempty"`
	Details json.RawMessage `json:"details,omitempty"`
}

// Phase is a part of the run and the time it took: set-up, main, heal, final reads, judging.
type Phase struct {
	Name string        `json:"name"`
	Took time.Duration `json:"took_ns"`
}

// Measure is a measured figure: how long it took to apply a fault, say.
type Measure struct {
	Name string `json:"name"`
	figures.Spread
}

// Run is everything that the page shows.
type Run struct {
	Plan     plan.Plan
	Origin   Origin
	Results  Results
	Events   []history.Event
	Observed []nodes.Observed // of all nodes, each in order; times count from the history's origin
	Logs     []Log
	Pictures []Picture
	Story    *spacetime.Run // how the anomaly came about; nil: nobody knows
}

// Log is the end of one log of a node.
type Log struct {
	Node, Name, Tail string
}

// Picture is a whole HTML page that a checker drew of an anomaly.
type Picture struct {
	Name string
	HTML string
}

// New is the part of the results that needs no checker: the run's names and counts, its faults
// and figures. A history that no run can produce leaves its figures empty; the checkers say so.
func New(p plan.Plan, events []history.Event) Results {
	r := Results{Verdict: "unknown", Why: "not judged yet", Seed: p.Seed,
		Environment: p.Environment, System: p.System, Workload: p.Workload, Bug: p.Bug,
		HistoryHash: Hash(events), Faults: []Fault{}, Anomalies: []Anomaly{}, Checkers: []Check{}}
	ops, err := figures.NewOps(events)
	if err == nil {
		t := ops.Tally()
		r.OK, r.Fail, r.Info = t.OK, t.Fail, t.Info
		if span := ops.Span(); span > 0 {
			r.Rate = float64(t.OK) / span.Seconds()
		}
		r.Latencies = ops.Latencies()
	}
	windows := figures.Windows(events)
	for _, w := range windows {
		r.Faults = append(r.Faults, Fault{Window: w, During: ops.Between(w.From, w.To).Tally()})
	}
	r.Undone = max(0, len(p.Faults)-len(r.Faults))
	r.Measures = measures(ops, windows, p)
	return r
}

// Hash is the SHA-256 of the history's lines (history.AppendJSON) with every time set to 0: the
// same for runs in which the same was asked and answered in the same order.
func Hash(events []history.Event) string {
	h := sha256.New()
	var line []byte
	for _, e := range events {
		e.Time = 0
		line = append(history.AppendJSON(line[:0], e), '\n')
		h.Write(line)
	}
	return hex.EncodeToString(h.Sum(nil))
}
