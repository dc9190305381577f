package linear

import (
	"cmp"
	"slices"
	"strings"

	"sunder/checker"
	"sunder/checker/queue"
	"sunder/harness/history"
)

// Queue is a checker of FIFO queues: enqueue takes a value, dequeue answers the oldest, or null
// from an empty queue, read answers all, oldest first.
func Queue(b Budget) checker.Checker { return New(queueModel(), b) }

func queueModel() Model[string, step] {
	m := object{
		name:    "queue",
		asks:    map[string]string{"enqueue": "enqueue"},
		answers: map[string]string{"dequeue": "dequeue", "read": "read"},
		reads:   map[string]bool{"read": true},
		do: func(s string, o step) (string, bool) {
			switch o.f {
			case "enqueue":
				return s + o.arg + "\n", true
			case "read":
				return s, s == o.arg
			}
			oldest, rest, some := strings.Cut(s, "\n")
			if !some {
				return s, !o.known || o.arg == "null" || o.arg == ""
			}
			return rest, !o.known || oldest == o.arg
		},
	}.model()
	parse := m.Parse
	m.Parse = func(o history.Operation) (step, bool, error) {
		s, skip, err := parse(o)
		if err == nil && !skip && s.f == "read" {
			s.arg, err = lines(s.arg)
		}
		return s, skip, err
	}
	m.quick = quickQueue
	return m
}

// lines is a JSON array with an element a line.
func lines(array string) (string, error) {
	var elements []rawJSON
	if array != "" {
		if err := history.Value(array).Decode(&elements); err != nil {
			return "", err
		}
	}
	var b strings.Builder
	for _, e := range elements {
		b.WriteString(string(e) + "\n")
	}
	return b.String(), nil
}

// quickQueue is the engine for queues with unique values. A read that finds nothing is as good as
// a dequeue that does; of others it knows nothing. Where dequeues stayed open, nobody knows what
// they took. The engine is then asked twice: about the values that others took, whose no is one,
// and about a history in which the open ones took something that fits, whose yes is one.
func quickQueue(ops []Op[step]) (decision, bool) {
	if slices.ContainsFunc(ops, func(o Op[step]) bool { return o.Do.f == "read" && o.Do.arg != "" }) {
		return decision{}, false
	}
	q := newQueueOps(ops)
	w, unique := queue.Check(q.sure, len(q.ids))
	switch {
	case !unique:
		return decision{}, false
	case w != nil:
		for i := range w.Ops {
			w.Ops[i] = q.at[w.Ops[i]]
		}
		for i := range w.Edges {
			w.Edges[i] = [2]int32{q.at[w.Edges[i][0]], q.at[w.Edges[i][1]]}
		}
		return decision{answer: illegal, engine: "queue",
			witness: &witness{w.Class, w.Ops, w.Edges}}, true
	}
	if len(q.open) > 0 {
		if w, unique := queue.Check(q.completed(), len(q.ids)); w != nil || !unique {
			return decision{}, false
		}
	}
	return decision{answer: legal, engine: "queue"}, true
}

// queueOps is a history as package queue wants it.
type queueOps struct {
	ids  map[string]int32
	sure []queue.Op // without open dequeues, and then without what only they can have taken
	at   []int32    // where those of sure stood
	left []queue.Op // completed enqueues of what nobody is known to have taken
	open []queue.Op // dequeues of what nobody knows, in order of invocation
}

func newQueueOps(ops []Op[step]) *queueOps {
	q := &queueOps{ids: make(map[string]int32), sure: make([]queue.Op, 0, len(ops)),
		at: make([]int32, 0, len(ops))}
	took := make(map[string]bool)
	open := false
	for i := range ops {
		if o := &ops[i]; o.Do.f != "enqueue" {
			took[o.Do.arg] = true
			open = open || !o.Do.known
		}
	}
	for i := range ops {
		o := &ops[i]
		takes := o.Do.f != "enqueue"
		call, ret := o.interval()
		op := queue.Op{Call: call, Return: ret, Dequeue: takes, Value: queue.Empty}
		if takes && !o.Do.known {
			q.open = append(q.open, op)
			continue
		}
		if !takes || o.Do.arg != "" && o.Do.arg != string(history.Null) {
			id, known := q.ids[o.Do.arg]
			if !known {
				id = int32(len(q.ids))
				q.ids[o.Do.arg] = id
			}
			op.Value = id
		}
		if open && !takes && !took[o.Do.arg] {
			if ret != queue.Open {
				q.left = append(q.left, op)
			}
			continue
		}
		q.sure, q.at = append(q.sure, op), append(q.at, int32(i))
	}
	return q
}

// completed lets the open dequeues take what is left, the earliest what must be gone first: before
// a dequeue ends that took a later value, or found nothing. To take more never hinders.
func (q *queueOps) completed() []queue.Op {
	in := make([]queue.Op, len(q.ids)) // enqueues of values that are known to be taken
	for _, o := range q.sure {
		if !o.Dequeue {
			in[o.Value] = o
		}
	}
	type due struct {
		at    uint32
		value queue.Op
	}
	dues := make([]due, len(q.left))
	for i, v := range q.left {
		dues[i] = due{queue.Open, v}
		for _, o := range q.sure {
			if o.Dequeue && (o.Value == queue.Empty && v.Return < o.Call ||
				o.Value != queue.Empty && v.Return < in[o.Value].Call) {
				dues[i].at = min(dues[i].at, o.Return)
			}
		}
	}
	slices.SortStableFunc(dues, func(a, b due) int { return cmp.Compare(a.at, b.at) })
	all := slices.Concat(q.sure, q.left)
	for i, d := range dues[:min(len(dues), len(q.open))] {
		takes := q.open[i]
		takes.Value = d.value.Value
		all = append(all, takes)
	}
	return all
}
