package search

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"sunder/checker"
	"sunder/harness/plan"
	"sunder/harness/report/spacetime"
	"sunder/nodes"
	"sunder/nodes/catalog"
	"sunder/sim"
)

// Story runs a plan once more and listens: it is what a person needs to see how the run's first
// anomaly of the class came about.
func Story(ctx context.Context, p plan.Plan, class string) (spacetime.Run, error) {
	protocol, err := catalog.Find(p.System)
	if err != nil {
		return spacetime.Run{}, err
	}
	var observed []nodes.Observed
	l := ear{kinds: protocol.Kinds}
	r := Runner{Watch: l.watch,
		Observe: func(o nodes.Observed) { observed = append(observed, o) }}
	defer r.Close()
	out, err := r.Run(ctx, p)
	if err != nil {
		return spacetime.Run{}, err
	}
	at := slices.IndexFunc(out.Result.Anomalies, func(a checker.Anomaly) bool {
		return a.Class == class
	})
	if at < 0 {
		return spacetime.Run{}, fmt.Errorf("tell how %s came about: the run does not show it", class)
	}
	a := out.Result.Anomalies[at]
	run, err := spacetime.New(p.Nodes, out.Events, observed, a.Ops)
	if err != nil {
		return run, err
	}
	run.Messages, run.Lives = l.traffic.Messages(out.Events[len(out.Events)-1].Time), l.why(run.Faults)
	run.Class, run.Words, run.Plan = a.Class, a.Words, summary(p)
	return run, nil
}

// summary is a plan in a line.
func summary(p plan.Plan) string {
	count := func(n int, what string) string {
		if n != 1 {
			what += "s"
		}
		return fmt.Sprint(n, " ", what)
	}
	words := []string{p.System, p.Workload, count(p.Nodes, "node"), count(len(p.Faults), "fault"),
		fmt.Sprintf("seed %d", p.Seed)}
	if p.Bug != "" {
		words = append(words, "planted bug "+p.Bug)
	}
	return strings.Join(words, ", ")
}

// ear hears what becomes of messages and processes.
type ear struct {
	kinds   []string
	traffic spacetime.Traffic
	lives   []spacetime.Life
}

func (e *ear) watch(m sim.Moment) {
	switch m.What {
	case sim.Sent:
		e.traffic.Sent(m.Message, e.message(m, ""))
	case sim.Lost:
		e.traffic.Lost(e.message(m, "lost"))
	case sim.Cut:
		e.traffic.Ended(m.Message, m.At, "cut")
	case sim.Missed:
		e.traffic.Ended(m.Message, m.At, "down")
	case sim.Delivered:
		e.traffic.Ended(m.Message, m.At, "")
	case sim.Booted, sim.Died:
		if m.At > 0 {
			e.lives = append(e.lives, spacetime.Life{Node: m.Node.String(), At: m.At,
				Up: m.What == sim.Booted, Why: m.Words})
		}
	}
}

func (e *ear) message(m sim.Moment, lost string) spacetime.Message {
	out := spacetime.Message{From: m.Node.String(), To: m.Peer.String(), Sent: m.At,
		Received: m.At + m.Takes, Lost: lost, Label: fmt.Sprint(m.Body)}
	if int(m.Kind) < len(e.kinds) {
		out.Kind = e.kinds[m.Kind]
	}
	return out
}

// why says of the processes that ended without a word which fault ended them.
func (e *ear) why(faults []spacetime.Fault) []spacetime.Life {
	for i := range e.lives {
		l := &e.lives[i]
		for _, f := range faults {
			if !l.Up && l.Why == "" && l.At == f.Start && slices.Contains(f.Nodes, l.Node) {
				l.Why = map[string]string{"kill": "killed", "power": "no power"}[f.Kind]
			}
		}
		if !l.Up {
			l.Why = cmp.Or(l.Why, "down")
		}
	}
	return e.lives
}
