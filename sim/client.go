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
	asked  string    // the node that the last command went to
	res    kv.Result // what a wait ended with
	err    error
}

func newProcess(w *World, id history.Process, c nodes.Client) *process {
	p := &process{w: w, id: id, client: c}
	p.resume, p.stop = iter.Pull(func(yield func(struct{}) bool) {
		p.yield = yield
		for { // an operation each time round
			value, err := p.invoke()
			done := history.Complete(p.inv, p.w.now, value, err)
			done.Node = p.asked
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
func (p *process) wait() bool { return p.yield(struct{}{}) }

func (p *process) Now() time.Duration { return p.w.now }

func (p *process) Sleep(d time.Duration) {
	p.w.at(p.w.now+d, func() { p.resume() })
	p.wait()
}

func (p *process) Do(to nodes.ID, c kv.Command, timeout time.Duration) (kv.Result, error) {
	p.asks++
	ask := p.asks
	p.asked = to.String()
	answered := false
	end := func(res kv.Result, err error) {
		if !answered {
			answered = true
			p.res, p.err = res, err
			p.resume()
		}
	}
	p.w.at(p.w.now+timeout, func() { end(kv.Result{}, nodes.ErrTimeout) })
	p.w.ask(p, ask, to, c, end)
	if !p.wait() {
		return kv.Result{}, nodes.ErrStopped
	}
	return p.res, p.err
}
