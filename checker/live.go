package checker

import "sunder/harness/history"

// Stream judges a history while a test writes it. Each beginning of a linearizable history is
// linearizable, so an anomaly in one is final: the test can stop while its nodes are still up.
type Stream interface {
	// Add takes the next event. It is true, with what is wrong, from the event on that shows that
	// the history is impossible whatever follows. An answer counts only once all that was invoked
	// before it has been completed, so a Stream lags by as much as operations take.
	Add(e history.Event) (Anomaly, bool)
}

// Streamer is a Checker that can also judge a growing history. A Stream may give up and then finds
// nothing more, so silence proves nothing: Check judges the whole in any case.
type Streamer interface {
	Checker
	Stream() Stream // nil: it can do so for some histories, and not for this checker's
}

// NewStream is a Stream of all of those checkers, and of their parts, that are Streamers; nil if
// none is.
func NewStream(from ...Checker) Stream {
	var s streams
	for _, c := range from {
		switch c := c.(type) {
		case Streamer:
			if one := c.Stream(); one != nil {
				s = append(s, one)
			}
		case all:
			if parts := NewStream(c.parts...); parts != nil {
				s = append(s, parts)
			}
		}
	}
	if len(s) == 0 {
		return nil
	}
	return s
}

type streams []Stream

func (s streams) Add(e history.Event) (Anomaly, bool) {
	for _, one := range s {
		if a, bad := one.Add(e); bad {
			return a, true
		}
	}
	return Anomaly{}, false
}
