package nodestest

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"sunder/nodes"
)

// machine is what a node runs on: it outlives the node's crashes.
type machine struct {
	cluster  *Cluster
	id       nodes.ID
	boot     uint64
	node     nodes.Node
	env      *env // of the running boot; nil: the node is down
	stopped  string
	disk     disk
	open     map[nodes.RequestID]*Call
	observed []nodes.Observed
	seq      uint64
	timers   map[nodes.TimerID]alarm

	rate  float64 // seconds of its monotonic clock in a true second
	since time.Duration
	mono  nodes.Mono // at since
}

// alarm is a timer that is set.
type alarm struct {
	seq uint64 // of its event
	due nodes.Mono
}

func newMachine(c *Cluster, id nodes.ID) *machine {
	return &machine{cluster: c, id: id, rate: 1, mono: nodes.Mono(id) * 1e9,
		open: map[nodes.RequestID]*Call{}, timers: map[nodes.TimerID]alarm{}, disk: newDisk()}
}

// Start boots a node that is down, with the files that its last life left.
func (c *Cluster) Start(id nodes.ID) {
	m := c.at(id)
	if m.env != nil {
		return
	}
	node, err := c.protocol.New(nodes.Config{Self: id, Members: c.IDs(),
		Options: c.setup.Options, Bug: c.setup.Bug})
	if err != nil {
		panic(fmt.Sprintf("nodestest: %v", err))
	}
	m.boot++
	m.node, m.env, m.seq, m.stopped = node, &env{machine: m, boot: m.boot}, 0, ""
	c.hash(uint64(id), m.boot)
	m.call(func() { node.Start(m.env, m.disk.recovered()) })
}

// Crash is how a node goes down.
type Crash uint8

// Kill ends the process: the files stay as they are. Power takes away what was not synced, or
// part of it, and may leave garbage in its place.
const (
	Kill Crash = iota + 1
	Power
)

// Crash ends a node, whatever it is doing.
func (c *Cluster) Crash(id nodes.ID, how Crash) {
	m := c.at(id)
	if how == Power {
		m.disk.lose(func(n int) int {
			if c.setup.calm {
				return 0
			}
			return int(c.draw("power "+id.String(), uint64(n)))
		})
	}
	m.down()
	c.hash(uint64(id), uint64(how))
}

// FailSyncs makes a node's syncs fail from now on, or work again.
func (c *Cluster) FailSyncs(id nodes.ID, fail bool) { c.at(id).disk.fail = fail }

// Damage flips a bit of a byte of a file, whether it is durable or not.
func (c *Cluster) Damage(id nodes.ID, name nodes.File, at int) {
	if f := c.at(id).disk.names[name]; f != nil && at < len(f.data) {
		f.data[at] ^= 1
	}
}

// Stopped is why a node stopped itself, or "".
func (c *Cluster) Stopped(id nodes.ID) string { return c.at(id).stopped }

// SetRate makes a node's monotonic clock count rate seconds in a true one.
func (c *Cluster) SetRate(id nodes.ID, rate float64) {
	m := c.at(id)
	m.mono, m.since, m.rate = m.now(), c.now, rate
	for _, t := range slices.Sorted(maps.Keys(m.timers)) {
		m.setTimer(t, m.timers[t].due.Sub(m.mono))
	}
}

// delay is how long a message or an fsync takes: 0.2 to 1 ms.
func (c *Cluster) delay(of string) time.Duration {
	if c.setup.calm {
		return time.Microsecond
	}
	return time.Duration(200+c.draw(of, 800)) * time.Microsecond
}

func (m *machine) now() nodes.Mono {
	return m.mono.Add(time.Duration(float64(m.cluster.now-m.since) * m.rate))
}

func (m *machine) down() {
	m.env = nil
	clear(m.timers)
	for _, call := range m.open { // each once: no order matters
		call.Lost = true
	}
	clear(m.open)
}

// call enters the node, and takes it down where it asked to be stopped. A panic is an anomaly of
// the node's, and ends it.
func (m *machine) call(enter func()) {
	env := m.env
	env.inside = true
	defer func() {
		env.inside = false
		if r := recover(); r != nil {
			m.cluster.broken(m.id, "panic: %v", r)
			m.down()
		}
	}()
	m.cluster.protocol.Enter(env, enter)
	env.inside = false
	if m.stopped != "" {
		m.down()
	}
}

func (m *machine) setTimer(t nodes.TimerID, d time.Duration) {
	c := m.cluster
	after := time.Duration(float64(max(d, 0))/m.rate) + 1 // never early by the node's clock
	c.schedule(event{at: c.now + after, kind: timer, node: m.id, boot: m.boot, timer: t})
	m.timers[t] = alarm{c.seq, m.now().Add(d)}
}
