package search

import (
	"fmt"
	"slices"
	"time"

	"sunder/harness/plan"
	"sunder/harness/report/spacetime"
	"sunder/nodes"
)

// Contained is p, which fails in the simulation as r tells, as containers can be made to do it.
// There nobody decides who is elected, nor how long a message or an election takes. So the node
// leads at first that led when the first fault struck, and is asked what it was asked; whoever else
// is needed, clients ask around for. From that fault on, what is planned happens in the same order
// and so many times slower.
func Contained(p plan.Plan, r spacetime.Run, slower int) (plan.Plan, error) {
	c := contained{slower: time.Duration(slower), names: r.Nodes}
	p.Environment, p.Network = "docker", plan.Network{}
	for i, f := range p.Faults {
		if f.On != nil {
			return p, fmt.Errorf("faults[%d] waits for an event inside of the nodes, which nobody sees in "+
				"containers", i)
		}
		c.planned = append(c.planned, f.At.Duration, f.At.Duration+f.Duration.Duration)
	}
	for _, o := range p.Script {
		if !o.Final {
			c.planned = append(c.planned, o.At.Duration)
		}
	}
	slices.Sort(c.planned)
	c.planned = slices.Compact(c.planned)
	if len(p.Faults) > 0 {
		c.first = p.Faults[0].At.Duration
	}
	p.Leader = leaderAt(r.Facts, c.first)
	c.leader = p.Leader
	p.TimeLimit = plan.Of(c.at(p.TimeLimit.Duration) + breath)
	p.Faults = slices.Clone(p.Faults)
	for i := range p.Faults {
		f := &p.Faults[i]
		end := c.at(f.At.Duration + f.Duration.Duration)
		f.At = plan.Of(c.at(f.At.Duration))
		f.Duration = plan.Of(end - f.At.Duration)
	}
	p.Script = c.script(p, slices.Clone(r.Operations))
	return p, p.Check()
}

const (
	breath = 150 * time.Millisecond // between what is planned one after the other, where it is slower
	asking = 15 * time.Millisecond  // from asking one node to asking the next
)

// contained is how a plan gets its times and nodes in containers.
type contained struct {
	slower  time.Duration
	first   time.Duration   // before that, times stay
	planned []time.Duration // at which something happens, ascending
	names   []string
	leader  string // empty: any node serves
}

// at is when that happens which is planned at t: later things later.
func (c *contained) at(t time.Duration) time.Duration {
	if t <= c.first || c.slower <= 1 {
		return t
	}
	out, last := c.first, c.first
	for _, next := range append(c.planned, t) {
		if next = min(next, t); next > last {
			out, last = out+max(breath, (next-last)*c.slower), next
		}
	}
	return out
}

// script is what clients do, each operation at the node that it asked when it was done.
func (c *contained) script(p plan.Plan, done []spacetime.Operation) (out []plan.ScriptedOp) {
	for _, o := range p.Script {
		if o.Final {
			out = append(out, o)
			continue
		}
		o.At = plan.Of(c.at(o.At.Duration))
		asked := o.Node
		n := slices.IndexFunc(done, func(d spacetime.Operation) bool {
			return d.F == o.F && d.Key == o.Key && string(d.Value) == o.Value &&
				int(d.Process)%p.Concurrency == o.Thread
		})
		if n >= 0 {
			asked = done[n].Node
			done = slices.Delete(done, n, n+1)
		}
		for i, name := range c.around(asked) {
			o.Node = name
			if i > 0 {
				o.At = plan.Of(o.At.Duration + asking)
			}
			out = append(out, o)
		}
	}
	return out
}

// around is the nodes to ask in the place of one: where only a leader answers, and it is not the
// first one, it may be any of the others.
func (c *contained) around(asked string) []string {
	if asked == c.leader || c.leader == "" || asked == "" {
		return []string{asked}
	}
	others := slices.DeleteFunc(slices.Clone(c.names), func(n string) bool {
		return n == asked || n == c.leader
	})
	return append([]string{asked}, others...)
}

// leaderAt is who was elected last by a time; empty: nobody.
func leaderAt(facts []spacetime.Fact, at time.Duration) (leader string) {
	var term uint64
	for _, f := range facts {
		if f.Fact == nodes.BecameLeader && f.At <= at && f.Term >= term {
			leader, term = f.Node, f.Term
		}
	}
	return leader
}
