package search

import (
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"sunder/harness/plan"
	"sunder/nemesis"
	"sunder/nodes"
	"sunder/nodes/kv"
	"sunder/workloads"
)

// Prey is what plans are made for.
type Prey struct {
	Protocol nodes.Protocol
	Bug      string // planted, or none
	Workload string // empty: the seed decides, among those that the system can do
	// Options, where a value is given, are the same in all plans.
	Options map[string]string
}

// limit is the main phase of a run in a search: many short runs see more beginnings than a few
// long ones.
const limit = 2500 * time.Millisecond

// long is the same where reconfigurations answer failures: each takes most of a second.
const long = 6 * time.Second

// mixes are the kinds of fault that go together in time; a seed takes one.
var mixes = [][]string{
	{"partition", "kill"},
	{"partition", "clock", "kill", "pause"},
	{"power", "partition"},
	{"power", "disk", "kill"},
	{"partition", "clock"},
}

// leaseShare is how many seeds there are for one that is after leases, where the system has any:
// their bugs are the rarest.
const leaseShare = 4

// staysShare is how many seeds there are for one in which a minority is away to the end.
const staysShare = 8

// reignsShare is how many seeds there are for one that has several reigns at once, and reignsRate
// the least rate there: each leader needs something to propose.
const (
	reignsShare = 8
	reignsRate  = 80
)

// Plan is the plan of a seed. Everything that a person could choose is chosen by the seed, half of
// the time as by default (swarm testing, Groce et al., ISSTA 2012).
func (q Prey) Plan(seed uint64) (plan.Plan, error) {
	rng := rand.New(rand.NewPCG(seed, 1))
	p := plan.Plan{Version: plan.Version, Seed: seed, Environment: "sim", System: q.Protocol.Name,
		Workload: q.workload(seed), Bug: q.Bug, Nodes: 3 + 2*rng.IntN(2),
		Concurrency: 4 + rng.IntN(7), Rate: float64(int(20) << rng.IntN(4)), TimeLimit: plan.Of(limit)}
	p.Options = q.options(rng)
	if rng.IntN(8) == 0 { // a crowd, which leaves much undecided when a leader is cut off
		p.Concurrency, p.Rate = 15+rng.IntN(30), float64(int(200)<<rng.IntN(2))
	}
	leases := seed%leaseShare == 1 && q.lease(p.Options)
	if leases && q.Workload == "" {
		p.Workload = register
	}
	maps.Copy(p.Options, q.Options)
	assumption := q.Protocol.Clock(p.Options)
	leases = leases && assumption.Bounded
	if p.Workload == register && (leases || rng.IntN(3) == 0 || assumption.Bounded) {
		// Readers that stay and writers that roam: what a lease needs to be caught.
		p.Options["clients"], p.Options["timeout"] = "apart", "200ms"
		p.Concurrency, p.Rate = 2*p.Nodes, float64(int(200)<<rng.IntN(3))
		if assumption.Bounded {
			p.Rate *= 2
		}
	}
	maps.Copy(p.Options, q.Options) // again: what was asked for is not drawn over
	few := leases && seed/leaseShare%2 == 0
	if few {
		p.Rate = float64(int(40) << rng.IntN(3))
	}
	p.Network = network(rng, seed)
	reigns := seed%reignsShare == 3
	if reigns {
		p.Nodes, p.Rate = nemesis.ReignsNodes, max(p.Rate, reignsRate)
	}
	o := nemesis.Options{Seed: seed, Nodes: p.Nodes, TimeLimit: limit, Assumption: assumption,
		Flips: q.Protocol.Flips}
	var err error
	switch draw := rng.IntN(10); {
	case reigns:
		p.Faults = o.Reigns(q.messages())
	case leases:
		p.Faults = o.Leases(q.messages(), few)
	case draw < 2:
		o.Kinds = mixes[rng.IntN(len(mixes))]
		p.Faults, err = nemesis.Generate(o)
	case draw < 5:
		p.Faults = o.Reactive(q.messages())
	case draw < 9:
		p.Faults = o.Recipes(q.messages())
	}
	p.Faults = inTime(p.Faults)
	if q.Protocol.Successive && seed%2 == 0 { // else, or when they are over, there is peace
		o.TimeLimit, p.TimeLimit = long, plan.Of(long)
		p.Rate, p.Concurrency = min(p.Rate, 160), min(p.Concurrency, 10)
		if seed%8 != 2 {
			p.Faults = o.Succession()
		}
	}
	if seed%staysShare == 0 && !q.Protocol.Local {
		if q.Protocol.Successive {
			p.Faults = nil
		}
		o.Stay(&p)
	}
	return p, err
}

// options is what a seed chooses of the options that are not weak, some by their default.
func (q Prey) options(rng *rand.Rand) map[string]string {
	chosen := map[string]string{}
	for _, o := range q.Protocol.Options {
		if v := o.Values[rng.IntN(len(o.Values))]; rng.IntN(4) > 0 && !slices.Contains(o.Weak, v) {
			chosen[o.Name] = v
		}
	}
	return chosen
}

// lease sets the option that makes the system rely on clocks, if there is one.
func (q Prey) lease(options map[string]string) bool {
	for _, o := range q.Protocol.Options {
		for _, v := range o.Values {
			if !slices.Contains(o.Weak, v) &&
				q.Protocol.Clock(map[string]string{o.Name: v}).Bounded {
				options[o.Name] = v
				return true
			}
		}
	}
	return false
}

// inTime is those of the faults that begin in time to be felt.
func inTime(faults []plan.Fault) []plan.Fault {
	return slices.DeleteFunc(faults, func(f plan.Fault) bool { return f.At.Duration > limit*9/10 })
}

// register is the workload of most seeds: it finds most.
const register = "register"

// workload is the one that was asked for or, of any, the seed's: half of the time it is register.
func (q Prey) workload(seed uint64) string {
	rng := rand.New(rand.NewPCG(seed, 6))
	if q.Workload != "" {
		return q.Workload
	}
	if rng.IntN(2) == 0 {
		return register
	}
	able := slices.DeleteFunc(workloads.All(), func(w workloads.Workload) bool {
		return slices.ContainsFunc(w.Ops, func(op kv.Op) bool {
			return !slices.Contains(q.Protocol.Ops, op)
		})
	})
	return able[rng.IntN(len(able))].Name
}

// messages is the names of the kinds of message that there are.
func (q Prey) messages() []string {
	return slices.DeleteFunc(slices.Clone(q.Protocol.Kinds), func(k string) bool { return k == "" })
}

// network is the network of a seed: a usual one, a slow one, in which messages of several
// elections are under way at once, or one whose links have priorities.
func network(rng *rand.Rand, seed uint64) plan.Network {
	n := nemesis.Network(seed)
	switch rng.IntN(7) {
	case 0:
		n = plan.Network{}
	case 1:
		n.Latency = plan.Of(time.Duration(3+rng.IntN(40)) * time.Millisecond)
	case 2:
		n = plan.Network{Priorities: 1 + rng.IntN(4)}
	case 4:
		n.Links, n.Hold = "", float64(1+rng.IntN(100))/1000
	case 3:
		n.Fsync = plan.Of(time.Duration(1+rng.IntN(20)) * time.Millisecond)
	}
	return n
}
