// Package history is what every process asked for, was told, and when.
//
// A history is a list of events in the order in which one thread wrote them down: an invocation
// before it is dispatched, its completion after it returned. That order, not any clock, is what
// checkers judge by. Everything else in Sunder speaks in these types.
package history

import (
	"errors"
	"time"
)

// Process is a logically single-threaded client: it has at most one operation open, and is
// retired when one of them ends as Info. Clients count from 0.
type Process int32

// Nemesis is the process that injects faults. It is exempt from retirement.
const Nemesis Process = -1

// Kind says which half of an operation an event is, and how the operation ended.
type Kind uint8

// The kinds of event. The zero Kind is none of them, so that a forgotten one is seen.
const (
	Invoke Kind = iota + 1 // the operation was asked for
	OK                     // it took effect, and this is what it answered
	Fail                   // it certainly did not take effect and never will
	Info                   // nobody can tell: it may take effect at any later time
)

var kindNames = [...]string{Invoke: "invoke", OK: "ok", Fail: "fail", Info: "info"}

// String is the kind as it stands on disk: invoke, ok, fail or info.
func (k Kind) String() string {
	if k < Invoke || k > Info {
		return "none"
	}
	return kindNames[k]
}

// Event is one entry of a history: either half of an operation. It takes 104 bytes, and its
// strings are shared between events wherever they are read or written by this package: a history
// of a million register operations (two million events) takes about 230 MB in memory and 210 MB
// on disk (BenchmarkRead prints the bytes of an event).
type Event struct {
	Index   int           // position in the history, dense from 0
	Time    time.Duration // monotonic, since the cluster was up; a note, never a judge
	Process Process
	Kind    Kind
	F       string // the function: read, write, cas, ...; start and end for the nemesis
	Key     string // the object it acts on; an event without one belongs to every key
	Node    string // the node that was asked, where one was
	Value   Value  // argument of an invocation, answer of an ok; fail and info keep the argument
	Error   string // why a fail or info is one
}

// Operation is an invocation with its completion, which is nil while it is open: such an
// operation is concurrent with everything to the end of the history.
type Operation struct {
	Invocation, Completion *Event
}

// Kind is how the operation ended; an open one is Info.
func (o Operation) Kind() Kind {
	if o.Completion == nil {
		return Info
	}
	return o.Completion.Kind
}

// ErrDefinite marks errors that prove that the operation did not happen and never will.
var ErrDefinite = errors.New("definite")

type definite struct{ error }

func (d definite) Unwrap() error      { return d.error }
func (definite) Is(target error) bool { return target == ErrDefinite }

// Definite marks err: it proves that the operation did not take effect and never will. Every
// error without this mark is indefinite.
func Definite(err error) error { return definite{err} }

// Complete is the event that ends inv: ok with the answer, fail with a definite error, else info.
func Complete(inv Event, now time.Duration, answer Value, err error) Event {
	c := inv
	c.Time = now
	switch {
	case err == nil:
		c.Kind, c.Value = OK, answer
		return c
	case errors.Is(err, ErrDefinite):
		c.Kind = Fail
	default:
		c.Kind = Info
	}
	c.Error = err.Error()
	return c
}
