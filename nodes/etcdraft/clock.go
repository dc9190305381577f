package etcdraft

import (
	"time"

	"go.etcd.io/raft/v3"

	"sunder/nodes"
)

// The library counts time in ticks. These give the times of our own Raft: elections after 150 to
// 290 ms, heartbeats every 50 ms.
const (
	tickEvery      = 10 * time.Millisecond
	electionTicks  = 15
	heartbeatTicks = 5
	// A node that was away catches up on its ticks at once, up to a bound. A leader needs two
	// election timeouts to notice that it lost touch, and must notice before it answers anything.
	// For a follower one is enough to be free to vote; it should read what waits for it before
	// it campaigns.
	leaderCatchUp   = 2*electionTicks + 1
	followerCatchUp = electionTicks
	// patience is how many ticks a read waits for its index, and a follower for the effect of a
	// snapshot. The library forgets both in silence when a message is lost.
	patience = 2 * electionTicks
)

const tickTimer nodes.TimerID = 1

// assumption is what the library says of its lease ("can be affected by clock drift"), with the
// bound that it leaves open at nothing: it has no margin for any.
func assumption(options map[string]string) nodes.ClockAssumption {
	if options["reads"] != "lease" {
		return nodes.ClockAssumption{}
	}
	return nodes.ClockAssumption{Bounded: true, Drift: 0,
		Words: "ReadOnlyLeaseBased relies on ticks that all nodes count at the same rate."}
}

// enter begins each call: the ticks come first that fell due since the last one. They are counted
// by the clock and not by the timer: after a pause, a node must know how long it was away before
// it acts on anything.
func (n *node) enter(env nodes.Env) bool {
	n.env = env
	if n.stopped {
		return false
	}
	due := int64(env.Now().Sub(n.ticked) / tickEvery)
	n.ticked = n.ticked.Add(time.Duration(due) * tickEvery)
	most := int64(followerCatchUp)
	if n.seen.RaftState == raft.StateLeader {
		most = leaderCatchUp
	}
	for range min(due, most) {
		n.ticks++
		n.rn.Tick()
		n.notice()
	}
	if due > 0 {
		n.expire()
	}
	return true
}
