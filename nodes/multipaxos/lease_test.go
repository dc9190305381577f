package multipaxos

import (
	"testing"
	"time"

	"sunder/nodes"
	"sunder/nodes/kv"
	"sunder/nodes/nodestest"
)

// leased makes a cluster that reads by lease and has a leader.
func leased(size int, seed uint64, bug string) (*nodestest.Cluster, nodes.ID) {
	c := nodestest.NewCluster(Protocol(), nodestest.Setup{Nodes: size, Seed: seed, Bug: bug,
		Options: map[string]string{"reads": "lease"}})
	c.RunUntil(5*time.Second, func() bool { return c.Leader() != 0 })
	return c, c.Leader()
}

// race lets somebody write at whoever leads but the old leader, and reads at the old one. It returns
// for how long the old one answered reads after a new one had answered a write.
func race(c *nodestest.Cluster, old nodes.ID) (window time.Duration) {
	var written, read time.Duration
	since := len(c.Calls)
	for end := c.Now() + 500*time.Millisecond; c.Now() < end; c.Run(time.Millisecond) {
		for _, id := range c.IDs() {
			if s, _ := c.Status(id); id != old && s.Role == "leader" {
				c.Do(id, kv.Command{Op: kv.Write, Key: "x", Arg: int64(c.Now())})
			}
		}
		c.Do(old, kv.Command{Op: kv.Read, Key: "x"})
	}
	for _, call := range c.Calls[since:] {
		ok := call.Result.Status == kv.OK
		if ok && call.Node != old && written == 0 {
			written = call.Completed
		}
		if ok && call.Node == old && call.Completed > read {
			read = call.Completed
		}
	}
	return read - written
}

func TestLeasesHoldWithinTheDeclaredDriftOnly(t *testing.T) {
	for _, k := range []struct {
		name           string
		bug            string
		leader, others float64
		stale          bool
	}{
		{"true clocks", "", 1, 1, false},
		{"the worst clocks of the assumption", "", 0.9, 1.1, false},
		{"no margin, true clocks", "lease-no-margin", 1, 1, false},
		{"no margin, the worst clocks of the assumption", "lease-no-margin", 0.9, 1.1, true},
		{"beyond the assumption", "", 0.5, 1.5, true},
	} {
		runs, widest := 0, -time.Hour
		const seeds = 15
		for seed := range uint64(seeds) {
			c, old := leased(5, seed, k.bug)
			for _, id := range c.IDs() {
				c.SetRate(id, k.others)
			}
			c.SetRate(old, k.leader)
			c.Run(200 * time.Millisecond)
			c.Isolate(old)
			widest = max(widest, race(c, old))
			if len(c.Judge()) > 0 {
				runs++
			}
		}
		t.Logf("%s: stale reads in %d of %d runs, widest window %s", k.name, runs, seeds, widest)
		if runs > 0 != k.stale {
			t.Errorf("%s: stale reads in %d of %d runs", k.name, runs, seeds)
		}
	}
}

// TestARestartDoesNotBreakAPromise cuts one of three nodes off from the leader, so that it asks for
// promises all the time; then the other one restarts, and the leader is alone.
func TestARestartDoesNotBreakAPromise(t *testing.T) {
	for _, bug := range []string{"", "restart-promises-in-lease"} {
		stale := 0
		const seeds = 15
		for seed := range uint64(seeds) {
			c, old := leased(3, seed, bug)
			c.Run(200 * time.Millisecond)
			asks, promises := 1+old%3, 1+(old+1)%3
			c.Cut(old, asks)
			c.Cut(asks, old)
			c.Run(300*time.Millisecond + time.Duration(seed)*time.Millisecond)
			c.Crash(promises, nodestest.Kill)
			c.Start(promises)
			c.Isolate(old)
			race(c, old)
			if len(c.Judge()) > 0 {
				stale++
			}
		}
		t.Logf("bug %q: stale reads in %d of %d runs", bug, stale, seeds)
		if stale > 0 != (bug != "") {
			t.Errorf("bug %q: stale reads in %d of %d runs", bug, stale, seeds)
		}
	}
}
