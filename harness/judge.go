package harness

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"sunder/checker"
	"sunder/harness/history"
	"sunder/harness/plan"
	"sunder/nemesis"
	"sunder/nodes"
	"sunder/nodes/kv"
	"sunder/oracle"
)

// Evidence is everything that a verdict is made from.
type Evidence struct {
	Plan       plan.Plan
	Events     []history.Event
	Checkers   []checker.Checker // the workload's
	Assumption nodes.ClockAssumption
	// Observed is what each node observed of itself; nil says that the system cannot tell.
	Observed map[nodes.ID][]nodes.Observed
	// Online says that oracles heard the nodes while the test ran; Violations is what they found.
	Online     bool
	Violations []oracle.Violation
	// Records is what the injector made of the faults, where it is at hand; nil: what the events
	// say of them counts, which is the same and takes reading.
	Records []nemesis.Record
	Logs    []checker.Log
	// Debts is what healed nodes still owed an answer long after the test, in words.
	Debts []string
	// Missing is why some of what the nodes left could not be had; nil: all is there.
	Missing error
	// Many says that this is one of many runs, which are to prove something together: no figures are
	// asked of this one.
	Many bool
}

// quorumStretch is how long a connected quorum must have stood in a fault's window before an
// operation is required to have succeeded in it: some elections, and TCP's patience.
const quorumStretch = 4 * time.Second

// floorRate is the least number of ok operations a second that is taken for a test.
const floorRate = 2

// Judge gives the verdict: the worst that any checker says. Every fault must have had its effect,
// and every node that is not away must have answered final reads, or it is at best unknown.
func Judge(ctx context.Context, e Evidence) checker.Result {
	h, err := checker.NewHistory(e.Events)
	if err != nil {
		return checker.Result{Name: "sunder", Verdict: checker.Unknown, Reason: err.Error()}
	}
	f := faults{planned: e.Plan.Faults, events: e.Events, names: names(e.Plan.Nodes)}
	if len(e.Plan.Script) == 0 { // a script is invoked to its end, whenever that is
		f.limit = e.Plan.TimeLimit.Duration
	}
	f.read(e.Records)
	parts := slices.Clone(e.Checkers)
	for i, c := range parts {
		if e.Many {
			parts[i] = oneOfMany{c}
		}
	}
	// Of those that say unknown the first gives the reason: causes stand before what follows.
	asked := present(f.names, e.Events)
	parts = append(parts, f, finals{asked})
	if !e.Many {
		parts = append(parts, checker.Stats{Windows: f.windows(), FloorOps: floor(e.Plan)})
	}
	parts = append(parts, checker.Exceptions{}, checker.Logs{Logs: e.Logs})
	if e.Plan.Environment == "sim" {
		live := liveness{away: len(asked) < len(f.names), debts: e.Debts}
		switch {
		case len(e.Plan.Script) > 0: // which need not ask for final reads
			live.finals = finals{present(patient(e.Events), e.Events)}
		case recovering(e.Events):
			live.finals = finals{asked}
		}
		parts = append(parts, live)
	}
	if e.Observed != nil {
		parts = append(parts, invariants{f.names, e.Observed})
	}
	if e.Online {
		parts = append(parts, overheard(e.Violations))
	}
	if e.Missing != nil {
		parts = append(parts, missing{e.Missing})
	}
	r := checker.All("sunder", parts...).Check(ctx, h)
	r.Reason = f.excuse(r, len(e.Checkers), e.Assumption.Words) + r.Reason
	return r
}

// floor is the least number of ok operations that a run of p has to have.
func floor(p plan.Plan) int {
	rate := float64(floorRate)
	if p.Rate > 0 {
		rate = min(rate, p.Rate/2)
	}
	return int(p.TimeLimit.Seconds() * rate)
}

// oneOfMany is a checker that does not mind if one run shows nothing: others do.
type oneOfMany struct{ checker.Checker }

// Check is the checker's, but for what is vacuous.
func (c oneOfMany) Check(ctx context.Context, h checker.History) checker.Result {
	r := c.Checker.Check(ctx, h)
	if r.Verdict == checker.Unknown && r.Vacuous {
		r.Verdict = checker.Valid
	}
	return r
}

// recovering says whether the test got so far as to ask for recovery and final reads.
func recovering(events []history.Event) bool {
	return slices.ContainsFunc(events, func(e history.Event) bool {
		return e.Process == history.Nemesis && e.F == "recover" && e.Kind == history.OK
	})
}

func verdicts(parts []checker.Result) []checker.Verdict {
	out := make([]checker.Verdict, len(parts))
	for i, p := range parts {
		out[i] = p.Verdict
	}
	return out
}

func names(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = nodes.ID(i + 1).String()
	}
	return out
}

// finals asks that every node answered a read after recovery: otherwise what it holds is not
// known. One that says that it serves nobody holds nothing. Final reads are the operations that
// name their node.
type finals struct{ names []string }

func (finals) Name() string { return "final-reads" }

func (c finals) Check(_ context.Context, h checker.History) checker.Result {
	r := checker.Result{Name: c.Name(), Verdict: checker.Valid}
	asked, answered := 0, map[string]int{}
	for _, o := range h.Operations {
		if node := o.Invocation.Node; node != "" && o.Invocation.Process != history.Nemesis {
			asked++
			refused := o.Kind() == history.Fail && o.Completion.Error == kv.ServesNobody
			if o.Kind() == history.OK || refused {
				answered[node]++
			}
		}
	}
	var missing []string
	for _, n := range c.names {
		if answered[n] == 0 {
			missing = append(missing, n)
		}
	}
	if len(missing) > 0 {
		r.Verdict = checker.Unknown
		r.Reason = fmt.Sprintf("no final read succeeded on %s", strings.Join(missing, ", "))
	}
	r.Details = map[string]any{"asked": asked, "answered": answered}
	return r
}

// missing keeps a run from passing on logs and observations that nobody could read, or that were
// cut: no checker finds anything in what is not there.
type missing struct{ err error }

func (missing) Name() string { return "remains" }

func (c missing) Check(context.Context, checker.History) checker.Result {
	return checker.Result{Name: c.Name(), Verdict: checker.Unknown,
		Reason: "not all that the nodes left is there: " + c.err.Error()}
}
