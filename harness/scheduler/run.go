package scheduler

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"sunder/harness/generator"
	"sunder/harness/history"
)

// phase is where a test stands. A phase ends when nothing of it is open any more.
type phase uint8

const (
	running    phase = iota // the main generator and the faults
	healing                 // the ends of all faults still active
	recovering              // one operation of the nemesis
	final                   // the final generator
	parting                 // the ends of the faults that stayed
	ended
)

// Scheduler is a test under way. It is not safe for concurrent use.
type Scheduler struct {
	o       Options
	phase   phase
	gen     generator.Generator
	threads *generator.Threads
	open    operations
	index   int // of the next event

	now     time.Duration
	origin  time.Duration // that times of faults count from
	started bool          // they do
	nemesis nemesis
}

// New is a test that has not begun. It panics when the faults are out of order.
func New(o Options) *Scheduler {
	if !slices.IsSortedFunc(o.Faults, func(a, b Timed) int { return cmp.Compare(a.At, b.At) }) {
		panic("scheduler: faults must ascend by time")
	}
	return &Scheduler{
		o:       o,
		gen:     o.Main,
		threads: generator.NewThreads(o.Threads, o.Seed),
		open:    newOperations(o.Threads),
		nemesis: nemesis{due: o.Faults},
	}
}

// Stop ends the main phase early. What is open is awaited; healing, recovery and the final phase
// follow as ever.
func (s *Scheduler) Stop() {
	if s.phase == running {
		s.gen, s.nemesis.due = generator.Generator{}, nil
	}
}

// Complete takes the completion of an operation, with the Index, Process, F and Key of its
// invocation (history.Complete keeps them), and says whether it counts: one that was given up
// before is not to be journaled. It panics when e is no completion of what its process has open.
func (s *Scheduler) Complete(e history.Event) bool {
	t := s.threads.Of(e.Process)
	o := s.open.of(t)
	if !o.is || o.event.Process != e.Process || t == generator.Nemesis && o.event.Index != e.Index {
		return false
	}
	if e.Kind < history.OK || e.Kind > history.Info || e.F != o.event.F || e.Key != o.event.Key {
		panic(fmt.Sprintf("scheduler: %s of %s %q cannot complete process %d's %s %q",
			e.Kind, e.F, e.Key, e.Process, o.event.F, o.event.Key))
	}
	s.close(t, e)
	return true
}

// close ends the operation of thread t, whether it completed or was given up.
func (s *Scheduler) close(t generator.Thread, e history.Event) {
	s.index++
	s.now = max(s.now, e.Time)
	s.open.remove(t)
	s.threads.Release(t, e.Kind)
	if t == generator.Nemesis {
		s.nemesis.completed(e.Kind, s.now-s.origin)
	}
	s.gen = s.gen.Update(s.threads.Context(s.now), e)
}

// Next says what to do at a time, which never goes back.
func (s *Scheduler) Next(now time.Duration) Action {
	s.now = max(s.now, now)
	if s.o.AtOnce && !s.started {
		s.begin()
	}
	if t, late := s.open.late(s.now); late {
		return s.giveUp(t)
	}
	for {
		a, over := s.step()
		if !over {
			return a
		}
		s.enter(s.phase + 1)
	}
}

// step is what the present phase wants, unless it is over.
func (s *Scheduler) step() (a Action, over bool) {
	switch s.phase {
	case running, final:
		return s.generate()
	case healing, parting:
		if s.threads.Free(generator.Nemesis) && len(s.nemesis.heal) > 0 {
			return s.inject(s.nemesis.nextHeal()), false
		}
	case recovering:
		if s.nemesis.recover {
			s.nemesis.recover = false
			e := s.start(generator.Nemesis, generator.Op{F: "recover"}, s.o.RecoverTimeout)
			return Action{Kind: Recover, Event: e}, false
		}
	case ended:
		return Action{Kind: Done}, false
	}
	return s.wait(Forever), s.threads.Busy() == 0
}

// enter begins a phase. In between nothing is generated, so that nothing but the nemesis runs.
func (s *Scheduler) enter(p phase) {
	s.phase, s.gen = p, generator.Generator{}
	switch p {
	case healing:
		s.nemesis.heal = s.nemesis.those(false)
	case parting:
		s.nemesis.heal = s.nemesis.those(true)
	case recovering:
		s.nemesis.recover = true
	case final:
		if s.o.Final != nil {
			s.gen = s.o.Final().Clients()
		}
	}
}

// generate asks the nemesis' list, then the generator. Faults that come due after the generator
// is exhausted are left out: nothing would feel them.
func (s *Scheduler) generate() (a Action, over bool) {
	until := Forever
	if s.started && len(s.nemesis.due) > 0 && s.threads.Free(generator.Nemesis) {
		if until = s.origin + s.nemesis.due[0].At; until <= s.now {
			return s.inject(s.nemesis.nextDue()), false
		}
	}
	op, verdict, at, rest := s.gen.Next(s.threads.Context(s.now))
	s.gen = rest
	switch verdict {
	case generator.Emit:
		return s.emit(op), false
	case generator.NotYet:
		return s.wait(min(until, at)), false
	case generator.Exhausted:
		s.nemesis.due = nil
		return s.wait(Forever), s.threads.Busy() == 0
	}
	if s.threads.Busy() == 0 {
		panic("scheduler: the generator waits for a completion, and no operation is open")
	}
	return s.wait(until), false
}

func (s *Scheduler) emit(op generator.Op) Action {
	if op.Log != "" {
		s.threads.Step()
		return Action{Kind: Log, Text: op.Log}
	}
	timeout := s.o.ClientTimeout
	if op.Thread == generator.Nemesis {
		timeout = s.o.NemesisTimeout
	} else if !s.started {
		s.begin()
	}
	return Action{Kind: Invoke, Event: s.start(op.Thread, op, timeout)}
}

// begin lets the times of faults count from now on.
func (s *Scheduler) begin() { s.origin, s.started = s.now, true }

func (s *Scheduler) inject(f Timed) Action {
	op := generator.Op{F: "start", Value: f.Value}
	if f.End {
		op.F = "end"
	}
	e := s.start(generator.Nemesis, op, s.o.NemesisTimeout)
	return Action{Kind: Inject, Event: e, Fault: f.Fault, End: f.End}
}

// start opens an operation on thread t.
func (s *Scheduler) start(
	t generator.Thread, op generator.Op, timeout time.Duration) history.Event {
	e := history.Event{
		Index: s.index, Time: s.now, Process: s.threads.Process(t), Kind: history.Invoke,
		F: op.F, Key: op.Key, Node: op.Node, Value: op.Value,
	}
	s.index++
	until := Forever
	if timeout > 0 {
		until = s.now + timeout
	}
	s.threads.Take(t)
	s.open.add(t, e, until)
	return e
}

func (s *Scheduler) giveUp(t generator.Thread) Action {
	o := s.open.of(t)
	e := history.Complete(o.event, s.now, "",
		fmt.Errorf("given up: no completion within %v", o.until-o.event.Time))
	e.Index = s.index
	s.close(t, e)
	return Action{Kind: GiveUp, Event: e}
}

func (s *Scheduler) wait(until time.Duration) Action {
	return Action{Kind: Wait, Until: min(until, s.open.soonest())}
}
