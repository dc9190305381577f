package sim

import (
	"time"

	"sunder/nodes"
)

// job is something that will happen. Jobs are values and their slots are used again, so that
// planning one allocates nothing.
type job struct {
	kind  kind
	node  *node  // that it happens to
	life  uint64 // of that node: a job for a former one is lost
	from  *node  // of a message
	born  uint64 // the sender's life
	m     nodes.Message
	timer nodes.TimerID
	gen   uint64 // of the timer; or the number of the message
	sync  syncing
	what  func()
}

// kind says which fields of a job count.
type kind uint8

const (
	doing    kind = iota + 1 // what, whatever the nodes do
	arriving                 // m at node, if that does not drop it
	// The others reach the process that lives on the node, when it is not paused.
	hearing // m
	firing  // timer
	synced  // sync ended
	calling // what
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

func (q *queue) push(at time.Duration, j job) {
	slot := int32(len(q.slots))
	if last := len(q.free) - 1; last >= 0 {
		slot, q.free = q.free[last], q.free[:last]
		q.slots[slot] = j
	} else {
		q.slots = append(q.slots, j)
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

func (q *queue) pop() (time.Duration, job) {
	top, last := q.heap[0], len(q.heap)-1
	e := q.heap[last]
	q.heap = q.heap[:last]
	for i := 0; last > 0; {
		least, child := -1, 4*i+1
		for c := child; c < child+4 && c < last; c++ {
			if least < 0 || q.heap[c].before(q.heap[least]) {
				least = c
			}
		}
		if least < 0 || !q.heap[least].before(e) {
			q.heap[i] = e
			break
		}
		q.heap[i] = q.heap[least]
		i = least
	}
	j := q.slots[top.slot]
	q.slots[top.slot] = job{}
	q.free = append(q.free, top.slot)
	return top.at, j
}
