package search

import (
	"math/rand/v2"
	"slices"
	"time"

	"sunder/harness"
	"sunder/harness/history"
	"sunder/harness/plan"
	"sunder/nemesis"
	"sunder/nodes"
)

// Evidence is what a run in another environment left behind.
type Evidence struct {
	Plan     plan.Plan
	Events   []history.Event
	Observed map[nodes.ID][]nodes.Observed
	Ops      []int // history indexes of the operations of its anomaly
}

// The times around the anomaly that are tried: most of a minute has no part in it.
var spans = []time.Duration{3 * time.Second, 8 * time.Second, time.Hour}

const (
	settleFor = 700 * time.Millisecond // of a cluster that has just begun, before the first operation
	afterIt   = 300 * time.Millisecond // still runs what came after the anomaly
	jitterMax = 30 * time.Millisecond  // of the times of faults
)

// Transfer is plans for the simulation that do what was done in the run: the same operations at
// their times, the faults at the times at which they were in force, over streams, with delays like
// those that were seen. A seed decides what the run cannot tell: each delay, how far the faults are
// off, and which nodes got no processor for a while. In every other plan the faults are on the
// nodes that they were on, else on what those stood for, such as the leader, who is somebody else
// here.
func (e Evidence) Transfer() Plans {
	base := e.Plan
	base.Environment = "sim"
	base.Network = e.network()
	script, _ := e.script()
	begin, end := e.anomaly()
	plain := e.faults()
	return func(seed uint64) (plan.Plan, error) {
		rng := rand.New(rand.NewPCG(seed, 5))
		p := base
		p.Seed = seed
		from := max(0, begin-spans[seed%uint64(len(spans))])
		shift := settleFor - from
		p.TimeLimit = plan.Of((end - from + settleFor + afterIt).Round(time.Millisecond))
		for _, o := range script {
			if at := o.At.Duration; at >= from && at <= end+afterIt {
				o.At = plan.Of(at + shift)
				p.Script = append(p.Script, o)
			}
		}
		p.Faults = nil
		for i, f := range plain {
			if f.At.Duration+f.Duration.Duration < from || f.At.Duration > end {
				continue
			}
			if seed/2%2 == 0 {
				f.Target, f.Pick = e.Plan.Faults[i].Target, e.Plan.Faults[i].Pick
			}
			late := time.Duration(rng.Int64N(int64(2*jitterMax))) - jitterMax
			f.At = plan.Of(max(0, f.At.Duration+shift+late).Round(100 * time.Microsecond))
			p.Faults = append(p.Faults, f)
		}
		for range seed % 4 {
			p.Faults = append(p.Faults, e.hiccup(rng, p.TimeLimit.Duration))
		}
		slices.SortStableFunc(p.Faults, func(a, b plan.Fault) int {
			return int(a.At.Duration - b.At.Duration)
		})
		return p, p.Check()
	}
}

// hiccup is a node that gets no processor for a while, as happens on a busy machine and nobody
// records.
func (e Evidence) hiccup(rng *rand.Rand, limit time.Duration) plan.Fault {
	at := time.Duration(rng.Int64N(int64(limit)))
	lasts := 50*time.Millisecond + time.Duration(rng.Int64N(int64(400*time.Millisecond)))
	return plan.Fault{Kind: "pause", Target: nodes.ID(1 + rng.IntN(e.Plan.Nodes)).String(),
		At: plan.Of(at.Round(time.Millisecond)), Duration: plan.Of(lasts.Round(time.Millisecond))}
}

// faults is the plan's as they came out: when and where they were, and as long as they were.
func (e Evidence) faults() []plan.Fault {
	out := harness.FaultsOf(e.Plan, e.Events)
	for _, ev := range e.Events {
		var r nemesis.Record
		if ev.Process == history.Nemesis && ev.F == "end" && ev.Kind == history.OK &&
			ev.Value.Decode(&r) == nil && r.Fault < len(out) && r.End.Duration > r.Start.Duration {
			out[r.Fault].Duration = plan.Of(r.End.Duration - r.Start.Duration)
		}
	}
	return out
}

// script is the operations of the main phase in the times of the history.
func (e Evidence) script() (out []plan.ScriptedOp, since time.Duration) {
	for _, ev := range e.Events {
		if ev.Kind == history.Invoke && ev.Process != history.Nemesis {
			since = ev.Time
			break
		}
	}
	for _, o := range harness.ScriptOf(e.Plan, e.Events) {
		if !o.Final {
			o.At = plan.Of(o.At.Duration + since)
			out = append(out, o)
		}
	}
	return out, since
}

// anomaly is from when to when its operations lasted; of one without, all the time.
func (e Evidence) anomaly() (begin, end time.Duration) {
	if len(e.Events) > 0 {
		end = e.Events[len(e.Events)-1].Time
	}
	if len(e.Ops) == 0 {
		return 0, end
	}
	begin, last := end, time.Duration(0)
	for _, at := range e.Ops {
		if at < 0 || at >= len(e.Events) {
			continue
		}
		inv := e.Events[at]
		begin, last = min(begin, inv.Time), max(last, inv.Time)
		for _, ev := range e.Events[at+1:] {
			if ev.Process == inv.Process {
				last = max(last, ev.Time)
				break
			}
		}
	}
	return begin, max(begin, last)
}

// network is streams with delays that add up to the time that the run's leaders needed from
// appending to committing: two messages and a sync, which the nodes do not tell apart, a third
// each.
func (e Evidence) network() plan.Network {
	n := plan.Network{Links: "stream"}
	var took []time.Duration
	for _, stream := range e.Observed {
		leads, appended := false, map[uint64]time.Duration{}
		for _, o := range stream {
			switch o.Fact {
			case nodes.BecameLeader:
				leads = true
			case nodes.BecameFollower, nodes.BecameCandidate:
				leads = false
			case nodes.Appended:
				if leads {
					appended[o.Index] = o.Time
				}
			case nodes.Committed:
				if at, ours := appended[o.Index]; leads && ours {
					took = append(took, o.Time-at)
				}
			}
		}
	}
	if len(took) == 0 {
		return n
	}
	slices.Sort(took)
	third := took[len(took)/2] / 3
	mean := max(10*time.Microsecond, third-100*time.Microsecond).Round(10 * time.Microsecond)
	n.Latency = plan.Of(min(mean, plan.LatencyMax))
	n.Fsync = n.Latency
	return n
}
