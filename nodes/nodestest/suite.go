package nodestest

import (
	"slices"
	"testing"
	"time"

	"sunder/nodes"
	"sunder/nodes/kv"
)

// Run is the contract suite: every protocol passes it. It runs with each value of each option,
// the others at their defaults, and under faults with the defaults.
func Run(t *testing.T, p nodes.Protocol) {
	t.Run("configuration", func(t *testing.T) { configuration(t, p) })
	t.Run("decoding", func(t *testing.T) { decoding(t, p) })
	for _, o := range append([]nodes.Option{{Name: "", Values: []string{""}}}, p.Options...) {
		for _, v := range o.Values {
			options := map[string]string{o.Name: v}
			if o.Name == "" {
				options = nil
			}
			t.Run("serves "+o.Name+" "+v, func(t *testing.T) { serves(t, p, options) })
		}
	}
	t.Run("refuses", func(t *testing.T) { refuses(t, p) })
	t.Run("survives a crash", func(t *testing.T) { survives(t, p) })
	t.Run("recovers from any tear", func(t *testing.T) { recovers(t, p) })
	t.Run("stops on a failed sync", func(t *testing.T) { stops(t, p) })
	t.Run("bears faults", func(t *testing.T) { bears(t, p) })
}

func configuration(t *testing.T, p nodes.Protocol) {
	members := []nodes.ID{1, 2, 3}
	for _, bad := range []nodes.Config{
		{Self: 4, Members: members},
		{Self: 1, Members: members, Options: map[string]string{"no-such-option": "x"}},
		{Self: 1, Members: members, Bug: "no-such-bug"},
	} {
		if n, err := p.New(bad); err == nil {
			t.Errorf("New(%+v) made %T", bad, n)
		}
	}
	if p.Name == "" || p.Doc == "" || len(p.Ops) == 0 || p.Clock == nil {
		t.Errorf("the protocol lacks a name, a line of doc, commands, or its clock assumption")
	}
	for _, b := range p.Bugs {
		if _, err := p.New(nodes.Config{Self: 1, Members: members, Bug: b.Name}); err != nil {
			t.Errorf("planted bug: %v", err)
		}
	}
}

// decoding feeds garbage of every kind to the decoder, most of it near what may be valid.
func decoding(t *testing.T, p nodes.Protocol) {
	c := NewCluster(p, Setup{Nodes: 1})
	for n := range 50_000 {
		garbage := make([]byte, n%40)
		for i := range garbage {
			garbage[i] = byte(c.draw("garbage", 256)) & byte(c.draw("mask", 256))
		}
		kind := uint8(n / 40)
		if m, err := p.Decode(kind, garbage); err == nil && m.Kind() != kind {
			t.Fatalf("Decode(%d, %x) is of kind %d", kind, garbage, m.Kind())
		}
	}
}

func fine(t *testing.T, c *Cluster) {
	t.Helper()
	if wrong := c.Judge(); len(wrong) > 0 {
		t.Fatalf("%d nodes, seed %d, %v: %s", c.setup.Nodes, c.setup.Seed, c.setup.Options, wrong)
	}
}

// must does a command until it is answered ok: a refusal is tried again, as a client would.
func (c *Cluster) must(t *testing.T, command kv.Command) kv.Result {
	t.Helper()
	var call *Call
	ok := c.RunUntil(5*time.Second, func() bool {
		if call == nil || call.Result.Status == kv.Definite {
			call = c.Do(c.server(), command)
		}
		return call.Result.Status == kv.OK || call.Result.Status == kv.Indefinite
	})
	if !ok || call.Result.Status != kv.OK {
		t.Fatalf("%d nodes: %+v answered %+v after 5 s", c.setup.Nodes, command, call.Result)
	}
	return call.Result
}

// sample is a command that must succeed on an empty key.
func sample(op kv.Op) kv.Command {
	c := kv.Command{Op: op, Key: op.String(), Arg: 1}
	switch op {
	case kv.CAS, kv.Unlock: // they need something before them
		c.Op = kv.Read
	case kv.Txn:
		c = kv.Command{Op: op, Txn: []kv.Command{{Op: kv.Write, Key: "a", Arg: 1},
			{Op: kv.Read, Key: "a"}}}
	}
	return c
}

func serves(t *testing.T, p nodes.Protocol, options map[string]string) {
	for _, n := range []int{1, 3, 5} {
		c := NewCluster(p, Setup{Nodes: n, Seed: uint64(n), Options: options, Codec: true})
		for _, op := range p.Ops {
			c.must(t, sample(op))
		}
		c.must(t, kv.Command{Op: kv.Write, Key: "x", Arg: 7})
		c.Run(time.Second)
		if r := c.must(t, kv.Command{Op: kv.Read, Key: "x"}); r.Value != 7 {
			t.Errorf("%d nodes: read %+v, want 7", n, r)
		}
		for _, id := range c.IDs() {
			c.status(t, id)
		}
		fine(t, c)
		for _, call := range c.Calls {
			if call.Answers != 1 {
				t.Errorf("%+v has %d answers", call.Command, call.Answers)
			}
		}
	}
}

// status looks whether a node tells sane things of itself.
func (c *Cluster) status(t *testing.T, id nodes.ID) {
	t.Helper()
	s, ok := c.Status(id)
	if !ok {
		return
	}
	_, err := nodes.ParseID(s.Leader)
	roles := []string{"leader", "follower", "candidate", "proposer", "acceptor", "main",
		"auxiliary"}
	if s.ID != id.String() || s.Leader != "" && err != nil || s.Applied > s.Commit ||
		!slices.Contains(roles, s.Role) {
		t.Errorf("status of %s: %+v", id, s)
	}
}

func refuses(t *testing.T, p nodes.Protocol) {
	c := NewCluster(p, Setup{Nodes: 3})
	c.must(t, kv.Command{Op: kv.Write, Key: "x", Arg: 1})
	for _, id := range c.IDs() {
		for _, bad := range []kv.Command{{}, {Op: 200}} {
			call := c.Do(id, bad)
			c.Run(time.Second)
			if call.Result.Status != kv.Definite {
				t.Errorf("%s answers %s with %+v", id, bad.Op, call.Result)
			}
		}
	}
	fine(t, c)
}

// recovery is how long a node that was started again has, to be again what it was, before the next
// one crashes: some protocols bear one failure at a time.
const recovery = 2 * time.Second

func survives(t *testing.T, p nodes.Protocol) {
	for _, n := range []int{3, 5} {
		for _, how := range []Crash{Kill, Power} {
			c := NewCluster(p, Setup{Nodes: n, Seed: uint64(how)})
			for i := range 4 {
				c.must(t, kv.Command{Op: kv.Write, Key: "x", Arg: int64(i + 1)})
				victim := c.server()
				c.Crash(victim, how)
				if r := c.must(t, kv.Command{Op: kv.Read, Key: "x"}); r.Value != int64(i+1) {
					t.Fatalf("read %d after the crash of %s, want %d", r.Value, victim, i+1)
				}
				c.Start(victim)
				c.Run(recovery)
			}
			fine(t, c)
		}
	}
}

// recovers boots a node from its disk as it was at each Sync that it asked for, with every prefix
// of what was not durable then, bare and followed by garbage or zeroes.
func recovers(t *testing.T, p nodes.Protocol) {
	c := NewCluster(p, Setup{Nodes: 1})
	tears := 0
	var acked int64
	for i := range 5 {
		c.must(t, kv.Command{Op: kv.Write, Key: "x", Arg: int64(i + 1)})
		acked = int64(i + 1)
		c.Do(1, kv.Command{Op: kv.Write, Key: "x", Arg: acked + 1})
		for _, files := range c.at(1).disk.tears() {
			again := NewCluster(p, Setup{})
			again.setup.Nodes = 1
			again.machines = []*machine{newMachine(again, 1)}
			again.at(1).disk = files
			again.Start(1)
			r := again.must(t, kv.Command{Op: kv.Read, Key: "x"})
			if r.Value < acked {
				t.Fatalf("read %d after a tear, want at least %d", r.Value, acked)
			}
			if again.Stopped(1) != "" || len(again.Broken) > 0 {
				t.Fatalf("after a tear: %s, %s", again.Stopped(1), again.Broken)
			}
			tears++
		}
	}
	if tears < 20 {
		t.Fatalf("only %d tears were tried", tears)
	}
}

func stops(t *testing.T, p nodes.Protocol) {
	c := NewCluster(p, Setup{Nodes: 3})
	c.must(t, kv.Command{Op: kv.Write, Key: "x", Arg: 1})
	victim := c.server()
	c.FailSyncs(victim, true)
	call := c.Do(victim, kv.Command{Op: kv.Write, Key: "x", Arg: 2})
	c.Run(time.Second)
	if c.Stopped(victim) == "" {
		t.Errorf("%s goes on after a failed sync, and answered %+v", victim, call.Result)
	}
	if r := c.must(t, kv.Command{Op: kv.Read, Key: "x"}); r.Value != 1 && r.Value != 2 {
		t.Errorf("the others read %+v", r)
	}
}

// bears runs random faults, twice each: the same inputs must give the same run.
func bears(t *testing.T, p nodes.Protocol) {
	for seed := range uint64(20) {
		setup := Setup{Nodes: 3 + 2*int(seed%2), Seed: seed, Codec: seed%4 == 0,
			Loss: float64(seed%3) * 0.05, Twice: float64(seed%5) * 0.02}
		var traces [2]uint64
		for i := range traces {
			c := NewCluster(p, setup)
			c.Blow(AllFaults(), 2*time.Second)
			fine(t, c)
			for _, id := range c.IDs() {
				c.status(t, id)
			}
			traces[i] = c.Trace()
		}
		if traces[0] != traces[1] {
			t.Fatalf("seed %d: two runs of the same setup differ", seed)
		}
	}
}
