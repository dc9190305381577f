package paxos

import (
	"testing"
	"time"

	"sunder/nodes"
	"sunder/nodes/kv"
	"sunder/nodes/nodestest"
)

// TestACommandIsDoneOnce adds to a counter on all nodes, over a network that loses much: attempts
// fail, others complete them, and still no command takes two decrees. With the planted bug
// proposes-twice one does.
func TestACommandIsDoneOnce(t *testing.T) {
	for _, bug := range []string{"", "proposes-twice"} {
		wrong := 0
		for seed := range uint64(10) {
			c := nodestest.NewCluster(Protocol(), nodestest.Setup{Nodes: 3, Seed: seed, Loss: 0.2, Bug: bug})
			const adds = 60
			for i := range adds {
				c.Do(nodes.ID(1+i%3), kv.Command{Op: kv.Add, Key: "sum", Arg: 1})
				c.Run(2 * time.Millisecond)
			}
			sum := c.Do(1, kv.Command{Op: kv.Add, Key: "sum"})
			c.RunUntil(time.Minute, func() bool { return sum.Answers > 0 && sum.Result.Value >= adds })
			for _, call := range c.Calls {
				if call.Result.Value > adds {
					wrong++
					break
				}
			}
		}
		if wrong > 0 != (bug != "") {
			t.Errorf("bug %q: %d of 10 counters went beyond what was added", bug, wrong)
		}
	}
}
