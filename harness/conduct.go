// Package harness conducts a test in any environment: one loop, the same for the simulation and
// for containers. Everything that decides is elsewhere and pure; here a plan becomes a workload
// and a schedule, the schedule becomes a history, and the history becomes a verdict.
package harness

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sunder/harness/history"
	"sunder/harness/scheduler"
)

// Environment is where a test runs. One goroutine calls it. Operations that were started complete
// through Await, in the order in which they ended.
type Environment interface {
	// Now is the time since the cluster was up; it never goes back.
	Now() time.Duration
	// Invoke starts an operation of a client process. It completes once, or never.
	Invoke(inv history.Event)
	// Inject starts the plan's fault, or ends it. The completion carries what the target resolved
	// to and what was read back; it is OK if all was done, else Info.
	Inject(inv history.Event, fault int, end bool)
	// Recover waits until the healed system serves again. The completion says whether it did.
	Recover(inv history.Event)
	// Await waits for a completion, at most until the given time; it returns early, with false,
	// when the test is interrupted, and at once when it is aborted.
	Await(until time.Duration) (history.Event, bool)
}

// Journal appends an event to the history and returns it with its index. Flush is called in a wait
// that turns out to be long, so that a killed harness loses little.
type Journal interface {
	Append(history.Event) (history.Event, error)
	Flush() error
}

// ErrAborted is returned by Conduct when it was told to give up at once.
var ErrAborted = errors.New("the test was aborted")

// Conduct runs a test to its end. An event is in the journal before anything is done about it:
// invocations before they are dispatched, completions before anything else is generated. When stop
// ends, generating stops, and healing, recovery and the final phase follow as ever. When abort
// ends, nothing follows: the cluster is about to be taken down as it is.
func Conduct(stop, abort context.Context, env Environment, s *scheduler.Scheduler, j Journal,
	log func(string)) error {
	stopped := false
	for {
		if !stopped && stop.Err() != nil {
			stopped = true
			s.Stop()
		}
		if abort.Err() != nil {
			return errors.Join(ErrAborted, j.Flush())
		}
		now := env.Now()
		a := s.Next(now)
		switch a.Kind {
		case scheduler.Done:
			return j.Flush()
		case scheduler.Log:
			log(a.Text)
		case scheduler.Wait:
			if err := await(stop, env, s, j, now, a.Until); err != nil {
				return err
			}
		default:
			if err := start(env, j, a); err != nil {
				return err
			}
		}
		if err := drain(env, s, j); err != nil {
			return err
		}
	}
}

// start journals an action's event and lets the environment do it.
func start(env Environment, j Journal, a scheduler.Action) error {
	e, err := j.Append(a.Event)
	if err != nil {
		return fmt.Errorf("journal an invocation: %w", err)
	}
	switch a.Kind {
	case scheduler.Invoke:
		env.Invoke(e)
	case scheduler.Inject:
		env.Inject(e, a.Fault, a.End)
	case scheduler.Recover:
		env.Recover(e)
	}
	return nil
}

// flushWait is how long nothing must have come before the journal is flushed.
const flushWait = 10 * time.Millisecond

// await waits for one completion. While they come fast nothing is flushed: that would be a system
// call for every few operations.
func await(ctx context.Context, env Environment, s *scheduler.Scheduler, j Journal,
	now, until time.Duration) error {
	soon := min(until, now+flushWait)
	e, ok := env.Await(soon)
	if !ok && soon < until {
		if err := j.Flush(); err != nil {
			return err
		}
		if ctx.Err() == nil { // else this may have been the early return that is due only once
			e, ok = env.Await(until)
		}
	}
	if !ok {
		return nil
	}
	return complete(s, j, e)
}

// drain takes all completions that have arrived: to generate before that would make operations
// look concurrent that were not.
func drain(env Environment, s *scheduler.Scheduler, j Journal) error {
	for {
		e, ok := env.Await(0)
		if !ok {
			return nil
		}
		if err := complete(s, j, e); err != nil {
			return err
		}
	}
}

func complete(s *scheduler.Scheduler, j Journal, e history.Event) error {
	if !s.Complete(e) {
		return nil
	}
	if _, err := j.Append(e); err != nil {
		return fmt.Errorf("journal a completion: %w", err)
	}
	return nil
}
