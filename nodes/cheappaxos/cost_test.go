package cheappaxos

import (
	"testing"
	"time"

	"sunder/nodes"
	"sunder/nodes/kv"
	"sunder/nodes/nodestest"
)

// counted is a node that counts what it hears.
type counted struct {
	nodes.Node
	heard *int
}

func (c counted) Recv(env nodes.Env, from nodes.ID, m nodes.Message) {
	*c.heard++
	c.Node.Recv(env, from, m)
}

// Status implements nodes.Statuser.
func (c counted) Status() nodes.Status { return c.Node.(nodes.Statuser).Status() }

// counting is the protocol, and how many messages its auxiliaries have heard.
func counting() (p nodes.Protocol, heard *int) {
	p, heard = Protocol(), new(int)
	inner := p.New
	p.New = func(c nodes.Config) (nodes.Node, error) {
		n, err := inner(c)
		if err != nil || !newScheme(c.Members, "").Auxiliary(c.Self) {
			return n, err
		}
		return counted{n, heard}, nil
	}
	return p, heard
}

// load lets clients write at whoever leads for a while, and returns how many writes were answered.
func load(c *nodestest.Cluster, d time.Duration) (ok int) {
	since := len(c.Calls)
	for end := c.Now() + d; c.Now() < end; c.Run(2 * time.Millisecond) {
		if l := c.Leader(); l != 0 {
			c.Do(l, kv.Command{Op: kv.Write, Key: "x", Arg: int64(len(c.Calls))})
		}
	}
	for _, call := range c.Calls[since:] {
		if call.Result.Status == kv.OK {
			ok++
		}
	}
	return ok
}

// configurations is what the nodes have observed: by number, the mains.
func configurations(c *nodestest.Cluster) map[uint64]uint64 {
	seen := map[uint64]uint64{}
	for _, stream := range c.Streams() {
		for _, o := range stream {
			if o.Fact == nodes.Configured {
				seen[o.Term] = o.Hash
			}
		}
	}
	return seen
}

// TestAuxiliariesAreIdle counts what they hear: nothing, from the first boot on, as long as the
// mains are well; something while one is replaced; and nothing after that.
func TestAuxiliariesAreIdle(t *testing.T) {
	for _, size := range []int{3, 5} {
		for _, bug := range []string{"", "auxiliaries-never-idle"} {
			p, heard := counting()
			c := nodestest.NewCluster(p, nodestest.Setup{Nodes: size, Seed: 3, Bug: bug})
			steady := load(c, 2*time.Second)
			if *heard != 0 || steady < 500 {
				t.Errorf("%d nodes, bug %q: auxiliaries heard %d messages while %d writes were answered",
					size, bug, *heard, steady)
			}
			victim := 1 + c.Leader()%nodes.ID(size/2+1) // a main that does not lead
			c.Crash(victim, nodestest.Kill)
			if ok := load(c, 2*time.Second); ok < 500 || *heard == 0 {
				t.Errorf("%d nodes, bug %q: with %s down %d writes were answered, %d messages heard",
					size, bug, victim, ok, *heard)
			}
			*heard = 0
			load(c, time.Second)
			if *heard != 0 != (bug != "") {
				t.Errorf("%d nodes, bug %q: after %s was removed auxiliaries heard %d messages", size, bug,
					victim, *heard)
			}
			c.Start(victim)
			load(c, 2*time.Second)
			*heard = 0
			load(c, time.Second)
			if *heard != 0 != (bug != "") || len(configurations(c)) != 2 {
				t.Errorf("%d nodes, bug %q: after %s came back auxiliaries heard %d messages; "+
					"configurations %v", size, bug, victim, *heard, configurations(c))
			}
			if wrong := c.Judge(); len(wrong) > 0 != (bug != "") {
				t.Errorf("%d nodes, bug %q: %v", size, bug, wrong)
			}
		}
	}
}

// TestMainsAreReplacedInARow lets one main after the other fail under load, the leader among them,
// each repaired after it was removed.
func TestMainsAreReplacedInARow(t *testing.T) {
	for seed := range uint64(6) {
		size := 3 + 2*int(seed%2)
		c := nodestest.NewCluster(Protocol(), nodestest.Setup{Nodes: size, Seed: seed, Loss: 0.02,
			Options: map[string]string{"window": []string{"128", "8"}[seed/2%2], "snapshot": "64"}})
		load(c, time.Second)
		for round := range 4 {
			victim := c.Leader()
			if round%2 == 1 {
				victim = 1 + victim%nodes.ID(size/2+1)
			}
			if victim == 0 {
				t.Fatalf("seed %d, round %d: nobody leads", seed, round)
			}
			c.Crash(victim, nodestest.Power)
			if ok := load(c, 2*time.Second); ok < 100 {
				t.Errorf("seed %d: with %s down %d writes were answered", seed, victim, ok)
			}
			c.Start(victim)
			load(c, 2*time.Second)
		}
		load(c, 2*time.Second)
		if got := configurations(c); len(got) < 8 {
			t.Errorf("seed %d: configurations %v, want a removal and an addition in each round", seed, got)
		}
		c.Recover()
		if wrong := c.Judge(); len(wrong) > 0 {
			t.Errorf("seed %d: %s", seed, wrong)
		}
	}
}

// TestASlowMainStays pauses a main's messages again and again, each time for less than it takes to
// remove it.
func TestASlowMainStays(t *testing.T) {
	for _, bug := range []string{"", "no-hysteresis"} {
		c := nodestest.NewCluster(Protocol(), nodestest.Setup{Nodes: 3, Seed: 5, Bug: bug})
		load(c, time.Second)
		slow := 1 + c.Leader()%2
		for range 6 {
			c.Isolate(slow)
			load(c, 140*time.Millisecond)
			c.Heal()
			load(c, time.Second)
		}
		changes := len(configurations(c))
		if changes > 0 != (bug != "") {
			t.Errorf("bug %q: the configuration changed %d times", bug, changes)
		}
		if wrong := c.Judge(); len(wrong) > 0 {
			t.Error(wrong)
		}
	}
}
