package harness

import (
	"context"
	"fmt"
	"slices"
	"time"

	"sunder/checker"
	"sunder/harness/history"
)

// Liveness is the class of anomaly of a system that does not come back though nothing is wrong
// with its surroundings any more.
const Liveness = "liveness"

// liveness asks that a healed system serves again. It is for the simulation, where nothing but
// the nodes can be slow: in containers it could be the machine, and finals says unknown.
type liveness struct {
	finals finals
	away   bool // a minority is: it is not asked
	debts  []string
}

func (liveness) Name() string { return Liveness }

func (c liveness) Check(ctx context.Context, h checker.History) checker.Result {
	r := checker.Result{Name: c.Name(), Verdict: checker.Valid}
	words, sound := "", "with all faults healed and a calm network, "
	if c.away {
		sound = "with all faults healed but those of a minority and a calm network, "
	}
	for _, e := range h.Events {
		if e.Process == history.Nemesis && e.F == "recover" && e.Kind == history.Info {
			words = fmt.Sprintf("%sthe nodes have %s", sound, e.Error)
		}
	}
	if c.finals.names != nil && words == "" {
		if missing := c.finals.Check(ctx, h); missing.Verdict != checker.Valid {
			words = sound + missing.Reason
		}
	}
	if len(c.debts) > 0 && words == "" {
		words = sound + c.debts[0]
	}
	if words != "" {
		r.Verdict, r.Reason = checker.Invalid, words
		r.Anomalies = []checker.Anomaly{{Class: Liveness, Words: words}}
	}
	return r
}

// patience is how long after the recovery a script asks a node for a read that has to be answered.
// A workload asks again and again; a script has one operation for that.
const patience = 5 * time.Second

// patient are the nodes that were asked for a read so long after the recovery.
func patient(events []history.Event) (names []string) {
	since := time.Duration(-1)
	for _, e := range events {
		switch {
		case e.Process == history.Nemesis:
			if e.F == "recover" && e.Kind == history.OK {
				since = e.Time
			}
		case since >= 0 && e.Kind == history.Invoke && e.Node != "" && e.F == "read" &&
			e.Time-since >= patience && !slices.Contains(names, e.Node):
			names = append(names, e.Node)
		}
	}
	return names
}
