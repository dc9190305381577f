package oracle

import (
	"fmt"
	"time"

	"sunder/nodes"
)

// IdleAuxiliaries: an acceptor that only helps out is asked only while a main is suspected, and
// that ends, with an answer or a reconfiguration (Lamport and Massa, "Cheap Paxos", DSN 2004,
// section 1). It is no safety property: a protocol without it is right, and not cheap.
const IdleAuxiliaries = "idle auxiliaries"

// An auxiliary helps without a pause when it accepts again within idleGap: that is less than a main
// must be silent for until the auxiliaries are asked. No suspicion lasts as long as helpMax.
const (
	idleGap = 150 * time.Millisecond
	helpMax = 3 * time.Second
)

// helper is what an acceptor did that has never learned what was decided, as members do that
// execute it.
type helper struct {
	learns bool
	ballot uint64 // in which it helps
	since  time.Duration
	last   time.Duration
}

// helped judges that an acceptor is idle at times; learned, that it is none that only helps.
func (a *acceptors) helped(ob nodes.Observed) *Violation {
	h := a.helper(ob.Node)
	if h.learns {
		return nil
	}
	if h.ballot != ob.Term || ob.Time-h.last > idleGap {
		h.ballot, h.since = ob.Term, ob.Time
	}
	h.last = ob.Time
	if helps := ob.Time - h.since; helps > helpMax {
		h.since = ob.Time
		return violation(IdleAuxiliaries, ob, 0, fmt.Sprintf("%s, which learns nothing, has helped to "+
			"decide without a pause for %v, and still does at slot %d", ob.Node,
			helps.Round(time.Millisecond), ob.Index))
	}
	return nil
}

func (a *acceptors) learned(ob nodes.Observed) { a.helper(ob.Node).learns = true }

func (a *acceptors) helper(id nodes.ID) *helper {
	for int(id) >= len(a.helpers) {
		a.helpers = append(a.helpers, helper{})
	}
	return &a.helpers[id]
}
