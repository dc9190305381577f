package linear

import (
	"strings"

	"sunder/checker"
	"sunder/checker/queue"
	"sunder/harness/history"
)

// Queue is a checker of FIFO queues: enqueue takes a value, dequeue answers the oldest, or null
// from an empty queue.
func Queue(b Budget) checker.Checker {
	m := object{
		name:    "queue",
		asks:    map[string]string{"enqueue": "enqueue"},
		answers: map[string]string{"dequeue": "dequeue"},
		do: func(s string, o step) (string, bool) {
			if o.f == "enqueue" {
				return s + o.arg + "\n", true
			}
			oldest, rest, some := strings.Cut(s, "\n")
			if !some {
				return s, !o.known || o.arg == "null" || o.arg == ""
			}
			return rest, !o.known || oldest == o.arg
		},
	}.model()
	m.quick = quickQueue
	return New(m, b)
}

// quickQueue is the engine for queues with unique values. It does not apply where a dequeue stayed
// open: nobody knows what that took.
func quickQueue(ops []Op[step]) (decision, bool) {
	ids := make(map[string]int32)
	in := make([]queue.Op, len(ops))
	for i := range ops {
		o := &ops[i]
		call, ret := o.interval()
		in[i] = queue.Op{Call: call, Return: ret, Dequeue: o.Do.f == "dequeue", Value: queue.Empty}
		if in[i].Dequeue && !o.Do.known {
			return decision{}, false
		}
		if in[i].Dequeue && (o.Do.arg == "" || o.Do.arg == string(history.Null)) {
			continue
		}
		id, known := ids[o.Do.arg]
		if !known {
			id = int32(len(ids))
			ids[o.Do.arg] = id
		}
		in[i].Value = id
	}
	w, unique := queue.Check(in, len(ids))
	switch {
	case !unique:
		return decision{}, false
	case w != nil:
		return decision{answer: illegal, engine: "queue",
			witness: &witness{w.Class, w.Ops, w.Edges}}, true
	}
	return decision{answer: legal, engine: "queue"}, true
}
