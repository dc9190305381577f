package jepsen

import (
	"errors"

	"sunder/checker"
	"sunder/harness/history"
)

// Queue is a checker that every dequeue came from somewhere: of each value no more were answered,
// at any point of the history, than had been asked to be enqueued by then. Order is not judged.
func Queue() checker.Checker {
	return check{name: "queue", final: true, each: true, look: func(h checker.History,
		r *report) error {
		failed := make(map[int]bool)
		for _, o := range h.Operations {
			failed[o.Invocation.Index] = o.Kind() == history.Fail
		}
		in := make(map[element]int)
		for i := range h.Events {
			e := &h.Events[i]
			switch {
			case e.Process == history.Nemesis:
			case e.F == "enqueue" && e.Kind == history.Invoke && !failed[e.Index]:
				in[element(e.Value)]++
				r.counts["enqueued"]++
			case e.F == "dequeue" && e.Kind == history.OK && e.Value != history.Null && e.Value != "":
				r.counts["dequeued"]++
				if in[element(e.Value)]--; in[element(e.Value)] < 0 {
					r.tell("unexpected", string(e.Value), []int{e.Index},
						"%s was dequeued (event %d) more often than it can have been enqueued", e.Value, e.Index)
				}
			}
		}
		if r.counts["dequeued"] == 0 {
			r.vacuous = "no dequeue succeeded"
		}
		return nil
	}}
}

// ErrDrain says that a drain did not end: what it took is unknown, and so is what was lost.
var ErrDrain = errors.New("a drain of unknown outcome took what nobody knows")

// TotalQueue is a checker that what goes in comes out: it needs a drain at the end, or dequeues
// until the queue is empty. Lost was acknowledged and had not come out when the queue was seen to
// be empty; unexpected came out and nobody enqueued it; duplicated came out more often than it can
// have gone in. Recovered came out though its enqueue was not acknowledged. A dequeue of unknown
// outcome may have taken one element, which is then not lost.
func TotalQueue() checker.Checker {
	return check{name: "total-queue", each: true, look: func(h checker.History, r *report) error {
		t := tallies{of: make(map[element]*tally), emptied: -1}
		if err := clients(h, t.take); err != nil {
			return err
		}
		var lost []element
		left := 0
		for _, v := range t.order {
			c := t.of[v]
			switch {
			case c.out > 0 && c.attempted == 0:
				r.tell("unexpected", string(v), []int{c.at}, "%s came out (event %d), and nobody enqueued it",
					v, c.at)
			case c.out > c.attempted:
				r.tell("duplicated", string(v), []int{c.at},
					"%s came out %d times and went in at most %d times",
					v, c.out, c.attempted)
			case c.out < c.acked && c.last < t.emptied:
				lost = append(lost, v)
			case c.out < c.acked:
				left++
			case c.out > c.acked:
				r.counts["recovered"] += c.out - c.acked
			}
			r.counts["out"] += c.out
		}
		t.miss(lost, r)
		switch {
		case r.counts["out"] == 0:
			r.vacuous = "nothing came out"
		case left > 0 && t.emptied < 0:
			r.vacuous = "the queue was not drained"
		}
		r.counts["left"] += left
		return nil
	}}
}

// miss tells what was lost, if dequeues of unknown outcome cannot have taken it all.
func (t *tallies) miss(lost []element, r *report) {
	if len(lost) <= t.open {
		r.counts["taken-in-doubt"] += len(lost)
		return
	}
	for _, v := range lost {
		r.tell("lost", string(v), []int{t.of[v].at, t.emptied}, "%s was enqueued (event %d) and had not "+
			"come out when the queue was empty (event %d); of %d such elements, %d may have been taken "+
			"by dequeues of unknown outcome", v, t.of[v].at, t.emptied, len(lost), t.open)
	}
}

type tally struct {
	attempted, acked, out int
	at                    int // event of the first enqueue, or of the first dequeue before any
	last                  int // event of the last acknowledgement
}

// tallies counts by value.
type tallies struct {
	of      map[element]*tally
	order   []element
	open    int // dequeues of unknown outcome
	emptied int // the latest invocation of an operation that saw the queue empty
}

func (t *tallies) get(v element, at int) *tally {
	if t.of[v] == nil {
		t.of[v] = &tally{at: at}
		t.order = append(t.order, v)
	}
	return t.of[v]
}

func (t *tallies) take(o history.Operation) error {
	in := o.Invocation
	switch kind := o.Kind(); {
	case in.F == "enqueue" && kind != history.Fail:
		c := t.get(element(in.Value), in.Index)
		c.attempted++
		if kind == history.OK {
			c.acked++
			c.last = max(c.last, o.Completion.Index)
		}
	case in.F == "dequeue" && kind == history.OK:
		if v := o.Completion.Value; v != history.Null && v != "" {
			t.get(element(v), in.Index).out++
		} else {
			t.emptied = in.Index
		}
	case in.F == "dequeue" && kind == history.Info:
		t.open++
	case in.F == "drain" && kind == history.OK:
		list, err := elements(o.Completion.Value)
		if err != nil {
			return err
		}
		for _, v := range list {
			t.get(v, in.Index).out++
		}
		t.emptied = in.Index
	case in.F == "drain" && kind == history.Info:
		return ErrDrain
	}
	return nil
}
