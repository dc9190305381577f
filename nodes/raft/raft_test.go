package raft

import (
	"testing"
	"time"

	"sunder/nodes/kv"
	"sunder/nodes/nodestest"
)

func TestContract(t *testing.T) { nodestest.Run(t, Protocol()) }

func TestFirst(t *testing.T) {
	for _, n := range []int{1, 3, 5} {
		c := nodestest.NewCluster(Protocol(), nodestest.Setup{Nodes: n, Seed: 1, Codec: true})
		if !c.RunUntil(time.Second, func() bool { return c.Leader() != 0 }) {
			t.Fatal("no leader")
		}
		l := c.Leader()
		w := c.Do(l, kv.Command{Op: kv.Write, Key: "x", Arg: 5})
		c.Run(20 * time.Millisecond)
		r := c.Do(l, kv.Command{Op: kv.Read, Key: "x"})
		c.Run(20 * time.Millisecond)
		t.Log(n, c.Now(), l, w, r, c.Broken)
		if r.Result.Value != 5 {
			t.Fail()
		}
		c.Crash(l, nodestest.Kill)
		c.Run(time.Second)
		t.Log(c.Leader())
		c.Start(l)
		c.Run(time.Second)
		for _, id := range c.IDs() {
			s, ok := c.Status(id)
			t.Log(s, ok, c.Stopped(id))
		}
	}
}
