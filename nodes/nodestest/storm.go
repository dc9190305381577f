package nodestest

import (
	"fmt"
	"slices"
	"time"

	"sunder/nodes"
	"sunder/nodes/kv"
)

// Storm says which faults are drawn, each with its weight; 0 is never.
type Storm struct {
	Cut   uint64 // one direction between two nodes
	Alone uint64 // one node is isolated
	Heal  uint64
	Kill  uint64 // one node, started again soon
	Power uint64 // one node
	Dark  uint64 // power goes for all nodes at once
	Rates uint64 // a node's clock gets a rate within Drift
	Drift float64
	Every time.Duration // mean time between faults; 0: 40 ms
}

// AllFaults is a bit of everything that a correct protocol bears.
func AllFaults() Storm {
	return Storm{Cut: 3, Alone: 3, Heal: 4, Kill: 4, Power: 3, Dark: 1, Rates: 1, Drift: 0.1}
}

// client is one of the processes of a storm. Even ones write and read two keys; odd ones count
// with a session and send again what was not answered, to any node.
type client struct {
	number  int
	call    *Call
	session uint64
	seq     uint64
}

const (
	clients = 6
	patient = 150 * time.Millisecond // how long a client waits for an answer
)

// Blow lets clients drive the cluster for a while under faults; then it heals everything and
// gives the cluster time to recover. Judge says how it went.
func (c *Cluster) Blow(s Storm, d time.Duration) {
	if s.Every == 0 {
		s.Every = 40 * time.Millisecond
	}
	var list [clients]client
	fault := c.now
	for end := c.now + d; c.now < end; {
		k := int(c.draw("client", clients))
		list[k].number = k
		c.step(&list[k])
		if c.now >= fault {
			c.fault(s)
			fault = c.now + time.Duration(c.draw("fault time", uint64(2*s.Every)))
		}
		c.Run(time.Duration(c.draw("pace", uint64(3*time.Millisecond))))
	}
	c.Recover()
}

// Recover heals the network and the clocks, starts every node that is down, and waits until
// the cluster answers a command on each key again. What does not come back is Broken, and so is
// a command that was never answered though its node lived on.
func (c *Cluster) Recover() {
	c.Heal()
	for _, id := range c.IDs() {
		c.SetRate(id, 1)
		c.Start(id)
	}
	for k := range 2 {
		command := kv.Command{Op: kv.Read, Key: key(k)}
		if !c.RunUntil(5*time.Second, func() bool { return c.ask(command) }) {
			c.Broken = append(c.Broken, fmt.Sprintf("no answer 5 s after all was healed: %v",
				command))
		}
	}
	if !c.RunUntil(5*time.Second, c.level) {
		c.Broken = append(c.Broken, "5 s after all was healed, nodes differ in what is committed")
	}
	c.Run(time.Second)
	for i, call := range c.Calls {
		if call.Answers == 0 && !call.Lost {
			c.broken(call.Node, "never answers request %d, %v", i+1, call.Command)
		}
	}
}

// level says whether all nodes that can tell know the same to be committed. An auxiliary need not.
func (c *Cluster) level() bool {
	first, _ := c.Status(1)
	for _, id := range c.IDs() {
		if s, ok := c.Status(id); ok && s.Serves() && s.Commit != first.Commit {
			return false
		}
	}
	return true
}

// ask sends a command to the leader and says whether it was answered.
func (c *Cluster) ask(command kv.Command) bool {
	call := c.Do(c.server(), command)
	c.Run(50 * time.Millisecond)
	return call.Result.Status == kv.OK
}

// server is the leader or, where nobody says it leads, any node.
func (c *Cluster) server() nodes.ID {
	if id := c.Leader(); id != 0 {
		return id
	}
	return nodes.ID(1 + c.draw("node", uint64(c.setup.Nodes)))
}

func (c *Cluster) can(op kv.Op) bool { return slices.Contains(c.protocol.Ops, op) }

func key(k int) string { return [...]string{"x", "y"}[k%2] }

// step lets a client do what is due: wait, send again, or begin something new.
func (c *Cluster) step(p *client) {
	if p.call != nil && p.call.Answers == 0 && !p.call.Lost && c.now < p.call.Invoked+patient {
		return
	}
	command := kv.Command{Op: kv.Read, Key: key(int(c.draw("key", 2)))}
	switch {
	case p.number%2 == 1 && c.can(kv.Add) && c.can(kv.OpenSession):
		command = c.count(p)
	case c.draw("op", 2) == 0:
		command.Op, command.Arg = kv.Write, int64(len(c.Calls))+1
	}
	to := c.server()
	if c.draw("roam", 3) == 0 {
		to = nodes.ID(1 + c.draw("node", uint64(c.setup.Nodes)))
	}
	p.call = c.Do(to, command)
}

// count is the next command of a client that counts, or the last one again.
func (c *Cluster) count(p *client) kv.Command {
	ok := p.call != nil && p.call.Result.Status == kv.OK
	switch {
	case ok && p.session == 0:
		p.session = uint64(p.call.Result.Value)
		p.seq = 1
	case ok:
		if got := p.call.Result.Value; got != int64(p.seq) {
			c.Broken = append(c.Broken, fmt.Sprintf("client %d counted to %d and was answered %d",
				p.number, p.seq, got))
			p.seq = uint64(got)
		}
		p.seq++
	}
	if p.session == 0 {
		return kv.Command{Op: kv.OpenSession}
	}
	return kv.Command{Op: kv.Add, Key: fmt.Sprintf("count%d", p.number), Arg: 1,
		Session: p.session, Seq: p.seq}
}

// rate is within 1±Drift. The conversion keeps compilers from fusing the sum, which would make
// other runs on other machines.
func (s *Storm) rate(c *Cluster) float64 {
	return 1 + float64(s.Drift*(float64(c.draw("rate", 2001))/1000-1))
}

// fault draws one fault, and starts nodes that are down.
func (c *Cluster) fault(s Storm) {
	one := nodes.ID(1 + c.draw("one", uint64(c.setup.Nodes)))
	other := nodes.ID(1 + c.draw("other", uint64(c.setup.Nodes)))
	for _, id := range c.IDs() {
		if c.draw("start", 2) == 0 {
			c.Start(id)
		}
	}
	total := s.Cut + s.Alone + s.Heal + s.Kill + s.Power + s.Dark + s.Rates
	at := c.draw("fault", max(total, 1))
	for _, f := range [...]struct {
		weight uint64
		do     func()
	}{
		{s.Cut, func() { c.Cut(one, other) }},
		{s.Alone, func() { c.Isolate(one) }},
		{s.Heal, c.Heal},
		{s.Kill, func() { c.Crash(one, Kill) }},
		{s.Power, func() { c.Crash(one, Power) }},
		{s.Dark, func() {
			for _, id := range c.IDs() {
				c.Crash(id, Power)
			}
		}},
		{s.Rates, func() { c.SetRate(one, s.rate(c)) }},
	} {
		if at < f.weight {
			f.do()
			return
		}
		at -= f.weight
	}
}
