package raft

import (
	"testing"
	"time"

	"sunder/nodes/kv"
	"sunder/nodes/nodestest"
)

// TestALeaderKeepsItsPlaceUnderLoad lets so many writes arrive in the time of a round trip that
// answers to messages come long after later ones were sent.
func TestALeaderKeepsItsPlaceUnderLoad(t *testing.T) {
	for _, reads := range []string{"readindex", "lease"} {
		c := nodestest.NewCluster(Protocol(), nodestest.Setup{Nodes: 3,
			Options: map[string]string{"reads": reads}})
		c.RunUntil(5*time.Second, func() bool { return c.Leader() != 0 })
		c.Run(200 * time.Millisecond)
		leader := c.Leader()
		was, _ := c.Status(leader)
		for range 300 {
			for range 40 {
				c.Do(leader, kv.Command{Op: kv.Write, Key: "x", Arg: 1})
			}
			c.Run(time.Millisecond)
		}
		if is, _ := c.Status(leader); is.Role != "leader" || is.Term != was.Term {
			t.Errorf("reads %s: the leader of term %d is a %s of term %d", reads, was.Term, is.Role, is.Term)
		}
	}
}
