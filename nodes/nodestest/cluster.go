// Package nodestest is the contract that every consensus protocol keeps, as a test suite, and the
// small deterministic cluster that it runs them in.
//
// Run is the suite. Cluster is also there for a protocol's own tests: they drive it by virtual
// time, or event by event with RunScripts. It is no substitute for the simulation: it knows a
// lossy network, clocks at wrong rates, and disks that lose what was not synced, and nothing more.
package nodestest

import (
	"fmt"
	"slices"
	"time"

	"sunder/nodes"
	"sunder/nodes/kv"
	"sunder/oracle"
)

// Setup says what cluster to make. The zero Setup, with Nodes set, is a calm one.
type Setup struct {
	Nodes   int
	Seed    uint64
	Options map[string]string
	Bug     string
	Loss    float64 // share of messages that are lost
	Twice   float64 // share of messages that arrive twice
	Codec   bool    // messages go through the protocol's codec
	calm    bool    // messages and fsyncs take the same time each, power losses take all
}

// Cluster is nodes of one protocol on virtual time, in the caller's goroutine. The same Setup and
// calls give the same run.
type Cluster struct {
	// Broken collects what nodes did that the contracts forbid, in words.
	Broken []string
	// Violations is what the oracles said.
	Violations []oracle.Violation
	// Calls are all commands so far, in the order of their invocation.
	Calls []*Call

	protocol nodes.Protocol
	setup    Setup
	oracle   *oracle.Oracle
	now      time.Duration
	seq      uint64
	events   []event // ascending by (at, seq)
	machines []*machine
	cut      map[link]bool
	draws    map[string]uint64
	trace    uint64
	note     func(format string, args ...any) // what nodes do, for scripts
}

// Call is a command that a client sent to a node, and its answer.
type Call struct {
	Node      nodes.ID
	Command   kv.Command
	Invoked   time.Duration
	Completed time.Duration // of the answer; 0: there is none yet
	Result    kv.Result
	Answers   int  // must become 1, or stay 0 if the node died first
	Lost      bool // the node died first; it was down already if Result is a refusal
}

type link struct{ from, to nodes.ID }

// event is something that will happen to a node.
type event struct {
	at    time.Duration
	seq   uint64
	kind  kind
	node  nodes.ID
	boot  uint64 // of the node: what was meant for a former life does not happen
	from  nodes.ID
	m     nodes.Message
	timer nodes.TimerID
	sync  *syncing
}

type kind uint8

const (
	deliver kind = iota + 1
	timer
	synced
)

// NewCluster makes a cluster and starts its nodes. A Setup that the protocol refuses is a mistake
// of the test.
func NewCluster(p nodes.Protocol, s Setup) *Cluster {
	c := &Cluster{protocol: p, setup: s, cut: map[link]bool{}, oracle: oracle.New(),
		draws: map[string]uint64{}, note: func(string, ...any) {}}
	for i := range s.Nodes {
		c.machines = append(c.machines, newMachine(c, nodes.ID(i+1)))
	}
	for _, id := range c.IDs() {
		c.Start(id)
	}
	return c
}

// IDs are the nodes' names, ascending.
func (c *Cluster) IDs() []nodes.ID {
	ids := make([]nodes.ID, c.setup.Nodes)
	for i := range ids {
		ids[i] = nodes.ID(i + 1)
	}
	return ids
}

// Now is the true time since the cluster was made.
func (c *Cluster) Now() time.Duration { return c.now }

// Trace is a hash of all that has happened.
func (c *Cluster) Trace() uint64 { return c.trace }

// Run lets virtual time pass.
func (c *Cluster) Run(d time.Duration) {
	end := c.now + d
	for len(c.events) > 0 && c.events[0].at <= end {
		e := c.events[0]
		c.events = slices.Delete(c.events, 0, 1)
		c.now = max(c.now, e.at)
		c.happen(e)
	}
	c.now = end
}

// RunUntil lets virtual time pass until it is so, or limit is over; it says which.
func (c *Cluster) RunUntil(limit time.Duration, so func() bool) bool {
	for end := c.now + limit; !so(); c.Run(time.Millisecond) {
		if c.now >= end {
			return false
		}
	}
	return true
}

// Do sends a command to a node.
func (c *Cluster) Do(to nodes.ID, command kv.Command) *Call {
	call := &Call{Node: to, Command: command, Invoked: c.now}
	c.Calls = append(c.Calls, call)
	m := c.at(to)
	if m.env == nil {
		call.Lost, call.Result = true, kv.Refuse(kv.Stopped)
		return call
	}
	r := nodes.RequestID(len(c.Calls))
	m.open[r] = call
	c.hash(uint64(to), uint64(r))
	m.call(func() { m.node.Invoke(m.env, r, command) })
	return call
}

// Cut stops messages from one node to another, until Heal.
func (c *Cluster) Cut(from, to nodes.ID) { c.cut[link{from, to}] = true }

// Isolate cuts a node off from all others, both ways.
func (c *Cluster) Isolate(id nodes.ID) {
	for _, other := range c.IDs() {
		if other != id {
			c.Cut(id, other)
			c.Cut(other, id)
		}
	}
}

// Heal lets all messages pass again.
func (c *Cluster) Heal() { clear(c.cut) }

// Leader is the live node with the highest term that believes it leads, or 0.
func (c *Cluster) Leader() nodes.ID {
	var best nodes.Status
	var id nodes.ID
	for _, m := range c.machines {
		s, ok := c.Status(m.id)
		if ok && s.Role == "leader" && (id == 0 || s.Term > best.Term) {
			best, id = s, m.id
		}
	}
	return id
}

// Status is what a live node thinks of itself, if it can tell.
func (c *Cluster) Status(id nodes.ID) (s nodes.Status, ok bool) {
	m := c.at(id)
	teller, ok := m.node.(nodes.Statuser)
	if !ok || m.env == nil {
		return s, false
	}
	return teller.Status(), true
}

// Streams are the observations of each node so far.
func (c *Cluster) Streams() [][]nodes.Observed {
	var out [][]nodes.Observed
	for _, m := range c.machines {
		out = append(out, m.observed)
	}
	return out
}

func (c *Cluster) at(id nodes.ID) *machine { return c.machines[id-1] }

func (c *Cluster) schedule(e event) {
	c.seq++
	e.seq = c.seq
	at, _ := slices.BinarySearchFunc(c.events, e, func(a, b event) int {
		if a.at != b.at {
			return int(min(max(a.at-b.at, -1), 1))
		}
		return int(int64(a.seq) - int64(b.seq))
	})
	c.events = slices.Insert(c.events, at, e)
}

// happen does one event, unless it is for a former life.
func (c *Cluster) happen(e event) {
	m := c.at(e.node)
	if m.env == nil || m.boot != e.boot && e.kind != deliver {
		return
	}
	switch e.kind {
	case deliver:
		if c.cut[link{e.from, e.node}] {
			return
		}
		c.hash(uint64(e.kind), uint64(e.node), uint64(e.from), e.m.Ident(), uint64(c.now))
		m.call(func() { m.node.Recv(m.env, e.from, e.m) })
	case timer:
		if m.timers[e.timer].seq != e.seq {
			return // it was stopped or moved
		}
		delete(m.timers, e.timer)
		c.hash(uint64(e.kind), uint64(e.node), uint64(e.timer), uint64(c.now))
		m.call(func() { m.node.Timer(m.env, e.timer) })
	case synced:
		err := m.disk.synced(e.sync)
		c.hash(uint64(e.kind), uint64(e.node), uint64(e.sync.token), uint64(c.now))
		m.call(func() { m.node.Synced(m.env, e.sync.token, err) })
	}
}

// draw is a number in [0, n) that depends on the seed, the purpose and its occurrence.
func (c *Cluster) draw(purpose string, n uint64) uint64 {
	c.draws[purpose]++
	h := c.setup.Seed
	for _, b := range []byte(purpose) {
		h = mix(h, uint64(b))
	}
	return mix(h, c.draws[purpose]) % n
}

func (c *Cluster) chance(purpose string, p float64) bool {
	return p > 0 && float64(c.draw(purpose, 1<<32)) < p*(1<<32)
}

func (c *Cluster) hash(words ...uint64) {
	for _, w := range words {
		c.trace = mix(c.trace, w)
	}
}

// mix is one step of SplitMix64.
func mix(h, v uint64) uint64 {
	h = (h ^ v) + 0x9e3779b97f4a7c15
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}

func (c *Cluster) broken(id nodes.ID, format string, args ...any) {
	c.Broken = append(c.Broken, fmt.Sprintf("%s: ", id)+fmt.Sprintf(format, args...))
}
