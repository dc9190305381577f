package harness

import (
	"context"

	"sunder/checker"
	"sunder/nemesis"
	"sunder/nodes"
	"sunder/oracle"
)

// invariants judges what the nodes observed of themselves.
type invariants struct {
	names    []string
	observed map[nodes.ID][]nodes.Observed
}

func (invariants) Name() string { return "oracles" }

func (c invariants) Check(context.Context, checker.History) checker.Result {
	r := checker.Result{Name: c.Name(), Verdict: checker.Valid}
	var streams [][]nodes.Observed
	for _, n := range c.names {
		id, err := nodes.ParseID(n)
		if err != nil || len(c.observed[id]) == 0 {
			r.Verdict, r.Reason = checker.Unknown, "the observations of "+n+" are missing"
		}
		streams = append(streams, c.observed[id])
	}
	return blame(r, oracle.Judge(streams))
}

// JudgeOracles is the verdict of the oracles alone, on what they found under these faults.
func JudgeOracles(vs []oracle.Violation, records []nemesis.Record) checker.Result {
	r := checker.All("sunder", overheard(vs)).Check(context.Background(), checker.History{})
	r.Reason = faults{records: records}.excuse(r, 0, "") + r.Reason
	return r
}

func blame(r checker.Result, vs []oracle.Violation) checker.Result {
	for _, v := range vs {
		if r.Verdict != checker.Invalid {
			r.Verdict, r.Reason = checker.Invalid, v.Words
		}
		r.Anomalies = append(r.Anomalies, checker.Anomaly{Class: v.Oracle, Words: v.Words})
	}
	return r
}

// overheard is what oracles found while the test ran.
type overheard []oracle.Violation

func (overheard) Name() string { return invariants{}.Name() }

func (c overheard) Check(context.Context, checker.History) checker.Result {
	return blame(checker.Result{Name: c.Name(), Verdict: checker.Valid}, c)
}
