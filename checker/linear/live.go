package linear

import (
	"fmt"

	"sunder/checker"
	"sunder/checker/window"
	"sunder/harness/history"
)

// growMax is how many configurations the stream of one key may hold: a register's are then a few
// megabytes, and looking through them takes some milliseconds.
const growMax = 1 << 14

// Stream implements checker.Streamer.
func (l *linear[S, O]) Stream() checker.Stream {
	return &stream[S, O]{model: l.model, keys: make(map[string]*growing[S, O]),
		open: make(map[history.Process]*pending)}
}

// stream judges keys that grow. What it cannot judge it leaves to Check.
type stream[S, O comparable] struct {
	model Model[S, O]
	keys  map[string]*growing[S, O]
	open  map[history.Process]*pending
	found *checker.Anomaly
	mixed bool // some operations have no key: they belong to all, which a stream cannot follow
}

// pending is an operation from its invocation until its return was judged.
type pending struct {
	invocation, completion *history.Event
	slot                   uint8
	called                 bool // it holds the slot
}

// growing is one key: what it may be, and the events that wait for the completion of the first.
type growing[S, O comparable] struct {
	judge   *window.Stream[S, O] // nil: given up
	waiting []arrival
}

// arrival is one event of a key.
type arrival struct {
	of      *pending
	returns bool
}

// Add implements checker.Stream.
func (s *stream[S, O]) Add(e history.Event) (checker.Anomaly, bool) {
	if s.found != nil {
		return *s.found, true
	}
	if e.Process == history.Nemesis || s.mixed {
		return checker.Anomaly{}, false
	}
	g := s.keys[e.Key]
	if e.Kind == history.Invoke {
		if g == nil {
			g = &growing[S, O]{judge: window.NewStream(s.model.Init, s.model.Step, s.model.ReadOnly,
				s.model.Overwrites, growMax)}
			s.keys[e.Key] = g
			_, keyless := s.keys[""]
			s.mixed = keyless && len(s.keys) > 1
		}
		p := &pending{invocation: &e}
		s.open[e.Process] = p
		g.waiting = append(g.waiting, arrival{of: p})
		return checker.Anomaly{}, false
	}
	p := s.open[e.Process]
	if p == nil || p.invocation.Key != e.Key {
		return checker.Anomaly{}, false // no history at all, which Check refuses
	}
	delete(s.open, e.Process)
	p.completion = &e
	if e.Kind == history.OK {
		g.waiting = append(g.waiting, arrival{p, true})
	}
	return s.drain(e.Key, g)
}

// drain takes the events of a key up to the first whose outcome is not known yet.
func (s *stream[S, O]) drain(key string, g *growing[S, O]) (checker.Anomaly, bool) {
	done := 0
	for _, a := range g.waiting {
		if a.of.completion == nil {
			break
		}
		done++
		if g.judge == nil {
			continue
		}
		switch s.take(g, a) {
		case window.Legal:
		case window.Illegal:
			s.found = &checker.Anomaly{Class: "not-linearizable", Key: key,
				Ops: []int{a.of.invocation.Index},
				Words: fmt.Sprintf("key %q: what process %d was answered in event %d to its %s of event %d "+
					"fits no order of the operations before it", short(key), a.of.invocation.Process,
					a.of.completion.Index, a.of.invocation.F, a.of.invocation.Index)}
			return *s.found, true
		default:
			g.judge = nil
		}
	}
	g.waiting = g.waiting[:copy(g.waiting, g.waiting[done:])]
	return checker.Anomaly{}, false
}

// take lets one event happen. What Model cannot parse, no stream can judge.
func (s *stream[S, O]) take(g *growing[S, O], a arrival) window.Answer {
	if a.returns {
		if !a.of.called {
			return window.Legal
		}
		return g.judge.Return(a.of.slot)
	}
	o := history.Operation{Invocation: a.of.invocation, Completion: a.of.completion}
	if o.Kind() == history.Fail {
		return window.Legal
	}
	do, skip, err := s.model.Parse(o)
	switch {
	case err != nil:
		return window.Stopped
	case skip:
		return window.Legal
	case o.Kind() == history.Info:
		g.judge.Never(do)
		return window.Legal
	}
	a.of.slot, a.of.called = g.judge.Call(do)
	if !a.of.called {
		return window.TooWide
	}
	return window.Legal
}
