package nemesis

import (
	"time"

	"sunder/nodes"
)

// Window is the time in which one fault was active, with what all faults together left standing.
type Window struct {
	Fault      int
	Name       string // the fault, for a reader
	Start, End time.Duration
	Sides      [][]string // of a partition: nodes that reach each other both ways, largest first

	// Quorum is the longest stretch in which a connected live quorum stood: one and the same node
	// that lives and has links in both directions to a majority, itself included, that live.
	Quorum time.Duration

	// Outside says that a monotonic clock was beyond the declared assumption at some time.
	Outside bool
}

// Windows are the windows of the faults on record, in the order in which they started. A fault
// may have several records, of which the last one counts; one that did not end lasts to the end.
func Windows(names []string, a nodes.ClockAssumption, end time.Duration, rs []Record) []Window {
	return nil
}
