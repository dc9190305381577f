package raft

import (
	"testing"
	"time"

	"sunder/nodes"
	"sunder/nodes/kv"
	"sunder/nodes/nodestest"
)

func write(c *nodestest.Cluster, to nodes.ID, times int) {
	for i := range times {
		c.Do(to, kv.Command{Op: kv.Write, Key: "x", Arg: int64(len(c.Calls)*1000 + i)})
		c.Run(2 * time.Millisecond)
	}
}

// TestALaggardGetsASnapshot lets a node miss more than the log keeps. It comes back with a tail of
// its own that was never committed, longer than the snapshot.
func TestALaggardGetsASnapshot(t *testing.T) {
	for _, bug := range []string{"", "snapshot-keeps-conflict"} {
		c := nodestest.NewCluster(Protocol(), nodestest.Setup{Nodes: 3, Seed: 1, Codec: true, Bug: bug,
			Options: map[string]string{"snapshot": "64"}})
		c.RunUntil(time.Second, func() bool { return c.Leader() != 0 })
		old := c.Leader()
		write(c, old, 2)
		c.Isolate(old)
		write(c, old, 100)
		c.RunUntil(time.Second, func() bool { return c.Leader() != 0 && c.Leader() != old })
		next := c.Leader()
		if next == 0 || next == old {
			t.Fatalf("%s leads after %s was cut off", next, old)
		}
		write(c, next, 80)
		before, _ := c.Status(old)
		c.Recover()
		after, _ := c.Status(old)
		if before.Commit >= 48 {
			t.Fatalf("%s knew entry %d to be committed, so it needs no snapshot", old, before.Commit)
		}
		if wrong := c.Judge(); len(wrong) > 0 != (bug != "") {
			t.Errorf("bug %q: %s; the laggard went from %d to %d", bug, wrong, before.Commit, after.Commit)
		}
	}
}

// TestASnapshotTravelsInChunks gives the machine more state than a message holds, loses every other
// message, and lets the receiver crash on the way.
func TestASnapshotTravelsInChunks(t *testing.T) {
	c := nodestest.NewCluster(Protocol(), nodestest.Setup{Nodes: 3, Seed: 4, Codec: true, Loss: 0.2,
		Options: map[string]string{"snapshot": "64"}})
	c.RunUntil(5*time.Second, func() bool { return c.Leader() != 0 })
	l := c.Leader()
	late := 1 + l%3
	c.Crash(late, nodestest.Power)
	long := string(make([]byte, kv.KeyMax-10))
	for i := range 200 {
		c.Do(c.Leader(), kv.Command{Op: kv.Write, Key: long + string(rune('a'+i)), Arg: 1})
		c.Run(5 * time.Millisecond)
	}
	c.Start(late)
	c.Run(60 * time.Millisecond)
	c.Crash(late, nodestest.Power)
	c.Start(late)
	c.Recover()
	if s, _ := c.Status(late); s.Commit < 150 {
		t.Errorf("the laggard is at entry %d", s.Commit)
	}
	if wrong := c.Judge(); len(wrong) > 0 {
		t.Error(wrong)
	}
	c.Crash(late, nodestest.Kill)
	c.Start(late)
	if s, _ := c.Status(late); s.Applied < 128 {
		t.Errorf("restarted, the laggard has only entry %d", s.Applied)
	}
}
