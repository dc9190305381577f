package raft

import (
	"testing"
	"time"

	"sunder/nodes/kv"
	"sunder/nodes/nodestest"
)

// leaseRun lets the leader's clock run at one rate and the others' at another, cuts the leader
// off, has somebody write at the new leader and reads at the old one. It returns for how long the
// old one answered reads after the new one had answered a write.
func leaseRun(seed uint64, bug string, leader, others float64) (window time.Duration, wrong []string) {
	c := nodestest.NewCluster(Protocol(), nodestest.Setup{Nodes: 5, Seed: seed, Bug: bug,
		Options: map[string]string{"reads": "lease"}})
	c.RunUntil(5*time.Second, func() bool { return c.Leader() != 0 })
	old := c.Leader()
	for _, id := range c.IDs() {
		c.SetRate(id, others)
	}
	c.SetRate(old, leader)
	c.Run(200 * time.Millisecond)
	c.Isolate(old)
	cut := c.Now()
	var written, read time.Duration
	for c.Now() < cut+time.Second {
		for _, id := range c.IDs() {
			if s, _ := c.Status(id); id != old && s.Role == "leader" {
				c.Do(id, kv.Command{Op: kv.Write, Key: "x", Arg: int64(c.Now())})
			}
		}
		c.Do(old, kv.Command{Op: kv.Read, Key: "x"})
		c.Run(time.Millisecond)
	}
	for _, call := range c.Calls {
		ok := call.Result.Status == kv.OK
		if ok && call.Node != old && written == 0 {
			written = call.Completed
		}
		if ok && call.Node == old && call.Completed > read {
			read = call.Completed
		}
	}
	return read - written, c.Judge()
}

func TestLeasesHoldWithinTheDeclaredDriftOnly(t *testing.T) {
	for _, c := range []struct {
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
		runs, widest := 0, time.Duration(0)
		for seed := range uint64(200) {
			window, wrong := leaseRun(seed, c.bug, c.leader, c.others)
			if len(wrong) > 0 {
				runs++
			}
			widest = max(widest, window)
		}
		t.Logf("%s: stale reads in %d of 200 runs, widest window %s", c.name, runs, widest)
		if runs > 0 != c.stale {
			t.Errorf("%s: stale reads in %d of 200 runs", c.name, runs)
		}
	}
}
