package harness_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"sunder/harness"
	"sunder/harness/generator"
	"sunder/harness/history"
	"sunder/harness/scheduler"
)

// diary is an environment and a journal that write down what they are asked for. Operations are
// done when they are waited for.
type diary struct {
	now    time.Duration
	lines  []string
	done   []history.Event
	onWait func(until time.Duration) (interrupted bool)
	broken string // Append or Flush, which fails
}

func (d *diary) say(format string, a ...any) { d.lines = append(d.lines, fmt.Sprintf(format, a...)) }

func (d *diary) Now() time.Duration { return d.now }

func (d *diary) begin(inv history.Event) {
	d.say("begin %s", inv.F)
	d.done = append(d.done, history.Complete(inv, d.now, inv.Value, nil))
}
func (d *diary) Invoke(inv history.Event)                { d.begin(inv) }
func (d *diary) Inject(inv history.Event, _ int, _ bool) { d.begin(inv) }
func (d *diary) Recover(inv history.Event)               { d.begin(inv) }

func (d *diary) Await(until time.Duration) (history.Event, bool) {
	if until == 0 {
		return history.Event{}, false
	}
	if len(d.done) > 0 {
		e := d.done[0]
		d.done = d.done[1:]
		return e, true
	}
	d.say("wait %v", until-d.now)
	if d.onWait == nil || !d.onWait(until) {
		d.now = until
	}
	return history.Event{}, false
}

var errFull = errors.New("disk is full")

func (d *diary) Append(e history.Event) (history.Event, error) {
	d.say("journal %s %s", e.F, e.Kind)
	if d.broken == "Append" {
		return e, errFull
	}
	return e, nil
}

func (d *diary) Flush() error {
	d.say("flush")
	if d.broken == "Flush" {
		return errFull
	}
	return nil
}

func conduct(ctx context.Context, d *diary, main generator.Generator) error {
	return harness.Conduct(ctx, context.Background(), d, scheduler.New(scheduler.Options{Threads: 1, Main: main}), d,
		func(line string) { d.say("log %s", line) })
}

func read() generator.Generator {
	return generator.Func(func(generator.Context, generator.Thread) generator.Op {
		return generator.Op{F: "read"}
	})
}

// The journal is flushed in waits that turn out to be long, and at the end; not in short ones.
func TestConduct(t *testing.T) {
	d := &diary{}
	err := conduct(context.Background(), d, generator.Log("hello").Then(read().Once()).
		Then(generator.Sleep(5*time.Millisecond)).Then(generator.Sleep(time.Second)))
	if err != nil {
		t.Fatal(err)
	}
	const want = `log hello
journal read invoke
begin read
journal read ok
wait 5ms
wait 10ms
flush
wait 990ms
journal recover invoke
begin recover
journal recover ok
flush`
	if got := strings.Join(d.lines, "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// An environment returns early once. If that was in the first part of a wait, there is no second.
func TestAnInterruptEndsAWait(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	d := &diary{}
	d.onWait = func(until time.Duration) bool {
		if until > time.Second {
			t.Errorf("waits until %v after an interrupt", until)
		}
		heard := ctx.Err() != nil
		cancel()
		return !heard
	}
	if err := conduct(ctx, d, generator.Sleep(time.Hour).Then(read())); err != nil {
		t.Fatal(err)
	}
	if text := strings.Join(d.lines, "\n"); strings.Contains(text, "read") ||
		!strings.Contains(text, "begin recover") {
		t.Errorf("after an interrupt:\n%s", text)
	}
}

// The second interrupt ends a test where it stands: what it did so far is in the journal.
func TestAnAbortEndsATest(t *testing.T) {
	ctx, abort := context.WithCancel(context.Background())
	abort()
	d := &diary{}
	err := harness.Conduct(ctx, ctx, d, scheduler.New(scheduler.Options{Threads: 1, Main: read()}), d,
		func(string) {})
	if got := strings.Join(d.lines, ", "); !errors.Is(err, harness.ErrAborted) || got != "flush" {
		t.Errorf("%v: %s", err, got)
	}
}

func TestATestEndsWhenItsJournalIsBroken(t *testing.T) {
	for _, broken := range []string{"Append", "Flush"} {
		d := &diary{broken: broken}
		err := conduct(context.Background(), d, generator.Sleep(time.Second).Then(read()))
		if text := strings.Join(d.lines, "\n"); !errors.Is(err, errFull) || strings.Contains(text, "begin") {
			t.Errorf("%s: %v, and then\n%s", broken, err, text)
		}
	}
}
