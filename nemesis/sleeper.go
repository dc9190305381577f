package nemesis

import (
	"time"

	"sunder/harness/plan"
)

// sleeper cuts the leader off and stops its process for as long as another one needs to be elected.
// What clients asked it meanwhile it does first when it goes on: before it hears, or learns from
// its clock, that it was away. It may be stopped first: then what was answered before the cut is
// among what it finds.
func (c cook) sleeper(at time.Duration) []plan.Fault {
	asleep := between(c.rng, 200*time.Millisecond, 550*time.Millisecond)
	gap := brief(c.rng, 200*time.Microsecond, 50*time.Millisecond)
	after := between(c.rng, 5*time.Millisecond, 150*time.Millisecond)
	cut := c.cut("leader-isolated", at, gap+asleep+after)
	nap := c.fault(pause, at+gap, asleep, "leader")
	if c.rng.IntN(2) == 0 {
		on := plan.Trigger{Optional: true, Event: "sent", Nth: 1 + c.rng.IntN(60),
			Delay: plan.Of(brief(c.rng, 10*time.Microsecond, time.Millisecond))}
		later := on
		later.Delay = plan.Of(on.Delay.Duration + gap)
		nap.At, nap.On, cut.On = plan.Of(at), &on, &later
	}
	return append(c.skew(at, gap+asleep+after), cut, nap)
}

// skew is in half of the cases a leader whose clock is as slow, and others whose are as fast, as
// the assumption bears; else nothing.
func (c cook) skew(at, lasts time.Duration) []plan.Fault {
	rates := c.o.rates(monotonic)
	if rates == trueRates || c.rng.IntN(2) == 0 {
		return nil
	}
	f := c.fault(clock, at, lasts, "leader")
	f.Clock = &plan.Clock{Which: monotonic, Rate: rates[0], Others: rates[1]}
	return []plan.Fault{f}
}

// swing cuts the leader off together with as many as are no majority, twice: both sides append what
// the other does not have, and who leads is often one that led before.
func (c cook) swing(at time.Duration) (out []plan.Fault) {
	for range 2 {
		lasts := between(c.rng, 200*time.Millisecond, 450*time.Millisecond)
		out = append(out, c.cut("primaries-with-minority", at, lasts))
		at += lasts + brief(c.rng, time.Millisecond, 100*time.Millisecond)
	}
	return out
}

// hearsay cuts nodes off from each other, the leader among them as a rule, of which one between
// hears both: who hears no leader any more asks it for its vote. It is restarted now and then, or
// the leader is stopped when it is asked.
func (c cook) hearsay(at time.Duration) []plan.Fault {
	witness := members([]int{c.rng.IntN(c.o.Nodes)})
	lasts := between(c.rng, 300*time.Millisecond, 600*time.Millisecond)
	bridge := c.cut("bridge", at, lasts)
	bridge.Target = witness
	out := append(c.skew(at, lasts), bridge)
	if c.rng.IntN(2) == 0 {
		for from := lasts / 4; from < lasts; from += between(c.rng, 10*time.Millisecond, lasts/4) {
			out = append(out, c.fault(kill, at+from, brief(c.rng, 200*time.Microsecond,
				5*time.Millisecond), witness))
		}
		return out
	}
	nap := c.fault(pause, at, between(c.rng, 20*time.Millisecond, 130*time.Millisecond), "leader")
	nap.On = &plan.Trigger{Optional: true, Event: "sent", Kind: c.named(campaigns),
		Nth: 1 + c.rng.IntN(4), Delay: plan.Of(brief(c.rng, 10*time.Microsecond, 5*time.Millisecond))}
	return append(out, nap)
}

// relapse restarts a node, which finds what was not yet durable, and takes its power when it has
// told others of it. The leader is cut off then.
func (c cook) relapse(at time.Duration) []plan.Fault {
	who := members([]int{c.rng.IntN(c.o.Nodes)})
	restart := c.fault(kill, at, brief(c.rng, 100*time.Microsecond, 5*time.Millisecond), who)
	again := at + restart.Duration.Duration + brief(c.rng, 200*time.Microsecond, 60*time.Millisecond)
	dark := c.fault(power, again, brief(c.rng, 200*time.Microsecond, 10*time.Millisecond), who)
	cut := c.cut("leader-isolated", again+brief(c.rng, 10*time.Microsecond, 20*time.Millisecond),
		between(c.rng, 250*time.Millisecond, 450*time.Millisecond))
	return []plan.Fault{restart, dark, cut}
}
