package sim

import (
	"math/bits"
	"time"

	"sunder/nodes"
)

// job is something that will happen. Jobs are values and their slots are used again, so that
// planning one allocates nothing.
type job struct {
	kind  kind
	timer nodes.TimerID
	node  *node  // that it happens to
	life  uint64 // of that node: a job for a former one is lost
	from  *node  // of a message
	born  uint64 // the sender's life
	m     nodes.Message
	ident uint64 // of the message
	gen   uint64 // of the timer; or the number of the message
	ask   *ask
	what  func()
}

// kind says which fields of a job count.
type kind uint8

const (
	doing     kind = iota + 1 // what, whatever the nodes do
	arriving                  // m at node, if that does not drop it
	asking                    // a client's ask at its node
	answering                 // its answer at the client
	expiring                  // the client waits for it no longer
	// The others reach the process that lives on the node, when it is not paused.
	hearing  // m
	firing   // timer
	synced   // the first of the syncs under way ended
	invoking // ask
	calling  // what
)

// due is a place in the queue. What is due at one instant happens in the order in which it was
// planned, so a run is a pure function of its plan.
type due struct {
	at   time.Duration
	seq  uint64
	slot int32
}

func (e due) before(f due) bool { return e.at < f.at || e.at == f.at && e.seq < f.seq }

// queue is a 4-ary heap of what is due, beside the slots that hold the jobs.
type queue struct {
	heap  []due
	slots []job
	free  []int32
	seq   uint64
}

// empty is a queue without jobs, in the memory of q.
func (q *queue) empty() queue {
	return queue{heap: q.heap[:0], slots: q.slots[:0], free: q.free[:0]}
}

func (q *queue) push(at time.Duration, j *job) {
	slot := int32(len(q.slots))
	if last := len(q.free) - 1; last >= 0 {
		slot, q.free = q.free[last], q.free[:last]
		q.slots[slot] = *j
	} else {
		q.slots = append(q.slots, *j)
	}
	q.seq++
	e := due{at, q.seq, slot}
	q.heap = append(q.heap, e)
	i := len(q.heap) - 1
	for i > 0 {
		up := (i - 1) / 4
		if !e.before(q.heap[up]) {
			break
		}
		q.heap[i] = q.heap[up]
		i = up
	}
	q.heap[i] = e
}

// pop takes out what is due first. Its slot is free again, but keeps what it held until it is used.
func (q *queue) pop() (time.Duration, job) {
	top, last := q.heap[0], len(q.heap)-1
	e, heap := q.heap[last], q.heap[:last]
	q.heap = heap
	i := 0
	for child := 1; child < last; child = 4*i + 1 {
		least := child
		for c := child + 1; c < min(child+4, last); c++ {
			// Which child is the least is anybody's guess, and a wrong guess of the processor's
			// costs more than the comparison: so there is no branch.
			_, less := bits.Sub64(heap[c].seq, heap[least].seq, 0)
			_, less = bits.Sub64(uint64(heap[c].at), uint64(heap[least].at), less)
			least += (c - least) * int(less)
		}
		if !heap[least].before(e) {
			break
		}
		heap[i] = heap[least]
		i = least
	}
	if last > 0 {
		heap[i] = e
	}
	q.free = append(q.free, top.slot)
	return top.at, q.slots[top.slot]
}
