package sim

import (
	"fmt"
	"time"
)

// A sound cluster stays far below these: a busy one does some ten thousand things a second. Nodes
// that send each other ever more, or that set timers which are due at once, reach them soon.
const (
	stepsAtOnce    = 2_000_000 // that nobody need explain
	stepsPerSecond = 5_000_000 // of virtual time, beyond those
	queueMax       = 4_000_000 // things that are planned
)

// exhausted ends the run when the nodes do too much. It is asked now and then.
func (w *World) exhausted() bool {
	if w.spent || w.steps&0xfff != 0 {
		return w.spent
	}
	limit := stepsAtOnce + uint64(w.now/time.Millisecond)*(stepsPerSecond/1000)
	why := ""
	switch {
	case w.steps > limit:
		why = fmt.Sprintf("%d things happened in %v of virtual time", w.steps, w.now)
	case w.queue.len() > queueMax:
		why = fmt.Sprintf("%d things were planned at %v", w.queue.len(), w.now)
	default:
		return false
	}
	w.spent = true
	if w.Exhausted != nil {
		w.Exhausted("the nodes loop or flood: " + why)
	}
	return true
}
