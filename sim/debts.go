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
	there := slices.DeleteFunc(slices.Clone(w.nodes), func(n *node) bool {
		return slices.Contains(away, n.id.String())
	})
	until := w.now + debtMax
	for slices.ContainsFunc(there, (*node).owes) && !w.exhausted() && w.step(until) {
	}
	if w.exhausted() {
		return nil
	}
	for _, n := range there {
		if !n.owes() {
			continue
		}
		for _, a := range n.owed {
			words = append(words, fmt.Sprintf("%s has not answered the %s of %q for which process %d "+
				"asked it %v ago", n.id, a.command.Op, a.command.Key, uint64(a.id)>>32,
				(w.now-a.since).Round(time.Millisecond)))
		}
	}
	return words
}

// owes says that the process runs and has an answer to give.
func (n *node) owes() bool { return n.proc != nil && !n.paused && len(n.owed) > 0 }
