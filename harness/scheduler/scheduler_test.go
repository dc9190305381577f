package scheduler_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"sunder/harness/generator"
	"sunder/harness/history"
	"sunder/harness/scheduler"
	"sunder/harness/scheduler/schedulertest"
)

// TestScheduler runs the scripts in testdata:
//
//	new threads=N client-timeout=MS nemesis-timeout=MS recover-timeout=MS
//	main GENERATOR
//	final GENERATOR
//	fault AT INDEX start|end|stays
//
//	tick MS              what to do at that time, until there is nothing but to wait
//	complete PROCESS ok|fail|info MS
//	complete-before ok MS   the completion, late, of what the nemesis did before its last operation
//	stop
func TestScheduler(t *testing.T) {
	datadriven.Walk(t, "testdata/golden", func(t *testing.T, path string) {
		var s script
		datadriven.RunTest(t, path, s.run)
	})
}

type script struct {
	s    *scheduler.Scheduler
	open map[history.Process]history.Event // what each process did last

	before history.Event // what the process that was invoked last did before
}

func (s *script) run(t *testing.T, d *datadriven.TestData) string {
	var b strings.Builder
	switch d.Cmd {
	case "new":
		s.open = make(map[history.Process]history.Event)
		s.s = scheduler.New(options(t, d))
	case "script":
		for line := range strings.Lines(d.Input) {
			fmt.Fprintf(&b, "%s\n", strings.TrimSpace(line))
			s.line(t, &b, strings.Fields(line))
		}
	default:
		t.Fatalf("%s: no such command: %s", d.Pos, d.Cmd)
	}
	return b.String()
}

func options(t *testing.T, d *datadriven.TestData) scheduler.Options {
	o := scheduler.Options{Threads: 2, Seed: 1}
	d.MaybeScanArgs(t, "threads", &o.Threads)
	for name, to := range map[string]*time.Duration{"client-timeout": &o.ClientTimeout,
		"nemesis-timeout": &o.NemesisTimeout, "recover-timeout": &o.RecoverTimeout} {
		var ms int
		d.MaybeScanArgs(t, name, &ms)
		*to = time.Duration(ms) * time.Millisecond
	}
	for line := range strings.Lines(d.Input) {
		what, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch what {
		case "main":
			o.Main = parse(t, rest)
		case "final":
			o.Final = func() generator.Generator { return parse(t, rest) }
		case "fault":
			var at int
			var f scheduler.Timed
			var half string
			if _, err := fmt.Sscan(rest, &at, &f.Fault, &half); err != nil {
				t.Fatalf("%s: %v", d.Pos, err)
			}
			f.At, f.End = time.Duration(at)*time.Millisecond, half == "end"
			f.Stays = half == "stays"
			f.Value = history.Value(fmt.Sprintf("%q", fmt.Sprintf("fault %d", f.Fault)))
			o.Faults = append(o.Faults, f)
		}
	}
	return o
}

func parse(t *testing.T, text string) generator.Generator {
	g, err := schedulertest.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func (s *script) line(t *testing.T, b *strings.Builder, words []string) {
	switch words[0] {
	case "tick":
		s.tick(b, ms(t, words[1]))
	case "complete-before":
		e := s.before
		e.Kind, e.Time = history.OK, ms(t, words[2])
		s.complete(b, e)
	case "stop":
		s.s.Stop()
	case "complete":
		var p history.Process
		if _, err := fmt.Sscan(words[1], &p); err != nil {
			t.Fatal(err)
		}
		e, known := s.open[p]
		if !known {
			t.Fatalf("process %d was never invoked", p)
		}
		for k := history.OK; k <= history.Info; k++ {
			if k.String() == words[2] {
				e.Kind = k
			}
		}
		e.Time = ms(t, words[3])
		s.complete(b, e)
	default:
		t.Fatalf("no such line: %s", words)
	}
}

func (s *script) complete(b *strings.Builder, e history.Event) {
	if !s.s.Complete(e) {
		b.WriteString("    too late: not journaled\n")
	}
}

func (s *script) tick(b *strings.Builder, now time.Duration) {
	for {
		a := s.s.Next(now)
		e := a.Event
		switch a.Kind {
		case scheduler.Invoke, scheduler.Inject, scheduler.Recover:
			s.before = s.open[e.Process]
			s.open[e.Process] = e
			fmt.Fprintf(b, "    %d: process %d %s %s\n", e.Index, e.Process, e.F, e.Value)
		case scheduler.GiveUp:
			fmt.Fprintf(b, "    %d: process %d %s %s: %s\n", e.Index, e.Process, e.F, e.Kind, e.Error)
		case scheduler.Log:
			fmt.Fprintf(b, "    log: %s\n", a.Text)
		case scheduler.Wait:
			if a.Until == scheduler.Forever {
				b.WriteString("    wait for a completion\n")
			} else {
				fmt.Fprintf(b, "    wait until %d\n", a.Until.Milliseconds())
			}
			return
		case scheduler.Done:
			b.WriteString("    done\n")
			return
		}
	}
}

func ms(t *testing.T, word string) time.Duration {
	var n int
	if _, err := fmt.Sscan(word, &n); err != nil {
		t.Fatal(err)
	}
	return time.Duration(n) * time.Millisecond
}
