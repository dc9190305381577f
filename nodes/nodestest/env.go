package nodestest

import (
	"time"

	"sunder/nodes"
	"sunder/nodes/kv"
)

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
	if o.Fact != nodes.Applied { // what follows from the commits is no news in a script
		c.note("%s %s", m.id, fact(o))
	}
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
