package reporttest

import (
	"fmt"
	"time"

	"sunder/harness/report"
	"sunder/harness/report/spacetime"
	"sunder/nodes"
)

// story is how the stale read came about, with what nodes could have told each other meanwhile.
func story(run report.Run, ops []int) *spacetime.Run {
	s, err := spacetime.New(nodeCount, run.Events, run.Observed, ops)
	if err != nil {
		panic(err)
	}
	s.Class, s.Words = run.Results.Anomalies[0].Class, run.Results.Anomalies[0].Words
	s.Plan = "raft, register, 5 nodes, seed 17"
	send := func(from, to nodes.ID, at time.Duration, label string) {
		m := spacetime.Message{From: from.String(), To: to.String(), Sent: at,
			Received: at + 400*time.Microsecond + 90*time.Microsecond*time.Duration(to), Label: label}
		if from == 1 || to == 1 { // it is cut off
			m.Lost = "cut"
		}
		s.Messages = append(s.Messages, m)
	}
	const ms = time.Millisecond
	elected := 6900 * ms
	for n := nodes.ID(1); n <= nodeCount; n++ {
		if n == 2 {
			continue
		}
		send(2, n, elected-39*ms, "vote for me in term 2, my log ends at 812/1")
		send(n, 2, elected-2*ms, "yes, in term 2")
		for i, at := range []time.Duration{8300 * ms, 8312 * ms} {
			send(2, n, at+200*time.Microsecond, fmt.Sprintf("entry %d of term 2", 900+i))
			send(n, 2, at+1500*time.Microsecond, fmt.Sprintf("match up to %d, in term 2", 900+i))
		}
	}
	for beat := elected; beat < 8300*ms; beat += 50 * ms {
		for n := nodes.ID(2); n <= nodeCount; n++ {
			send(1, n, beat, "heartbeat of term 1, after 812/1, commit 812")
		}
	}
	return &s
}
