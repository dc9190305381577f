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
// from an empty queue, read answers all, oldest first.
func Queue(b Budget) checker.Checker { return New(queueModel(), b) }

func queueModel() Model[string, step] {
	x := container("queue", "enqueue", "dequeue", func([]string) int { return 0 })
	x.answers["read"] = "read"
	x.reads = map[string]bool{"read": true}
	put := x.do
	x.do = func(s string, o step) (string, bool) {
		if o.f == "read" {
			return s, s == o.arg
		}
		return put(s, o)
	}
	m := x.model()
	parse := m.Parse
	m.Parse = func(o history.Operation) (step, bool, error) {
		s, skip, err := parse(o)
		if err == nil && !skip && s.f == "read" {
			s.arg, err = lines(s.arg)
		}
		return s, skip, err
	}
	m.quick = kind{
		insert: "enqueue",
		check: func(in []collection.Op, values []string) (*collection.Witness, bool) {
			return collection.Queue(in, len(values))
		},
		hinders: func(_ []string, v, in, _ collection.Op) bool { return v.Return < in.Call },
	}.quick
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

// Stack is a checker of stacks: push takes a value, pop answers the newest, or null from an empty
// stack.
func Stack(b Budget) checker.Checker { return New(stackModel(), b) }

func stackModel() Model[string, step] {
	m := container("stack", "push", "pop", func(values []string) int {
		return len(values) - 1
	}).model()
	m.quick = kind{
		insert: "push",
		check: func(in []collection.Op, values []string) (*collection.Witness, bool) {
			return collection.Stack(in, len(values))
		},
		hinders: func(_ []string, v, in, out collection.Op) bool {
			return in.Return < v.Call && v.Return < out.Call
		},
	}.quick
	return m
}

// PriorityQueue is a checker of priority queues: insert takes an integer, extract answers the
// least, or null from an empty queue. What is no integer comes after all that are.
func PriorityQueue(b Budget) checker.Checker { return New(priorityModel(), b) }

func priorityModel() Model[string, step] {
	m := container("priority queue", "insert", "extract", func(values []string) int {
		least := 0
		for i, v := range values {
			if rank(v) < rank(values[least]) {
				least = i
			}
		}
		return least
	}).model()
	m.quick = kind{
		insert: "insert",
		check: func(in []collection.Op, values []string) (*collection.Witness, bool) {
			ranks := make([]int64, len(values))
			for i, v := range values {
				ranks[i] = rank(v)
			}
			return collection.Priority(in, ranks)
		},
		hinders: func(values []string, v, _, out collection.Op) bool {
			return rank(values[v.Value]) < rank(values[out.Value]) && v.Return < out.Call
		},
	}.quick
	return m
}

func rank(v string) int64 {
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil {
		return 1<<63 - 1
	}
	return n
}

// container is a collection of lines. next is which of them, in the order in which they went in, a
// removal takes.
func container(name, insert, remove string, next func(values []string) int) object {
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
	}
}

// nothing says that a removal, or a read, found nothing.
func (s step) nothing() bool { return s.arg == "" || s.arg == string(history.Null) }
