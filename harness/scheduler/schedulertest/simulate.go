// Package schedulertest runs whole tests in no time: no thread, no clock, no cluster. Completions
// and their latencies are invented. Workloads try their generators with it.
package schedulertest

import (
	"fmt"
	"slices"
	"time"

	"sunder/harness/history"
	"sunder/harness/scheduler"
)

// EventsMax bounds a simulated history: a generator that never ends is a mistake in a test.
const EventsMax = 1 << 20

// Never is the latency of an operation that does not complete.
const Never = scheduler.Forever

// Answer invents the completion of an invocation and how long it takes. Invocations of the
// nemesis are start, end and recover.
type Answer func(inv history.Event) (history.Event, time.Duration)

// AllOK answers everything with ok, and with the argument, after a latency.
func AllOK(latency time.Duration) Answer {
	return func(inv history.Event) (history.Event, time.Duration) {
		return history.Complete(inv, 0, inv.Value, nil), latency
	}
}

// Simulate runs a test to its end and returns its history. Of completions at one instant, the
// operation that was invoked first comes first.
func Simulate(o scheduler.Options, answer Answer) []history.Event {
	var events, arriving []history.Event // arriving: ascending by time
	s := scheduler.New(o)
	now := time.Duration(0)
	journal := func(e history.Event) {
		if e.Index = len(events); e.Index == EventsMax {
			panic(fmt.Sprintf("schedulertest: a generator goes on after %d events", EventsMax))
		}
		events = append(events, e)
	}
	for {
		for len(arriving) > 0 && arriving[0].Time <= now {
			if s.Complete(arriving[0]) {
				journal(arriving[0])
			}
			arriving = arriving[1:]
		}
		a := s.Next(now)
		switch a.Kind {
		case scheduler.Invoke, scheduler.Inject, scheduler.Recover:
			journal(a.Event)
			e, latency := answer(a.Event)
			if latency == Never {
				continue
			}
			e.Time = now + latency
			i, _ := slices.BinarySearchFunc(arriving, e.Time+1, func(x history.Event, t time.Duration) int {
				return int(min(1, max(-1, x.Time-t)))
			})
			arriving = slices.Insert(arriving, i, e)
		case scheduler.GiveUp:
			journal(a.Event)
		case scheduler.Wait:
			now = a.Until
			if len(arriving) > 0 {
				now = min(now, arriving[0].Time)
			}
			if now == scheduler.Forever {
				panic("schedulertest: the scheduler waits for a completion that never comes")
			}
		case scheduler.Done:
			return events
		}
	}
}
