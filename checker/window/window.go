// Package window judges the history of one object of any kind by search: depth first in the way of
// Wing and Gong with the memory of Lowe (Testing for linearizability, 2017), over configurations
// of a few words each. A configuration is a position in the history, which of the operations open
// there have been placed, the object's state, and how many open-ended operations of each class
// were used up. It is as large as the window of concurrency, whatever the length of the history.
//
// The problem is NP-complete: there are histories for which no time is enough. What keeps others
// short is exact, and said where it is done.
package window

import (
	"context"
	"math"
)

// Op is one operation. What it does and answers is its class, a number that the Machine knows.
type Op struct {
	Call, Return uint32 // positions in one total order, from 1; Open if it may never have happened
	Class        int32
}

// Open is the Return of an operation that may happen at any time after its Call, or never.
const Open = math.MaxUint32

// Machine is the object: it starts in state 0.
type Machine interface {
	// Step is the state after an operation of a class, or negative where it is impossible.
	Step(state, class int32) int32
	// ReadOnly says that a class changes no state at all.
	ReadOnly(class int32) bool
	// Overwrites says that the state after any operation that is not ReadOnly is the same from
	// every state in which it is possible: so for a register, not for a counter.
	Overwrites() bool
}

// Answer is what a search concludes.
type Answer uint8

// The answers.
const (
	Legal   Answer = iota + 1
	Illegal        // no order exists
	Stopped        // the context ended first
	Tired          // the limit of steps was reached first
	TooWide        // more operations are open at a time than a configuration holds
)

// Width is how many operations may be open at a time, not counting those that never end.
const Width = 128

// Limits bound a search.
type Limits struct {
	Memory int64 // bytes for configurations that led nowhere; past it they are forgotten
	Steps  int   // configurations tried; 0: any number
}

// Search looks for a linearization of ops, which are in order of invocation, and returns it.
func Search(ctx context.Context, ops []Op, m Machine, limits Limits) (Answer, []int32) {
	s := &search{ops: ops, machine: m, overwrites: m.Overwrites()}
	if !s.prepare() {
		return TooWide, nil
	}
	s.dead.limit = limits.Memory
	return s.run(ctx, limits.Steps)
}

// frame is a configuration on the way, and which of its successors to try next.
type frame struct {
	placed  slots
	state   int32
	pos     int32
	ordered int32 // length of the order
	next    int16 // candidate to try next
	bare    int32 // state before the open-ended operation that led here, or none
	used    int32 // the class of that operation, or none
}

const none = int32(-1)

// run is the search. A configuration is entered once; when it has no successor left, the search
// goes back to the one before it.
func (s *search) run(ctx context.Context, steps int) (Answer, []int32) {
	f := frame{bare: none, used: none}
	s.settle(&f)
	frames := []frame{f}
	for tick := 1; len(frames) > 0; tick++ {
		if tick&1023 == 0 && ctx.Err() != nil {
			return Stopped, nil
		}
		if tick == steps {
			return Tired, nil
		}
		f := &frames[len(frames)-1]
		s.goTo(f.pos)
		s.order = s.order[:f.ordered]
		if int(f.pos) == len(s.returns) {
			return Legal, s.order
		}
		next, more := s.advance(f)
		if !more {
			if f.used != none {
				s.consumed.give(f.used)
			}
			frames = frames[:len(frames)-1]
			continue
		}
		if !s.dead.add(&next, &s.consumed) {
			if next.used != none {
				s.consumed.give(next.used)
			}
			continue
		}
		frames = append(frames, next)
	}
	return Illegal, nil
}

// advance makes the next successor of f. A successor is settled: whatever is free was done.
func (s *search) advance(f *frame) (next frame, more bool) {
	s.gather(f)
	if int(f.next) >= len(s.candidates) {
		return frame{}, false
	}
	c := s.candidates[f.next]
	f.next++
	next = frame{placed: f.placed, state: c.state, pos: f.pos, bare: none, used: none}
	if c.op != none {
		next.placed.set(s.slot[c.op])
		s.order = append(s.order, c.op)
	} else {
		next.used = c.class
		if s.overwrites {
			next.bare = f.state
		}
		s.order = append(s.order, s.consumed.take(c.class))
	}
	s.settle(&next)
	return next, true
}

// settle does what costs nothing: read-only operations that are possible now are placed, for they
// close no other way; operations that are placed are completed.
func (s *search) settle(f *frame) {
	for {
		open := s.open.minus(f.placed)
		open = open.and(s.readers)
		for !open.empty() {
			slot := open.take()
			op := s.holder[slot]
			if s.machine.Step(f.state, s.ops[op].Class) >= 0 {
				f.placed.set(slot)
				s.order = append(s.order, op)
				f.bare = none
			}
		}
		if int(f.pos) == len(s.returns) || !f.placed.has(s.slot[s.returns[f.pos]]) {
			break
		}
		f.placed.clear(s.slot[s.returns[f.pos]])
		f.pos++
		s.goTo(f.pos)
	}
	f.ordered = int32(len(s.order))
}
