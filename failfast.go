package main

import (
	"context"
	"fmt"
	"time"

	"sunder/checker"
	"sunder/harness/history"
	"sunder/harness/report"
)

// failFast judges a history while it is written, and stops the test when it became impossible:
// nothing that follows can mend it. Healing, recovery and the final phase follow as ever, so that
// they show what the damage is once the faults are over.
type failFast struct {
	stream checker.Stream
	stop   context.CancelFunc
	why    string // the test was stopped
}

// newFailFast is nil unless it is asked for.
func (s *session) newFailFast() (*failFast, error) {
	if !s.flags.failFast {
		return nil, nil
	}
	stream := checker.NewStream(s.parts.workload.Checkers(s.test.Options)...)
	if stream == nil {
		return nil, usage("--fail-fast: the workload %s can only be judged once a test is over",
			s.plan.Workload)
	}
	return &failFast{stream: stream}, nil
}

// note takes the next event. It is true when that stops the test.
func (f *failFast) note(e history.Event) bool {
	if f == nil || f.why != "" {
		return false
	}
	anomaly, impossible := f.stream.Add(e)
	if impossible {
		f.why = fmt.Sprintf("after %v, %s", e.Time.Round(time.Millisecond), anomaly.Words)
		f.stop()
	}
	return impossible
}

// tell says in the results that the test was stopped. Then they are not valid: half a test is none.
func (f *failFast) tell(r *report.Results) {
	if f == nil || f.why == "" {
		return
	}
	r.Stopped = f.why
	if r.Verdict == "valid" {
		r.Verdict, r.Why = "unknown", "the test was stopped early, and no checker found why"
	}
}
