// Package fifo is a queue, for what a node owes an answer.
package fifo

// Queue is first in, first out. The zero Queue is empty and ready.
type Queue[T any] struct {
	list []T
	head int
}

// Len is how many there are.
func (q *Queue[T]) Len() int { return len(q.list) - q.head }

// Front is the oldest, to look at or to change; there must be one.
func (q *Queue[T]) Front() *T { return &q.list[q.head] }

// Push adds one at the end.
func (q *Queue[T]) Push(one T) { q.list = append(q.list, one) }

// Pop takes the oldest; there must be one.
func (q *Queue[T]) Pop() T {
	one := q.list[q.head]
	var none T
	q.list[q.head] = none
	q.head++
	if q.head == len(q.list) {
		q.list, q.head = q.list[:0], 0
	}
	return one
}

// At is the one that Pop would take after i others, to look at or to change.
func (q *Queue[T]) At(i int) *T { return &q.list[q.head+i] }
