package sim

import (
	"slices"
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

// queue is a 4-ary heap of what is due, beside the slots that hold the jobs. What will hardly ever
// matter when it is due, as the deadlines of clients, stands apart, in order, and leaves the heap
// small.
type queue struct {
	heap  []due
	late  []due // of which the first gone were popped
	gone  int
	slots []job
	free  []int32
	seq   uint64
}

// empty is a queue without jobs, in the memory of q.
func (q *queue) empty() queue {
	return queue{heap: q.heap[:0], late: q.late[:0], slots: q.slots[:0], free: q.free[:0]}
}

// next is when the next job is due.
func (q *queue) next() (at time.Duration, ok bool) {
	switch late := q.late[q.gone:]; {
	case len(late) > 0 && (len(q.heap) == 0 || late[0].before(q.heap[0])):
		return late[0].at, true
	case len(q.heap) > 0:
		return q.heap[0].at, true
	}
	return 0, false
}

func (q *queue) push(at time.Duration, j *job) { q.lift(q.place(at, j)) }

func (q *queue) lift(e due) {
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

// overtakes is how many of what stands apart may have to make place for one more.
const overtakes = 32

// pushLate is push for what is as a rule due after all that was pushed by it before.
func (q *queue) pushLate(at time.Duration, j *job) {
	e := q.place(at, j)
	if q.gone > overtakes && 2*q.gone > len(q.late) {
		q.late, q.gone = append(q.late[:0], q.late[q.gone:]...), 0
	}
	i := len(q.late)
	for i > q.gone && i > len(q.late)-overtakes && e.before(q.late[i-1]) {
		i--
	}
	if i > q.gone && e.before(q.late[i-1]) {
		q.lift(e)
		return
	}
	q.late = slices.Insert(q.late, i, e)
}

// place puts a job into a slot.
func (q *queue) place(at time.Duration, j *job) due {
	slot := int32(len(q.slots))
	if last := len(q.free) - 1; last >= 0 {
		slot, q.free = q.free[last], q.free[:last]
		q.slots[slot] = *j
	} else {
		q.slots = append(q.slots, *j)
	}
	q.seq++
	return due{at, q.seq, slot}
}

// pop takes out what is due first; there is something. Its slot is free again, but keeps what it
// held until it is used.
func (q *queue) pop() (time.Duration, job) {
	var top due
	if late := q.late[q.gone:]; len(late) > 0 && (len(q.heap) == 0 || late[0].before(q.heap[0])) {
		top = late[0]
		if q.gone++; q.gone == len(q.late) {
			q.late, q.gone = q.late[:0], 0
		}
	} else {
		top = q.heap[0]
		q.sift()
	}
	q.free = append(q.free, top.slot)
	return top.at, q.slots[top.slot]
}

// sift takes out the top of the heap.
func (q *queue) sift() {
	last := len(q.heap) - 1
	e, heap := q.heap[last], q.heap[:last]
	q.heap = heap
	i := 0
	for child := 1; child < last; child = 4*i + 1 {
		least := child
		for c := child + 1; c < min(child+4, last); c++ {
			if heap[c].before(heap[least]) {
				least = c
			}
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
}
