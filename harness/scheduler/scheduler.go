// Package scheduler decides, for any environment, what a test does next: which operation to
// invoke, which fault to start or end, how long to wait, and when it is over.
//
// It is pure. The conductor drives it: it tells the time, does what the scheduler says, and
// reports what completed. Given the same times and completions in the same order, the same seed
// yields the same test.
//
//	for {
//		for each completion that has arrived {         // all of them, before anything new
//			if s.Complete(c) { journal(c) }
//		}
//		switch a := s.Next(now()); a.Kind {
//		case Invoke, Inject, Recover: journal(a.Event); start it
//		case GiveUp:                  journal(a.Event); forget the operation
//		case Log:                     log(a.Text)
//		case Wait:                    await a completion, or a.Until
//		case Done:                    return
//		}
//	}
package scheduler

import (
	"math"
	"time"

	"sunder/harness/generator"
	"sunder/harness/history"
)

// Forever is the time to wait until when only a completion can bring anything new.
const Forever = time.Duration(math.MaxInt64)

// Kind says what an Action is. The zero Kind is none.
type Kind uint8

// The kinds of action.
const (
	Invoke  Kind = iota + 1 // start the operation Event
	Inject                  // start or end a fault: the nemesis' operation Event
	Recover                 // wait until the system serves again: the nemesis' operation Event
	GiveUp                  // Event completes, as info, an operation that was waited for too long
	Log                     // log Text
	Wait                    // nothing to do before Until, unless a completion arrives
	Done                    // everything is over
)

// Action is one thing for the conductor to do. Event is to be journaled before anything else is
// done; its Time is the time that Next was told.
type Action struct {
	Kind  Kind
	Event history.Event
	Fault int           // of Inject: the index that the Timed carries
	End   bool          // of Inject
	Until time.Duration // of Wait; Forever: for a completion only
	Text  string        // of Log
}

// Timed is the start or the end of a fault. A fault's end may be missing: it lasts, then, until
// everything is healed, or the final phase is over.
type Timed struct {
	At    time.Duration // since the first client operation, or the first Next: see Options
	Fault int
	End   bool
	Value history.Value // of the event
	Stays bool          // it is ended after the final phase: healing leaves it
}

// Options say what a test consists of.
type Options struct {
	Threads int    // client threads, 1 to 255
	Seed    uint64 // decides every random choice

	Main   generator.Generator        // runs first, with the faults
	Final  func() generator.Generator // made and run after recovery, on client threads; nil: none
	Faults []Timed                    // ascending by At; done one at a time, in this order

	// AtOnce says that times count from the first Next: a script of operations may let the nemesis
	// go first.
	AtOnce bool

	// How long to wait for an operation before giving it up as info. Each environment ends its
	// operations itself; these are for the one that it lost, so they lie well above its own
	// deadlines. 0 or less: without end.
	ClientTimeout  time.Duration
	NemesisTimeout time.Duration // of one start or end
	RecoverTimeout time.Duration
}
