package scheduler

import (
	"time"

	"sunder/harness/generator"
	"sunder/harness/history"
)

// operations are the open ones, at most one a thread. Those of clients all have the same time to
// live, so in the order of invocation they are in the order of expiry, too: a list, threaded
// through the slots, of which only the head can be late.
type operations struct {
	slots []operation // by thread+1; slot 0, the nemesis, stands outside the list
	head  int32       // 0: the list is empty
	tail  int32
}

type operation struct {
	event      history.Event
	until      time.Duration // when it is given up
	is         bool
	prev, next int32
}

func newOperations(threads int) operations {
	return operations{slots: make([]operation, threads+1)}
}

func (o *operations) of(t generator.Thread) *operation { return &o.slots[t+1] }

func (o *operations) add(t generator.Thread, e history.Event, until time.Duration) {
	i := int32(t + 1)
	o.slots[i] = operation{event: e, until: until, is: true}
	if t == generator.Nemesis {
		return
	}
	if o.head == 0 {
		o.head, o.tail = i, i
		return
	}
	o.slots[i].prev, o.slots[o.tail].next, o.tail = o.tail, i, i
}

func (o *operations) remove(t generator.Thread) {
	p := o.of(t)
	p.is = false
	if t == generator.Nemesis {
		return
	}
	if p.prev == 0 {
		o.head = p.next
	} else {
		o.slots[p.prev].next = p.next
	}
	if p.next == 0 {
		o.tail = p.prev
	} else {
		o.slots[p.next].prev = p.prev
	}
}

// soonest is when the next operation is given up.
func (o *operations) soonest() time.Duration {
	at := Forever
	if o.head != 0 {
		at = o.slots[o.head].until
	}
	if n := o.of(generator.Nemesis); n.is {
		at = min(at, n.until)
	}
	return at
}

// late is a thread whose operation is to be given up.
func (o *operations) late(now time.Duration) (generator.Thread, bool) {
	if n := o.of(generator.Nemesis); n.is && n.until <= now {
		return generator.Nemesis, true
	}
	if o.head != 0 && o.slots[o.head].until <= now {
		return generator.Thread(o.head - 1), true
	}
	return 0, false
}
