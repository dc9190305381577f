package linear

import (
	"slices"
	"strings"

	"sunder/checker"
	"sunder/checker/queue"
	"sunder/harness/history"
)

// Queue is a checker of FIFO queues: enqueue takes a value, dequeue answers the oldest, or null
// from an empty queue, read answers all, oldest first.
func Queue(b Budget) checker.Checker {
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
	return New(m, b)
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
// a dequeue that does; of others it knows nothing. Where a dequeue stayed open, nobody knows what
// that took: the engine is then asked only about the values that others took, and its yes says
// nothing.
func quickQueue(ops []Op[step]) (decision, bool) {
	if slices.ContainsFunc(ops, func(o Op[step]) bool { return o.Do.f == "read" && o.Do.arg != "" }) {
		return decision{}, false
	}
	took := make(map[string]bool)
	open := false
	for i := range ops {
		if o := &ops[i]; o.Do.f == "dequeue" {
			took[o.Do.arg] = true
			open = open || !o.Do.known
		}
	}
	ids := make(map[string]int32)
	in := make([]queue.Op, 0, len(ops))
	at := make([]int32, 0, len(ops)) // where those of in stand in ops
	for i := range ops {
		o := &ops[i]
		takes := o.Do.f != "enqueue"
		if open && (takes && !o.Do.known || !takes && !took[o.Do.arg]) {
			continue
		}
		call, ret := o.interval()
		q := queue.Op{Call: call, Return: ret, Dequeue: takes, Value: queue.Empty}
		if !takes || o.Do.arg != "" && o.Do.arg != string(history.Null) {
			id, known := ids[o.Do.arg]
			if !known {
				id = int32(len(ids))
				ids[o.Do.arg] = id
			}
			q.Value = id
		}
		in, at = append(in, q), append(at, int32(i))
	}
	w, unique := queue.Check(in, len(ids))
	switch {
	case !unique || w == nil && open:
		return decision{}, false
	case w == nil:
		return decision{answer: legal, engine: "queue"}, true
	}
	for i := range w.Ops {
		w.Ops[i] = at[w.Ops[i]]
	}
	for i := range w.Edges {
		w.Edges[i] = [2]int32{at[w.Edges[i][0]], at[w.Edges[i][1]]}
	}
	return decision{answer: illegal, engine: "queue",
		witness: &witness{w.Class, w.Ops, w.Edges}}, true
}
