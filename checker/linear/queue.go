package linear

import (
	"slices"
	"strconv"
	"strings"

	"sunder/checker"
	"sunder/checker/collection"
	"sunder/harness/history"
)

// Queue is a checker of FIFO queues: enqueue takes a value, dequeue answers the oldest, or null
// from an empty queue.
func Queue(b Budget) checker.Checker {
	m := container("queue", "enqueue", "dequeue", func([]string) int { return 0 })
	m.quick = quickly("dequeue", func(in []collection.Op, values []string) (*collection.Witness,
		bool) {
		return collection.Queue(in, len(values))
	})
	return New(m, b)
}

// Stack is a checker of stacks: push takes a value, pop answers the newest, or null from an empty
// stack.
func Stack(b Budget) checker.Checker {
	m := container("stack", "push", "pop", func(values []string) int { return len(values) - 1 })
	m.quick = quickly("pop", func(in []collection.Op, values []string) (*collection.Witness, bool) {
		return collection.Stack(in, len(values))
	})
	return New(m, b)
}

// PriorityQueue is a checker of priority queues: insert takes an integer, extract answers the
// least, or null from an empty queue. What is no integer comes after all that are.
func PriorityQueue(b Budget) checker.Checker {
	m := container("priority queue", "insert", "extract", func(values []string) int {
		least := 0
		for i, v := range values {
			if rank(v) < rank(values[least]) {
				least = i
			}
		}
		return least
	})
	m.quick = quickly("extract", func(in []collection.Op, values []string) (*collection.Witness,
		bool) {
		ranks := make([]int64, len(values))
		for i, v := range values {
			ranks[i] = rank(v)
		}
		return collection.Priority(in, ranks)
	})
	return New(m, b)
}

func rank(v string) int64 {
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil {
		return 1<<63 - 1
	}
	return n
}

// container is a model of a collection of lines. next is which of them, in the order in which they
// went in, a removal takes.
func container(name, insert, remove string, next func(values []string) int) Model[string, step] {
	return object{
		name:    name,
		asks:    map[string]string{insert: insert},
		answers: map[string]string{remove: remove},
		do: func(s string, o step) (string, bool) {
			if o.f == insert {
				return s + o.arg + "\n", true
			}
			if s == "" {
				return s, !o.known || o.nothing()
			}
			values := strings.Split(strings.TrimSuffix(s, "\n"), "\n")
			at := next(values)
			if o.known && values[at] != o.arg {
				return s, false
			}
			if values = slices.Delete(values, at, at+1); len(values) == 0 {
				return "", true
			}
			return strings.Join(values, "\n") + "\n", true
		},
	}.model()
}

// nothing says that a removal found nothing.
func (s step) nothing() bool { return s.arg == "" || s.arg == string(history.Null) }

// quickly is an engine for collections with unique values. It does not apply where a removal stayed
// open: nobody knows what that took.
func quickly(remove string, check func(in []collection.Op, values []string) (*collection.Witness,
	bool)) func(ops []Op[step]) (decision, bool) {
	return func(ops []Op[step]) (decision, bool) {
		ids := make(map[string]int32)
		var values []string
		in := make([]collection.Op, len(ops))
		for i := range ops {
			o := &ops[i]
			call, ret := o.interval()
			in[i] = collection.Op{Call: call, Return: ret, Removes: o.Do.f == remove,
				Value: collection.Empty}
			if in[i].Removes && !o.Do.known {
				return decision{}, false
			}
			if in[i].Removes && o.Do.nothing() {
				continue
			}
			id, known := ids[o.Do.arg]
			if !known {
				id = int32(len(values))
				ids[o.Do.arg] = id
				values = append(values, o.Do.arg)
			}
			in[i].Value = id
		}
		return collected(check(in, values))
	}
}

// collected is what an engine for collections found.
func collected(w *collection.Witness, unique bool) (decision, bool) {
	switch {
	case !unique:
		return decision{}, false
	case w != nil:
		return decision{answer: illegal, engine: "collection",
			witness: &witness{w.Class, w.Ops, w.Edges}}, true
	}
	return decision{answer: legal, engine: "collection"}, true
}
