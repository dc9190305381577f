// Package checker judges histories: Valid < Unknown < Invalid, and the worst wins.
//
// A checker takes a history and gives a Result with a verdict, the anomalies it found, and the
// figures behind them. This package holds what all checkers share, and the small ones that say
// whether a run proves anything (Stats) and whether code broke in it (Logs, Exceptions). The others
// stand below it, by what they judge:
//
//   - checker/linear: whether an object (a register, a queue, a lock, a model of your own) behaved
//     as if it were one copy. It chooses between the engines in zone, collection and window.
//   - checker/elle: transactions on lists and registers, from read-uncommitted to
//     strict-serializable.
//   - checker/consensus: decrees, each decided once.
//   - checker/jepsen: what went in against what came out: sets, queues, ids, counters, banks.
//   - checker/analyze: histories in files, whoever recorded them, by the name of a model.
//
// Checkers work alone: make a History of events, and Check it. The examples are whole programs.
package checker

import (
	"context"
	"fmt"

	"sunder/harness/history"
)

// History is what checkers judge: events, and the same events as operations.
type History struct {
	Events     []history.Event
	Operations []history.Operation // in order of invocation, the nemesis' own among them
}

// NewHistory pairs events. It refuses a history that no run can produce (history.Pair): porcupine
// and its kin would silently call it illegal.
func NewHistory(events []history.Event) (History, error) {
	ops, err := history.Pair(events)
	if err != nil {
		return History{}, fmt.Errorf("make history: %w", err)
	}
	return History{Events: events, Operations: ops}, nil
}

// Checker judges a history. Check ends soon after ctx does, with what it knows by then.
type Checker interface {
	Name() string
	Check(ctx context.Context, h History) Result
}

// Anomaly is one impossibility that a history shows.
type Anomaly struct {
	Class string `json:"class"`         // its name: stale-read, lost-update, not-linearizable, ...
	Key   string `json:"key,omitempty"` // the object it concerns
	Node  string `json:"node,omitempty"`
	Ops   []int  `json:"ops,omitempty"` // history indexes of the invocations that cannot be ordered
	Words string `json:"words"`         // the impossibility in a sentence or a few
}

// Picture is a file that shows an anomaly.
type Picture struct {
	Name string // a file name with its extension
	Data []byte
}

// Result is what a checker concludes.
type Result struct {
	Name      string    `json:"name"`
	Verdict   Verdict   `json:"verdict"`
	Reason    string    `json:"reason,omitempty"`  // why it is not valid, in one sentence
	Vacuous   bool      `json:"vacuous,omitempty"` // unknown only because nothing was shown
	Anomalies []Anomaly `json:"anomalies,omitempty"`
	Details   any       `json:"details,omitempty"` // figures; whatever encoding/json can write
	Parts     []Result  `json:"parts,omitempty"`   // what the result is composed of
	Pictures  []Picture `json:"-"`
}

// All is a checker that runs parts one after the other and takes the worst verdict. A part that
// panics is unknown, by name; the others still count.
func All(name string, parts ...Checker) Checker { return all{name, parts} }

type all struct {
	name  string
	parts []Checker
}

func (a all) Name() string { return a.name }

func (a all) Check(ctx context.Context, h History) Result {
	r := Result{Name: a.name, Verdict: Unknown, Reason: "nothing was checked"}
	var verdicts []Verdict
	for _, c := range a.parts {
		part := guard(ctx, c, h)
		r.Parts = append(r.Parts, part)
		r.Anomalies = append(r.Anomalies, part.Anomalies...)
		r.Pictures = append(r.Pictures, part.Pictures...)
		verdicts = append(verdicts, part.Verdict)
	}
	if len(verdicts) == 0 {
		return r
	}
	r.Verdict, r.Reason = Worst(verdicts...), ""
	for _, part := range r.Parts {
		if part.Verdict == r.Verdict && r.Verdict != Valid {
			r.Reason = part.Name + ": " + part.Reason
			break
		}
	}
	return r
}

// guard runs one checker. Its verdict is one of the three, whatever the checker does.
func guard(ctx context.Context, c Checker, h History) (r Result) {
	name := fmt.Sprintf("%T", c)
	defer func() {
		if p := recover(); p != nil {
			r = Result{Name: name, Verdict: Unknown, Reason: fmt.Sprintf("the checker panicked: %v", p)}
		}
	}()
	name = c.Name()
	r = c.Check(ctx, h)
	if r.Name == "" {
		r.Name = name
	}
	if r.Verdict != r.Verdict.sure() {
		r.Verdict, r.Reason = Unknown, "the checker gave no verdict"
	}
	return r
}
