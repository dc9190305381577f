package nemesis

import (
	"slices"
	"strings"
	"time"

	"sunder/harness/plan"
	"sunder/nodes"
)

// These keep the choice of recipes apart from other choices.
const (
	recipesStream    = 3
	successionStream = 4
	leasesStream     = 5
	reignsStream     = 6
)

// handoverShare is how many seeds there are for one whose recipe is handover, whatever was drawn:
// so the plans of the others are what they were before there was that recipe.
const handoverShare = 8

// Recipes makes faults after one of some recipes, again and again through the run: conjunctions
// that deep bugs need and that chance does not bring together.
func (o Options) Recipes(messages []string) []plan.Fault {
	c := cook{newReactor(o, recipesStream, messages)}
	list := []func(at time.Duration) []plan.Fault{c.churn, c.forgetful, c.forgetful, c.window,
		c.window, c.laggard, c.sleeper, c.relapse}
	if o.rates(monotonic) != trueRates {
		list = append(list, c.leaseGap)
	}
	if o.Nodes >= 3 {
		list = append(list, c.witness, c.swing)
	}
	make := list[c.rng.IntN(len(list))]
	if o.Nodes >= 3 && o.Seed%handoverShare == handoverShare-1 {
		make = c.handover
	}
	return c.again(make)
}

// Leases makes faults after those recipes that leave a deposed leader its lease, where a mistake
// does: either it is cut off from all, which suits many operations, as each may be the one that it
// answers; or from some, and then whoever is elected must have all that was written: few suit that.
func (o Options) Leases(messages []string, few bool) []plan.Fault {
	c := cook{newReactor(o, leasesStream, messages)}
	list := []func(at time.Duration) []plan.Fault{c.leaseGap, c.sleeper}
	if few && o.Nodes >= 3 {
		list = []func(at time.Duration) []plan.Fault{c.hearsay, c.hearsay, c.witness}
	}
	return c.again(list[c.rng.IntN(len(list))])
}

// again follows a recipe again and again through the run.
func (c cook) again(make func(at time.Duration) []plan.Fault) (out []plan.Fault) {
	step := between(c.rng, 600*time.Millisecond, 1200*time.Millisecond)
	for at := c.o.TimeLimit / 10; at+step <= c.o.TimeLimit; at += step {
		out = append(out, make(at)...)
	}
	return out
}

type cook struct{ reactor }

// fault is one of the kind; what else it needs is the recipe's.
func (c cook) fault(kind string, at, lasts time.Duration, target string) plan.Fault {
	return plan.Fault{Kind: kind, At: plan.Of(at.Round(100 * time.Microsecond)),
		Duration: plan.Of(max(lasts.Round(100*time.Microsecond), 100*time.Microsecond)), Target: target,
		Pick: c.rng.Uint64()}
}

func (c cook) cut(shape string, at, lasts time.Duration) plan.Fault {
	f := c.fault(partition, at, lasts, "")
	f.Shape = shape
	return f
}

// churn takes away each new leader soon after it was elected, when it has sent something, but not
// to everybody (figure 8 of the extended Raft paper).
func (c cook) churn(at time.Duration) (out []plan.Fault) {
	kind := []string{kill, partition, power}[c.rng.IntN(3)]
	first := c.fault(kill, at, between(c.rng, 10*time.Millisecond, 400*time.Millisecond), "leader")
	out = append(out, first)
	delay := brief(c.rng, 200*time.Microsecond, 30*time.Millisecond)
	for n := range 3 {
		f := c.fault(kind, at, between(c.rng, 150*time.Millisecond, 600*time.Millisecond), "self")
		if kind == partition {
			f.Shape = "one"
		}
		f.On = &plan.Trigger{Optional: true, Event: "elected", Nth: n + 1, Delay: plan.Of(delay)}
		out = append(out, f)
	}
	return out
}

// Parts of the names of messages, as protocols call them: of those that answer others, of those
// that promise one something, and of those that ask for that; and whole names, of those that
// propose something, and of those that tell what was decided.
var (
	answers   = []string{"reply", "Resp", "promise", "accepted"}
	promises  = []string{"vote-reply", "VoteResp", "promise"}
	campaigns = []string{"vote", "Vote", "prepare"}
	proposals = []string{"accept", "append", "MsgApp"}
	lessons   = []string{"learned", "decided", "append", "MsgApp"}
)

// named is a kind of message with one of the names, or any.
func (c cook) named(names []string) string {
	kinds := slices.DeleteFunc(slices.Clone(c.messages), func(m string) bool {
		return !slices.ContainsFunc(names, func(a string) bool { return strings.Contains(m, a) })
	})
	if len(kinds) == 0 {
		return ""
	}
	return kinds[c.rng.IntN(len(kinds))]
}

// oneOf is the kind of message that has one of the names, or any.
func (c cook) oneOf(names []string) string {
	for _, m := range c.messages {
		if slices.Contains(names, m) {
			return m
		}
	}
	return ""
}

// forgetful restarts a node just after it answered, at once, while others still ask: what it said
// must be on its disk. The leader is cut off, so that there is something to decide.
func (c cook) forgetful(at time.Duration) []plan.Fault {
	lasts := between(c.rng, 250*time.Millisecond, 500*time.Millisecond)
	out := []plan.Fault{c.cut("leader-isolated", at, lasts)}
	kind := []string{kill, power}[c.rng.IntN(2)]
	on := plan.Trigger{Optional: true, Event: "sent", Kind: c.named(answers)}
	if c.rng.IntN(2) == 0 {
		on.Kind = c.named(promises)
	}
	every, delay := 1+c.rng.IntN(3), time.Duration(0)
	if c.rng.IntN(2) == 0 {
		delay = brief(c.rng, 10*time.Microsecond, 2*time.Millisecond)
	}
	for n := range 3 {
		f := c.fault(kind, at, brief(c.rng, 200*time.Microsecond, 10*time.Millisecond), "sender")
		t := on
		t.Nth, t.Delay = 1+n*every, plan.Of(delay)
		f.On = &t
		out = append(out, f)
	}
	return out
}

// window takes the power of many nodes between a message's arrival and the sync that belongs to
// it.
func (c cook) window(at time.Duration) []plan.Fault {
	target := []string{"majority", "all", "others", "receiver", "sender", "leader"}[c.rng.IntN(6)]
	f := c.fault(power, at, brief(c.rng, time.Millisecond, 300*time.Millisecond), target)
	event := []string{"delivered", "sent", "committed", "synced"}[c.rng.IntN(4)]
	f.On = &plan.Trigger{Event: event, Optional: true,
		Nth: 1 + c.rng.IntN(50), Delay: plan.Of(brief(c.rng, 10*time.Microsecond, time.Millisecond))}
	ofMessage := event == "delivered" || event == "sent"
	if !ofMessage && (target == "receiver" || target == "sender") {
		f.Target = "self"
	}
	if ofMessage && c.rng.IntN(2) == 0 {
		for f.On.Kind == "" {
			f.On.Kind = c.messages[c.rng.IntN(len(c.messages))]
		}
	}
	return []plan.Fault{f}
}

// laggard leaves a node behind, so far that it needs a snapshot, and takes its power when it gets
// one, or soon after it is back.
func (c cook) laggard(at time.Duration) []plan.Fault {
	who := nodes.ID(1 + c.rng.IntN(c.o.Nodes)).String()
	away := c.fault([]string{pause, kill}[c.rng.IntN(2)], at,
		between(c.rng, 200*time.Millisecond, 600*time.Millisecond), who)
	again := c.fault([]string{power, kill, power}[c.rng.IntN(3)], at+away.Duration.Duration,
		brief(c.rng, time.Millisecond, 50*time.Millisecond), who)
	again.At = plan.Of(again.At.Duration + brief(c.rng, 100*time.Microsecond, 20*time.Millisecond))
	for _, m := range c.messages {
		if strings.Contains(strings.ToLower(m), "snap") && c.rng.IntN(2) == 0 {
			again.Target, again.At = "receiver", away.At
			again.On = &plan.Trigger{Optional: true, Event: "delivered", Kind: m, Nth: 1 + c.rng.IntN(3),
				Delay: plan.Of(brief(c.rng, 10*time.Microsecond, 5*time.Millisecond))}
			break
		}
	}
	return []plan.Fault{away, again}
}

// leaseGap slows the leader's clock and hurries the others', as far as the assumption goes, and
// cuts the leader off: others may elect another one while it still believes in its lease. In half
// of the gaps a node is restarted, which may have promised something.
func (c cook) leaseGap(at time.Duration) []plan.Fault {
	rates := c.o.rates(monotonic)
	lasts := between(c.rng, 350*time.Millisecond, 500*time.Millisecond)
	skew := c.fault(clock, at, 100*time.Millisecond+lasts, "leader")
	skew.Clock = &plan.Clock{Which: monotonic, Rate: rates[0], Others: rates[1]}
	at += 60*time.Millisecond + between(c.rng, 0, 50*time.Millisecond)
	out := []plan.Fault{skew, c.cut("leader-isolated", at, lasts)}
	if c.rng.IntN(2) == 0 {
		at += brief(c.rng, 100*time.Microsecond, 80*time.Millisecond)
		out = append(out, c.fault(kill, at, brief(c.rng, time.Millisecond, 10*time.Millisecond), "one"))
	}
	return out
}

// witness leaves one node as the only one between two halves: a quorum of either needs it. Then
// the leader is cut off, and the witness restarted, with all that it promised.
func (c cook) witness(at time.Duration) []plan.Fault {
	who := nodes.ID(1 + c.rng.IntN(c.o.Nodes)).String()
	before := between(c.rng, 200*time.Millisecond, 400*time.Millisecond)
	bridge := c.cut("bridge", at, before)
	bridge.Target = who
	at += before - between(c.rng, 0, 10*time.Millisecond)
	alone := c.cut("leader-isolated", at, between(c.rng, 150*time.Millisecond, 400*time.Millisecond))
	restart := c.fault([]string{kill, power}[c.rng.IntN(2)], at+between(c.rng, 0, 5*time.Millisecond),
		brief(c.rng, 200*time.Microsecond, 5*time.Millisecond), who)
	return []plan.Fault{bridge, alone, restart}
}

// handover passes the cluster from one half to another: first some are away, and the others decide
// with as few as can; then those who were away are back and the others are gone, but for one node,
// which both have and which loses its power in between. What it counted itself for must be on its
// disk, which is stalled just before.
func (c cook) handover(at time.Duration) []plan.Fault {
	order := c.rng.Perm(c.o.Nodes)
	half := minority(c.o.Nodes)
	first := between(c.rng, 300*time.Millisecond, 500*time.Millisecond)
	turn := at + first
	absent := c.fault(kill, at, first, members(order[1:1+half]))
	gone := c.fault(pause, turn-brief(c.rng, 100*time.Microsecond, 5*time.Millisecond),
		between(c.rng, 400*time.Millisecond, 700*time.Millisecond), members(order[1+half:]))
	both := members(order[:1])
	ahead := brief(c.rng, 5*time.Millisecond, 100*time.Millisecond)
	stalled := c.fault(disk, turn-ahead, ahead+time.Millisecond, both)
	stalled.Variant = diskStall
	restart := c.fault(power, turn, brief(c.rng, 200*time.Microsecond, 10*time.Millisecond), both)
	return []plan.Fault{absent, stalled, gone, restart}
}

// members names nodes by their places.
func members(places []int) string {
	names := make([]string, len(places))
	for i, p := range places {
		names[i] = nodes.ID(1 + p).String()
	}
	slices.Sort(names)
	return strings.Join(names, ",")
}
