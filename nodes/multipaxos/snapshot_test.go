package multipaxos

import (
	"testing"
	"time"

	"sunder/nodes/kv"
	"sunder/nodes/nodestest"
)

// TestASnapshotTravelsInChunks gives the machine more state than a message holds, loses many
// messages, and lets the receiver crash on the way.
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
		t.Errorf("the laggard has executed up to slot %d", s.Commit)
	}
	if wrong := c.Judge(); len(wrong) > 0 {
		t.Error(wrong)
	}
	c.Crash(late, nodestest.Kill)
	c.Start(late)
	if s, _ := c.Status(late); s.Applied < 128 {
		t.Errorf("restarted, the laggard has only slot %d", s.Applied)
	}
}

// TestTheLeaderKeepsItsPlaceUnderLoad lets so many writes arrive in the time of a round trip that
// the window is full, and answers come long after.
func TestTheLeaderKeepsItsPlaceUnderLoad(t *testing.T) {
	for _, window := range []string{"128", "8"} {
		c := nodestest.NewCluster(Protocol(), nodestest.Setup{Nodes: 3,
			Options: map[string]string{"window": window}})
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
		is, _ := c.Status(leader)
		if is.Role != "leader" || is.Term != was.Term || is.Commit < 300 {
			t.Errorf("window %s: the leader of %d is a %s of %d and has executed %d", window, was.Term,
				is.Role, is.Term, is.Commit)
		}
	}
}

// TestWhatABallotLeftBehindIsFilled: a node holds a proposal of a leader that is gone, at a slot of
// which the next leader and its quorum have not heard. A quorum read must wait until that is settled,
// and it is, though no client writes anything.
func TestWhatABallotLeftBehindIsFilled(t *testing.T) {
	c := nodestest.NewCluster(Protocol(), nodestest.Setup{Nodes: 5, Seed: 1,
		Options: map[string]string{"reads": "quorum"}})
	c.RunUntil(5*time.Second, func() bool { return c.Leader() != 0 })
	c.Run(200 * time.Millisecond)
	gone := c.Leader()
	keeps := 1 + gone%5
	for _, id := range c.IDs() {
		if id != gone && id != keeps {
			c.Cut(gone, id)
		}
	}
	c.Do(gone, kv.Command{Op: kv.Write, Key: "x", Arg: 1})
	c.Run(20 * time.Millisecond)
	c.Crash(gone, nodestest.Kill)
	c.Isolate(keeps)
	c.RunUntil(5*time.Second, func() bool { return c.Leader() != 0 && c.Leader() != keeps })
	c.Run(300 * time.Millisecond)
	c.Heal()
	c.Run(100 * time.Millisecond)
	read := c.Do(keeps, kv.Command{Op: kv.Read, Key: "x"})
	c.Run(200 * time.Millisecond)
	if read.Result.Status != kv.OK || read.Result.Found {
		t.Errorf("the read was answered %+v", read.Result)
	}
	if wrong := c.Judge(); len(wrong) > 0 {
		t.Error(wrong)
	}
}
