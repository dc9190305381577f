package sim

import (
	"math"
	"slices"
	"time"

	"sunder/harness/plan"
	"sunder/nemesis"
	"sunder/nodes"
)

// event is what a trigger waits for; the words are those of a plan.
type event uint8

const (
	sent event = iota + 1
	delivered
	syncDone
	elected
	committed
	configured
)

func eventNamed(name string) event {
	return event(1 + slices.Index(plan.Events(), name)) // in the same order
}

// trigger is a fault that waits for its event.
type trigger struct {
	fault int
	event event
	kind  uint8 // of message; 0: any
	left  int   // events until it starts
	until time.Duration
	delay time.Duration
}

// arm lets a fault wait for its trigger.
func (w *World) arm(fault int) {
	on := w.Plan.Faults[fault].On
	t := trigger{fault: fault, event: eventNamed(on.Event), left: max(1, on.Nth),
		delay: on.Delay.Duration, until: math.MaxInt64}
	if on.Within.Duration > 0 {
		t.until = w.now + on.Within.Duration
	}
	if on.Kind != "" {
		t.kind = uint8(slices.Index(w.protocol.Kinds, on.Kind)) // New has checked it
	}
	w.armed = append(w.armed, t)
}

func (w *World) disarm(fault int) {
	w.armed = slices.DeleteFunc(w.armed, func(t trigger) bool { return t.fault == fault })
}

// happened starts the faults that waited for what just happened on a node. The step that it is
// part of ends first.
func (w *World) happened(e event, self, from, to nodes.ID, kind uint8) {
	for i := 0; i < len(w.armed); i++ {
		t := &w.armed[i]
		if t.event != e || t.kind != 0 && t.kind != kind || w.now > t.until {
			continue
		}
		if t.left--; t.left > 0 {
			continue
		}
		fault, place := t.fault, nemesis.View{Self: self.String()}
		if from != 0 {
			place.Sender, place.Receiver = from.String(), to.String()
		}
		w.at(w.now+t.delay, func() { w.fire(fault, place) })
		w.armed = slices.Delete(w.armed, i, i+1)
		i--
	}
}

// fire starts a fault whose trigger came, and ends it when it has lasted. All that it was and did
// is in the record of its end.
func (w *World) fire(fault int, place nemesis.View) {
	if w.healed || !w.injector.Fire(fault, place) {
		return
	}
	w.at(w.now+w.Plan.Faults[fault].Duration.Duration, func() { w.injector.Expire(fault) })
}
