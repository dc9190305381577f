package checker

import "time"

// Cadence says when a growing history is worth judging again while a test still runs. Each
// beginning of a linearizable history is linearizable, with what is not completed yet left open:
// an anomaly in it is final, so the test can stop while its nodes are still up. Judging takes at
// most a tenth of the time. The zero Cadence is ready.
type Cadence struct{ next time.Duration }

// often is the shortest time between two judgements.
const often = time.Second

// Due says that it is time, at a time of the history.
func (c *Cadence) Due(now time.Duration) bool { return now >= c.next }

// Done notes a judgement that began at a time of the history and took so long.
func (c *Cadence) Done(began, took time.Duration) { c.next = began + max(often, 10*took) }
