package nodestest

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"sunder/nodes"
	"sunder/nodes/kv"
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

// call enters the node, and takes it down where it asked to be stopped.
func (m *machine) call(enter func()) {
	env := m.env
	env.inside = true
	enter()
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

// env is what a node may touch during one boot.
type env struct {
	machine *machine
	boot    uint64
	inside  bool // the node is being called
}

// live says whether the call counts: the node has not stopped. An Env that is used outside of a
// call into the node is a broken contract.
func (e *env) live(what string) bool {
	if !e.inside || e.machine.env != e {
		e.machine.cluster.broken(e.machine.id, "%s outside of a call", what)
		return false
	}
	return e.machine.stopped == ""
}

func (e *env) Now() nodes.Mono { return e.machine.now() }

func (e *env) Wall() time.Time { return time.Unix(0, int64(e.machine.now())).UTC() }

func (e *env) Rand(purpose string, n uint64) uint64 {
	return e.machine.cluster.draw(e.machine.id.String()+" "+purpose, n)
}

func (e *env) Send(to nodes.ID, msg nodes.Message) {
	m, c := e.machine, e.machine.cluster
	if !e.live("Send") {
		return
	}
	if to == m.id || to < 1 || int(to) > len(c.machines) {
		c.broken(m.id, "sends to %s", to)
		return
	}
	c.note("%s -> %s %v", m.id, to, msg)
	if c.setup.Codec {
		again, err := c.protocol.Decode(msg.Kind(), msg.AppendTo(nil))
		if err != nil || again.Kind() != msg.Kind() || again.Ident() != msg.Ident() {
			c.broken(m.id, "%v came out of the codec as %v, %v", msg, again, err)
			return
		}
		msg = again
	}
	if c.cut[link{m.id, to}] || c.chance("loss", c.setup.Loss) {
		return
	}
	copies := 1
	if c.chance("twice", c.setup.Twice) {
		copies = 2
	}
	for range copies {
		c.schedule(event{at: c.now + c.delay("delay"), kind: deliver, node: to, from: m.id, m: msg})
	}
}

func (e *env) Reply(r nodes.RequestID, res kv.Result) {
	m, c := e.machine, e.machine.cluster
	if !e.live("Reply") {
		return
	}
	call := m.open[r]
	if call == nil {
		c.broken(m.id, "answers request %d, which is not open: %+v", r, res)
		return
	}
	if res.Status != kv.OK && res.Code == "" || res.Status < kv.OK || res.Status > kv.Indefinite {
		c.broken(m.id, "answers request %d with %+v", r, res)
	}
	delete(m.open, r)
	call.Answers++
	call.Completed, call.Result = c.now, res
	c.hash(uint64(r), uint64(res.Status), uint64(res.Value))
	c.note("%s answers %s", m.id, words(call.Command, res))
}

func (e *env) SetTimer(t nodes.TimerID, d time.Duration) {
	if e.live("SetTimer") {
		e.machine.setTimer(t, d)
	}
}

func (e *env) StopTimer(t nodes.TimerID) {
	if e.live("StopTimer") {
		delete(e.machine.timers, t)
	}
}

func (e *env) Append(f nodes.File, p []byte) {
	if e.live("Append") {
		e.check(f)
		e.machine.disk.append(f, p)
	}
}

func (e *env) Truncate(f nodes.File, off int64) {
	if e.live("Truncate") {
		e.check(f)
		if !e.machine.disk.truncate(f, off) {
			e.machine.cluster.broken(e.machine.id, "truncates %s at %d", f, off)
		}
	}
}

func (e *env) Rename(from, to nodes.File) {
	if e.live("Rename") {
		e.check(from)
		e.check(to)
		if !e.machine.disk.rename(from, to) {
			e.machine.cluster.broken(e.machine.id, "renames %s, which is not there", from)
		}
	}
}

func (e *env) Remove(f nodes.File) {
	if e.live("Remove") {
		e.check(f)
		e.machine.disk.remove(f)
	}
}

func (e *env) Sync(f nodes.File, tok nodes.Token) {
	m, c := e.machine, e.machine.cluster
	if !e.live("Sync") {
		return
	}
	s := m.disk.sync(f, tok)
	if s == nil {
		c.broken(m.id, "syncs %s, which is not there", f)
		return
	}
	c.schedule(event{at: c.now + c.delay("fsync"), kind: synced, node: m.id, boot: m.boot, sync: s})
}

func (e *env) Stop(reason string) {
	if e.live("Stop") {
		e.machine.stopped = reason
		e.machine.cluster.note("%s stops: %s", e.machine.id, reason)
	}
}

func (e *env) Observe(o nodes.Observation) {
	m, c := e.machine, e.machine.cluster
	if !e.live("Observe") {
		return
	}
	if what := malformed(o); what != "" {
		c.broken(m.id, "observes %s: %+v", what, o)
	}
	full := nodes.Observed{Node: m.id, Boot: m.boot, Seq: m.seq, Time: c.now, Observation: o}
	m.seq++
	m.observed = append(m.observed, full)
	c.note("%s %s", m.id, fact(o))
	if v := c.oracle.Observe(full); v != nil {
		c.Violations = append(c.Violations, *v)
	}
}

// check refuses names that the contract does not allow.
func (e *env) check(f nodes.File) {
	ok := len(f) >= 1 && len(f) <= 64 && f != nodes.Dir
	for _, b := range []byte(f) {
		ok = ok && (b >= 'a' && b <= 'z' || b >= '0' && b <= '9' || b == '.' || b == '-')
	}
	if !ok {
		e.machine.cluster.broken(e.machine.id, "names a file %q", f)
	}
}
