package host

import (
	"context"
	"time"

	"sunder/nodes"
	"sunder/nodes/kv"
)

// turnMax bounds how much of the inbox one turn takes. More would save writes of observations
// and wakes of the senders, and make the first in line wait for the last.
const turnMax = 64

// own is the owner's life: the node starts, ready is called, and turn follows turn until ctx ends
// or the node stops. Then whoever waits for an answer sees that done is closed.
func (h *host) own(ctx context.Context, found []nodes.Recovered, ready func()) {
	defer func() {
		// Also on the way of a panic, which goes on from here: what the node did last is what
		// one wants to know about it.
		_ = h.observer.flush() // a failure was noticed by release, or the panic is the news
	}()
	alarm := time.NewTimer(0)
	defer alarm.Stop()
	h.node.Start(h, found)
	h.release()
	ready()
	for h.stopping == "" && h.failed == nil && ctx.Err() == nil {
		alarm.Reset(h.sleep())
		select {
		case <-ctx.Done():
		case f := <-h.inbox:
			f()
			h.drain(turnMax - 1)
		case <-alarm.C:
		}
		h.expire()
		h.release()
	}
	close(h.done)
}

// sleep is how long the owner may sleep when its inbox stays empty.
func (h *host) sleep() time.Duration {
	if len(h.itself) > 0 {
		return 0
	}
	return h.timers.sleep(h.Now())
}

// drain runs what waits in the inbox, at most n of it.
func (h *host) drain(n int) {
	for ; n > 0 && h.stopping == ""; n-- {
		select {
		case f := <-h.inbox:
			f()
		default:
			return
		}
	}
}

// expire tells the node which of its timers fell due, and delivers what it sent to itself.
func (h *host) expire() {
	for h.stopping == "" {
		id, at, set := h.timers.next()
		if !set || at > h.Now() {
			break
		}
		delete(h.timers.due, id)
		h.node.Timer(h, id)
	}
	said := h.itself // what it says to itself now waits for the next turn
	h.itself = nil
	for _, m := range said {
		if h.stopping == "" {
			h.node.Recv(h, h.cfg.Node.Self, m)
		}
	}
}

// effect is what leaves the node at the end of a turn: a reply, as a message is staged with its
// peer's others.
type effect struct {
	request nodes.RequestID
	result  kv.Result
}

// release ends a turn: observations first, then what they explain.
func (h *host) release() {
	if err := h.observer.flush(); err != nil {
		h.failed = err // and nothing leaves
		return
	}
	for _, o := range h.outgoing {
		o.release()
	}
	for i, e := range h.staged {
		h.requests.reply(e.request, e.result, h.log)
		h.staged[i] = effect{}
	}
	h.staged = h.staged[:0]
}

// post gives the owner something to do. False means that the owner ended or ctx did, and f will
// not run.
func (h *host) post(ctx context.Context, f func()) bool {
	select {
	case h.inbox <- f:
		return true
	case <-h.done:
	case <-ctx.Done():
	}
	return false
}

// synced is how the disk reports. After an error there is nothing to trust: the node may say its
// last words, and then it ends whether it asked for that or not.
func (h *host) synced(t nodes.Token, err error) {
	h.post(context.Background(), func() {
		h.node.Synced(h, t, err)
		if err != nil && h.stopping == "" {
			h.Stop(err.Error())
		}
	})
}
