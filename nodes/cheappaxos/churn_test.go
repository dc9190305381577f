package cheappaxos

import (
	"math/rand/v2"
	"testing"
	"time"

	"sunder/nodes"
	"sunder/nodes/kv"
	"sunder/nodes/nodestest"
)

// changes looks for configurations that were decided.
type changes struct {
	highest uint64
	read    []int // of each node's observations
}

// look says whether there is a new one.
func (s *changes) look(c *nodestest.Cluster) (more bool) {
	for i, stream := range c.Streams() {
		if i == len(s.read) {
			s.read = append(s.read, 0)
		}
		for _, o := range stream[s.read[i]:] {
			if o.Fact == nodes.Configured && o.Term > s.highest {
				s.highest, more = o.Term, true
			}
		}
		s.read[i] = len(stream)
	}
	return more
}

// churn lets mains fail and come back, and strikes whoever leads, or the other, just when a new
// configuration was decided: between that and its coming into force.
func churn(seed uint64, bug string, d time.Duration) *nodestest.Cluster {
	rng := rand.New(rand.NewPCG(seed, 7))
	size := 3 + 2*int(seed%2)
	reads := []string{"confirm", "quorum"}[seed/2%2]
	c := nodestest.NewCluster(Protocol(), nodestest.Setup{Nodes: size, Seed: seed, Bug: bug,
		Options: map[string]string{"window": "8", "reads": reads}})
	brief := func() time.Duration { return time.Duration(rng.Int64N(int64(20 * time.Millisecond))) }
	var news changes
	fail := c.Now() + 300*time.Millisecond
	for c.Now() < d {
		for range 1 + rng.IntN(3) {
			id := nodes.ID(1 + rng.IntN(size))
			command := kv.Command{Op: kv.Read, Key: "x"}
			if rng.IntN(2) == 0 {
				command = kv.Command{Op: kv.Write, Key: "x", Arg: int64(len(c.Calls) + 1)}
			}
			if l := c.Leader(); l != 0 && rng.IntN(3) > 0 {
				id = l
			}
			c.Do(id, command)
		}
		c.Run(time.Duration(rng.Int64N(int64(4 * time.Millisecond))))
		struck := news.look(c)
		if !struck && c.Now() < fail {
			continue
		}
		if struck {
			c.Run(brief() / 4)
		}
		victim := c.Leader()
		if victim == 0 || rng.IntN(3) == 0 {
			victim = nodes.ID(1 + rng.IntN(size/2+1))
		}
		switch rng.IntN(4) {
		case 0:
			c.Isolate(victim)
		case 1:
			c.Crash(victim, nodestest.Power)
		case 2:
			c.Isolate(victim)
			c.Crash(victim, nodestest.Power)
			c.Start(victim)
		case 3:
			for _, id := range c.IDs() {
				c.Start(id)
			}
			c.Heal()
		}
		c.Run(brief())
		if rng.IntN(2) == 0 {
			for _, id := range c.IDs() {
				c.Start(id)
			}
			c.Heal()
		}
		fail = c.Now() + time.Duration(rng.Int64N(int64(1500*time.Millisecond)))
	}
	c.Recover()
	return c
}

func TestChurn(t *testing.T) {
	for _, bug := range []string{"", "window-ignored"} {
		most, blamed, changes := seeds(12), 0, 0
		if bug != "" {
			most *= 5
		}
		for seed := uint64(0); seed < most && blamed == 0; seed++ {
			c := churn(seed, bug, 6*time.Second)
			changes += len(configurations(c))
			if wrong := c.Judge(); len(wrong) > 0 {
				blamed++
				t.Logf("bug %q: seed %d: %.200s", bug, seed, wrong[0])
			}
		}
		if blamed > 0 != (bug != "") || changes < 12 {
			t.Errorf("bug %q: %d runs were blamed, in %d changes of the configuration", bug, blamed, changes)
		}
	}
}

// TestTheLastThatKnowIsNotLost: n2 hears nothing for a while, in which n1 decides with the help of
// the auxiliary, and is gone. The auxiliary may not have forgotten.
func TestTheLastThatKnowIsNotLost(t *testing.T) {
	for _, bug := range []string{"", "forgets-early"} {
		lost := 0
		for seed := range uint64(5) {
			c := nodestest.NewCluster(Protocol(), nodestest.Setup{Nodes: 3, Seed: seed, Bug: bug})
			load(c, time.Second)
			gone := c.Leader()
			c.Isolate(3 - gone)
			load(c, 400*time.Millisecond)
			c.Crash(gone, nodestest.Kill)
			c.Heal()
			if load(c, 2*time.Second) == 0 {
				lost++
			}
		}
		if lost > 0 != (bug != "") {
			t.Errorf("bug %q: in %d of 5 runs what was decided was lost", bug, lost)
		}
	}
}
