package raft

import (
	"testing"
	"time"

	"sunder/nodes/kv"
	"sunder/nodes/nodestest"
)

// TestAFailedFsyncIsNoFsync lets the fsyncs of both followers fail, and takes the power from all
// three nodes when a write was acknowledged or could have been.
func TestAFailedFsyncIsNoFsync(t *testing.T) {
	for _, bug := range []string{"", "fsync-error-ignored"} {
		wrong := 0
		for seed := range uint64(5) {
			c := nodestest.NewCluster(Protocol(), nodestest.Setup{Nodes: 3, Seed: seed, Bug: bug})
			c.RunUntil(time.Second, func() bool { return c.Leader() != 0 })
			l := c.Leader()
			write(c, l, 1)
			for _, id := range c.IDs() {
				c.FailSyncs(id, id != l)
			}
			write(c, l, 5)
			for _, id := range c.IDs() {
				c.Crash(id, nodestest.Power)
				c.FailSyncs(id, false)
			}
			c.Crash(l, nodestest.Kill)
			for _, id := range c.IDs() {
				if id != l {
					c.Start(id)
				}
			}
			c.RunUntil(5*time.Second, func() bool { return c.Leader() != 0 })
			c.Do(c.Leader(), kv.Command{Op: kv.Read, Key: "x"})
			c.Recover()
			if len(c.Judge()) > 0 {
				wrong++
			}
		}
		if wrong > 0 != (bug != "") {
			t.Errorf("bug %q: %d runs are wrong", bug, wrong)
		}
	}
}

// TestDamageIsNoTornTail flips a bit in the middle of a log. A node that knew better may not go on
// without what stood behind it; who lost nothing that was durable may.
func TestDamageIsNoTornTail(t *testing.T) {
	for _, bug := range []string{"", "damage-cut-off"} {
		c := nodestest.NewCluster(Protocol(), nodestest.Setup{Nodes: 1, Bug: bug})
		c.RunUntil(time.Second, func() bool { return c.Leader() != 0 })
		for range 9 {
			write(c, 1, 1)
		}
		c.Crash(1, nodestest.Kill)
		c.Damage(1, fileLog, 250)
		c.Start(1)
		if stopped := c.Stopped(1) != ""; stopped != (bug == "") {
			t.Errorf("bug %q: stopped is %v: %s", bug, stopped, c.Stopped(1))
			continue
		}
		if bug != "" {
			c.Recover()
			if len(c.Judge()) == 0 {
				t.Errorf("bug %q: nothing is wrong", bug)
			}
		}
	}
}
