package checker_test

import (
	"context"
	"fmt"

	"sunder/checker"
	"sunder/checker/linear"
	"sunder/harness/history"
)

// A history of your own and no harness: write events down in the order in which they happened, and
// ask. Process 2 reads a value that had been replaced before it began.
func Example() {
	h, err := checker.NewHistory([]history.Event{
		{Index: 0, Process: 0, Kind: history.Invoke, F: "write", Key: "x", Value: "1"},
		{Index: 1, Process: 0, Kind: history.OK, F: "write", Key: "x", Value: "1"},
		{Index: 2, Process: 1, Kind: history.Invoke, F: "cas", Key: "x", Value: "[1,2]"},
		{Index: 3, Process: 1, Kind: history.OK, F: "cas", Key: "x", Value: "[1,2]"},
		{Index: 4, Process: 2, Kind: history.Invoke, F: "read", Key: "x"},
		{Index: 5, Process: 2, Kind: history.OK, F: "read", Key: "x", Value: "1"},
	})
	if err != nil {
		panic(err)
	}
	r := linear.Register(linear.Budget{}).Check(context.Background(), h)
	fmt.Println(r.Verdict, r.Anomalies[0].Class, r.Anomalies[0].Ops)
	// Output: invalid stale-read [2 4]
}

// A model of your own is a type for the state, one for operations, and a step.
func Example_model() {
	type flag bool
	type flip struct{ sees flag }
	m := linear.Model[flag, flip]{
		Name: "flag that every flip inverts",
		Parse: func(o history.Operation) (f flip, skip bool, err error) {
			return flip{sees: o.Completion.Value == "true"}, false, nil
		},
		Step: func(at flag, f flip) (flag, bool) { return !at, f.sees == at },
	}
	h, err := checker.NewHistory([]history.Event{
		{Index: 0, Process: 0, Kind: history.Invoke, F: "flip"},
		{Index: 1, Process: 1, Kind: history.Invoke, F: "flip"},
		{Index: 2, Process: 0, Kind: history.OK, F: "flip", Value: "true"},
		{Index: 3, Process: 1, Kind: history.OK, F: "flip", Value: "false"},
	})
	if err != nil {
		panic(err)
	}
	fmt.Println(linear.New(m, linear.Budget{}).Check(context.Background(), h).Verdict)
	// Output: valid
}

// Several checkers judge together; the worst verdict wins. Nothing succeeded here, so the run
// proves nothing.
func ExampleAll() {
	h, err := checker.NewHistory([]history.Event{
		{Index: 0, Process: 0, Kind: history.Invoke, F: "write", Key: "x", Value: "1"},
		{Index: 1, Process: 0, Kind: history.Info, F: "write", Key: "x", Value: "1", Error: "timeout"},
	})
	if err != nil {
		panic(err)
	}
	all := checker.All("test", checker.Stats{}, checker.Exceptions{}, linear.Register(linear.Budget{}))
	r := all.Check(context.Background(), h)
	fmt.Println(r.Verdict, "-", r.Reason)
	// Output: unknown - stats: no write succeeded
}

// A stream judges events as they come, so a test can stop while what went wrong can still be
// looked at. The second read answers what nobody wrote.
func ExampleNewStream() {
	live := checker.NewStream(checker.Stats{}, linear.Register(linear.Budget{}))
	for i, e := range []history.Event{
		{Process: 0, Kind: history.Invoke, F: "write", Key: "x", Value: "1"},
		{Process: 1, Kind: history.Invoke, F: "read", Key: "x"},
		{Process: 1, Kind: history.OK, F: "read", Key: "x", Value: "1"},
		{Process: 0, Kind: history.OK, F: "write", Key: "x", Value: "1"},
		{Process: 1, Kind: history.Invoke, F: "read", Key: "x"},
		{Process: 1, Kind: history.OK, F: "read", Key: "x", Value: "7"},
	} {
		e.Index = i
		if anomaly, impossible := live.Add(e); impossible {
			fmt.Println(anomaly.Class, anomaly.Ops, "at event", i)
			break
		}
	}
	// Output: not-linearizable [4] at event 5
}
