package nemesis

import (
	"time"

	"sunder/harness/plan"
)

// Succession makes faults for a system that answers a failure by a reconfiguration: one member
// after the other is away for so long that it is replaced, and comes back; and just when a new
// configuration was decided, before all know of it or it is in force, the next one is struck.
func (o Options) Succession() []plan.Fault {
	c := cook{newReactor(o, successionStream, nil)}
	var out []plan.Fault
	step := between(c.rng, 900*time.Millisecond, 2*time.Second)
	for at := o.TimeLimit / 20; at+step <= o.TimeLimit; at += step {
		out = append(out, c.replaced(at, step)...)
	}
	return out
}

// replaced takes one member away until it is replaced, and strikes after each change within step.
func (c cook) replaced(at, step time.Duration) (out []plan.Fault) {
	gone := []string{"leader", "leader", "one", members([]int{c.rng.IntN(c.o.Nodes/2 + 1)})}
	away := c.loss(at, between(c.rng, 650*time.Millisecond, step), gone[c.rng.IntN(len(gone))])
	out = append(out, away)
	if c.rng.IntN(4) == 0 {
		return out // and it comes back in peace
	}
	delay := brief(c.rng, 10*time.Microsecond, 20*time.Millisecond)
	for n := range 1 + c.rng.IntN(3) {
		lasts := brief(c.rng, 5*time.Millisecond, 1500*time.Millisecond)
		f := c.loss(at, lasts, []string{"leader", "self", "one"}[c.rng.IntN(3)])
		f.On = &plan.Trigger{Optional: true, Event: "configured", Nth: 1 + n*c.rng.IntN(c.o.Nodes),
			Delay: plan.Of(delay), Within: plan.Of(step)}
		out = append(out, f)
	}
	return out
}

// loss is one of the ways in which a member is lost.
func (c cook) loss(at, lasts time.Duration, target string) plan.Fault {
	if c.rng.IntN(2) == 0 {
		f := c.cut("one", at, lasts)
		f.Target = target
		return f
	}
	return c.fault([]string{kill, power, pause}[c.rng.IntN(3)], at, lasts, target)
}
