package harness_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"sunder/harness"
	"sunder/harness/generator"
	"sunder/harness/history"
	"sunder/harness/scheduler"
)

// silent is an environment that completes nothing. Time passes while it is awaited.
type silent struct {
	now      time.Duration
	onInvoke func()
	did      []string
}

func (e *silent) Now() time.Duration { return e.now }
func (e *silent) Invoke(history.Event) {
	e.did = append(e.did, "invoke")
	e.onInvoke()
}

func (e *silent) Inject(_ history.Event, _ int, _ bool) { e.did = append(e.did, "inject") }
func (e *silent) Recover(history.Event)                 { e.did = append(e.did, "recover") }

func (e *silent) Await(until time.Duration) (history.Event, bool) {
	e.now = max(e.now, until)
	return history.Event{}, false
}

type journal struct{ events []history.Event }

func (j *journal) Append(e history.Event) (history.Event, error) {
	j.events = append(j.events, e)
	return e, nil
}

func (j *journal) Flush() error { return nil }

// TestConductEndsAsItIsTold interrupts a test in its first operation. Once lets recovery follow;
// twice, nothing.
func TestConductEndsAsItIsTold(t *testing.T) {
	for _, twice := range []bool{false, true} {
		ctx, stop := context.WithCancel(t.Context())
		abort, insist := context.WithCancel(t.Context())
		env := &silent{onInvoke: func() {
			stop()
			if twice {
				insist()
			}
		}}
		read := generator.Func(func(generator.Context, generator.Thread) generator.Op {
			return generator.Op{F: "read"}
		})
		s := scheduler.New(scheduler.Options{Threads: 1, Main: read.Clients(),
			ClientTimeout: time.Second, NemesisTimeout: time.Second, RecoverTimeout: time.Second})
		err := harness.Conduct(ctx, abort, env, s, &journal{}, func(string) {})
		insist()
		if errors.Is(err, harness.ErrAborted) != twice {
			t.Errorf("twice %t: %v", twice, err)
		}
		if want := map[bool]int{false: 2, true: 1}[twice]; len(env.did) != want {
			t.Errorf("twice %t: it did %v", twice, env.did)
		}
	}
}
