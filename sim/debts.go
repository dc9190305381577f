package sim

import (
	"fmt"
	"slices"
	"time"
)

// debtMax is how long after the test nodes may take for an answer that they still owe.
const debtMax = 2 * time.Second

// Debts lets the nodes go on after a test that was healed, without clients, until they owe nobody
// an answer. It says what they owe even then: a request that a node took in and will never answer,
// though its client has given up. The trace is that of the test.
func (w *World) Debts() (words []string) {
	if !w.healed || w.closed || w.exhausted() {
		return nil
	}
	defer func(trace uint64) { w.trace = trace }(w.trace)
	away := w.injector.Ledger.Away()
	for until := w.now + debtMax; w.owing(away) != nil && !w.exhausted() && w.step(until); {
	}
	if w.exhausted() {
		return nil
	}
	for _, a := range w.owing(away) {
		words = append(words, fmt.Sprintf("%s has not answered the %s of %q for which process %d "+
			"asked it %v ago", a.to.id, a.command.Op, a.command.Key, uint64(a.id)>>32,
			(w.now-a.since).Round(time.Millisecond)))
	}
	return words
}

// owing is what nodes owe that are there to answer.
func (w *World) owing(away []string) (out []*ask) {
	for _, n := range w.nodes {
		if n.proc != nil && !n.paused && !slices.Contains(away, n.id.String()) {
			out = append(out, n.owed...)
		}
	}
	return out
}
