package sim

import (
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

// queue is what is due, beside the slots that hold the jobs. What is soon due is a sorted list, the
// soonest last: most of what is pushed overtakes or is overtaken by a few messages only. The rest
// is a 4-ary heap.
type queue struct {
	soon  []due
	heap  []due
	slots []job
	free  []int32
	seq   uint64
}

// overtaken is how many of the list at most are sooner than what is put into it.
const overtaken = 32

// empty is a queue without jobs, in the memory of q.
func (q *queue) empty() queue {
	return queue{soon: q.soon[:0], heap: q.heap[:0], slots: q.slots[:0], free: q.free[:0]}
}

func (q *queue) len() int { return len(q.soon) + len(q.heap) }

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
	least := max(0, len(q.soon)-overtaken)
	if least > 0 && q.soon[least-1].before(e) {
		q.lift(e)
		return
	}
	q.soon = append(q.soon, e)
	i := len(q.soon) - 1
	for i > 0 && q.soon[i-1].before(e) {
		q.soon[i] = q.soon[i-1]
		i--
	}
	q.soon[i] = e
}

// pop takes out the job that is due first, if it is due by the given time. Its slot is free again,
// but keeps what it held until it is used.
func (q *queue) pop(until time.Duration, j *job) (at time.Duration, ok bool) {
	var top due
	last := len(q.soon) - 1
	if last >= 0 && (len(q.heap) == 0 || q.soon[last].before(q.heap[0])) {
		if top = q.soon[last]; top.at > until {
			return 0, false
		}
		q.soon = q.soon[:last]
	} else {
		if len(q.heap) == 0 || q.heap[0].at > until {
			return 0, false
		}
		top = q.heap[0]
		q.sift()
	}
	q.free = append(q.free, top.slot)
	*j = q.slots[top.slot]
	return top.at, true
}

// lift puts e into the heap.
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
