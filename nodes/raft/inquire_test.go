package raft

import (
	"testing"
	"time"

	"sunder/nodes"
	"sunder/nodes/kv"
	"sunder/nodes/nodestest"
)

// TestAnInquiryIsRefusedInTime loses what a follower says to its leader, so that no read index
// comes back. Each read is refused when its own time is up, whatever was asked after it.
func TestAnInquiryIsRefusedInTime(t *testing.T) {
	c := nodestest.NewCluster(Protocol(), nodestest.Setup{Nodes: 3})
	c.RunUntil(5*time.Second, func() bool { return c.Leader() != 0 })
	c.Run(200 * time.Millisecond)
	leader := c.Leader()
	asks := 1 + leader%nodes.ID(3)
	c.Cut(asks, leader)
	read := func() *nodestest.Call { return c.Do(asks, kv.Command{Op: kv.Read, Key: "x"}) }
	read()
	c.Run(10 * time.Millisecond)
	early := read()
	c.Run(inquiryMax - 20*time.Millisecond)
	late := read()
	c.Run(30 * time.Millisecond)
	if early.Result.Code != kv.NotLeader || late.Completed != 0 {
		t.Errorf("after %v the early read has %+v, the late one, asked just now, %+v",
			c.Now()-early.Invoked, early, late)
	}
	c.Run(inquiryMax)
	if late.Result.Code != kv.NotLeader {
		t.Errorf("in the end the late read has %+v", late)
	}
}
