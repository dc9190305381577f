package nemesis

import (
	"time"

	"sunder/harness/plan"
)

// ReignsNodes is how many nodes Reigns needs: in fewer, any two quorums have so much in common that
// nobody who is to be misled can be kept apart from who knows better.
const ReignsNodes = 5

// Reigns makes faults after those recipes that let something of one reign come into another: an
// answer into a later one, or a decision into an earlier one, by way of a node that took no part in
// it. The latter succeeds less often, and so is tried more often. messages are the protocol's words
// for its kinds of message. There must be ReignsNodes nodes or more.
func (o Options) Reigns(messages []string) []plan.Fault {
	c := cook{newReactor(o, reignsStream, messages)}
	list := []func(at time.Duration) []plan.Fault{c.echo, c.rumour, c.rumour, c.rumour}
	return c.again(list[c.rng.IntN(len(list))])
}

// echo brings the leader an answer of its first reign in its third, or so. It is cut off with one
// more node, which is stopped as soon as it was asked for something: the rest elects a successor,
// which is cut off at once with whatever it is asked for. The first leader, whose clock is fast, is
// the next one, too; only one node hears it then, while it hears all: also who was stopped, and
// answers now. What it takes for decided, the successor and the others do not know of.
func (c cook) echo(at time.Duration) []plan.Fault {
	step := between(c.rng, 200*time.Millisecond, 450*time.Millisecond)
	eager := c.fault(clock, at, 2*step, "leader")
	eager.Clock = &plan.Clock{Which: monotonic, Rate: c.o.rates(monotonic)[1]}
	few := c.cut("primaries-with-minority", at, step)
	asked := c.fault(pause, at, step+between(c.rng, 0, 150*time.Millisecond), "receiver")
	asked.On = &plan.Trigger{Optional: true, Event: "delivered", Kind: c.oneOf(proposals)}
	successor := c.cut("one", at, step+between(c.rng, -150*time.Millisecond, 50*time.Millisecond))
	successor.Target, successor.On = "self", c.elected(1)
	again := c.cut("one-way", at, between(c.rng, 300*time.Millisecond, 900*time.Millisecond))
	again.Target, again.On = "self", c.elected(2)
	return []plan.Fault{eager, few, asked, successor, again}
}

// elected is an election, the nth from now.
func (c cook) elected(nth int) *plan.Trigger {
	return &plan.Trigger{Optional: true, Event: "elected", Nth: nth}
}

// rumour lets the leader hear what was decided without it from one who took no part in that. Both
// are cut off, each on its own, while a successor is elected, decides, and dies. Then the one is
// back for as long as it takes to learn of that, and is left with the leader, which does not know
// yet that it leads no more. Who that is, is settled before: all others are restarted, and its
// clock is fast.
func (c cook) rumour(at time.Duration) []plan.Fault {
	order, rates := c.rng.Perm(c.o.Nodes), c.o.rates(monotonic)
	first, told := members(order[:1]), members(order[1:2])
	eager := c.fault(clock, at, between(c.rng, 150*time.Millisecond, 250*time.Millisecond), first)
	eager.Clock = &plan.Clock{Which: monotonic, Rate: rates[1]}
	others := c.fault(kill, at, time.Millisecond, members(order[1:]))
	at += eager.Duration.Duration
	back := between(c.rng, 120*time.Millisecond, 300*time.Millisecond)
	late := c.fault(clock, at, 2*back, first)
	late.Clock = &plan.Clock{Which: monotonic, Rate: rates[0], Others: rates[1]}
	alone := c.cut("one", at, back+between(c.rng, 5*time.Millisecond, 90*time.Millisecond))
	away := c.cut("one", at, back)
	alone.Target, away.Target = first, told
	successor := c.fault(kill, at, between(c.rng, 300*time.Millisecond, 500*time.Millisecond), "self")
	successor.On = c.elected(1)
	successor.On.Delay = plan.Of(between(c.rng, 15*time.Millisecond, 80*time.Millisecond))
	pair := c.cut("primaries-with-minority", at, between(c.rng, 300*time.Millisecond,
		500*time.Millisecond))
	pair.Target = members(order[:2])
	pair.On = &plan.Trigger{Optional: true, Event: "delivered", Kind: c.oneOf(lessons)}
	return []plan.Fault{eager, others, late, alone, away, successor, pair}
}
