package sim

import (
	"fmt"
	"iter"
	"time"

	"sunder/harness/history"
	"sunder/nodes"
	"sunder/nodes/kv"
)

// process runs one client as a coroutine: ordinary blocking code that gives way whenever it
// waits, and goes on when the simulation resumes it. It is the client's nodes.Conn.
type process struct {
	w      *World
	id     history.Process
	client nodes.Client
	inv    history.Event
	resume func() (struct{}, bool)
	stop   func()
	yield  func(struct{}) bool
	asks   uint64
	asked  string // the node that the last command went to
	open   *ask   // the one that it waits for
	busy   bool   // in an operation
	over   bool   // and should leave it: the test is over
}

// ask is a client's command on its way to a node, and the answer on its way back.
type ask struct {
	id      nodes.RequestID
	by      *process
	to      *node
	command kv.Command
	res     kv.Result
	err     error
	since   time.Duration
	ways    int // how many ways still lead to its end: the answer, and the deadline
}

// process is one that is idle, or a new one, for a client.
func (w *World) process(id history.Process, c nodes.Client) *process {
	last := len(w.idle) - 1
	if last < 0 {
		return newProcess(w, id, c)
	}
	p := w.idle[last]
	w.idle = w.idle[:last]
	*p = process{w: w, id: id, client: c, resume: p.resume, stop: p.stop, yield: p.yield}
	return p
}

// leave ends the operation of a process. Its coroutine is idle then.
func (p *process) leave() {
	p.over = true
	if p.busy {
		p.resume()
	}
}

func newProcess(w *World, id history.Process, c nodes.Client) *process {
	p := &process{w: w, id: id, client: c}
	p.resume, p.stop = iter.Pull(func(yield func(struct{}) bool) {
		p.yield = yield
		for { // an operation each time round
			value, err := p.invoke()
			done := history.Complete(p.inv, p.w.now, value, err)
			done.Node, p.busy = p.asked, false
			p.w.complete(done)
			if !yield(struct{}{}) {
				return
			}
		}
	})
	return p
}

// invoke lets the client do its operation. A panic there is our own mistake, or a wrong answer of
// a node's; either way the operation may have happened.
func (p *process) invoke() (v history.Value, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	return p.client.Invoke(p, p.inv)
}

// wait gives way until the process is resumed; false says that the test is over.
func (p *process) wait() bool { return !p.over && p.yield(struct{}{}) && !p.over }

func (p *process) Now() time.Duration { return p.w.now }

func (p *process) Sleep(d time.Duration) {
	p.w.at(p.w.now+d, func() { p.resume() })
	p.wait()
}

func (p *process) Do(to nodes.ID, c kv.Command, timeout time.Duration) (kv.Result, error) {
	p.asks++
	p.asked = to.String()
	a := p.w.newAsk()
	*a = ask{id: nodes.RequestID(uint64(p.id)<<32 | p.asks), by: p, to: p.w.node(to), command: c,
		since: p.w.now, ways: 2}
	if a.to == nil {
		panic(fmt.Sprintf("sim: a client asked %s, which does not exist", to))
	}
	p.open = a
	p.w.queue.push(p.w.now+timeout, &job{kind: expiring, ask: a})
	p.w.queue.push(p.w.now+p.latency(to, forth), &job{kind: asking, ask: a})
	if !p.wait() {
		return kv.Result{}, nodes.ErrStopped
	}
	return a.res, a.err
}

// newAsk is one that nobody has a use for any more, or a new one.
func (w *World) newAsk() *ask {
	last := len(w.spare) - 1
	if last < 0 {
		return new(ask)
	}
	a := w.spare[last]
	w.spare = w.spare[:last]
	return a
}

// end is the end of one of an ask's ways. The client goes on at the first.
func (a *ask) end(expired bool) {
	p := a.by
	if p.open == a {
		if expired {
			a.res, a.err = kv.Result{}, nodes.ErrTimeout
		}
		p.open = nil
		p.resume()
	}
	if a.ways--; a.ways == 0 {
		p.w.spare = append(p.w.spare, a)
	}
}
