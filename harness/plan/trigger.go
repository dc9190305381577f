package plan

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Trigger starts a fault at what happens rather than at a time: the moments that matter to a
// protocol are too short to be met by chance. Where the event happened is a target of the fault:
// sender and receiver of a message, self for the node that it happened on (the sender of what is
// sent, the receiver of what is delivered), and others for all but that one.
type Trigger struct {
	Event string   `json:"event"`          // one of Events
	Kind  string   `json:"kind,omitempty"` // of message, in the protocol's words; or any
	Nth   int      `json:"nth,omitempty"`  // of those since it was armed, from 1; 0 is 1
	Delay Duration `json:"delay,omitzero"` // from the event to the fault
	// Within is how long it stays armed; 0: to the end of the main phase.
	Within Duration `json:"within,omitzero"`
	// Optional says that the fault is not missed if its event never comes.
	Optional bool `json:"optional,omitempty"`
}

// events are what a trigger can wait for. A message is delivered, and a sync done, when the node
// has done what follows from it. A node is configured when it learns of a new configuration.
var events = []string{"sent", "delivered", "synced", "elected", "committed", "configured"}

// Events are the names of the events that a trigger can wait for.
func Events() []string { return slices.Clone(events) }

// DelayMax bounds the delay of a trigger.
const DelayMax = time.Minute

func (t Trigger) check(field string) error {
	switch {
	case !slices.Contains(events, t.Event):
		return bad(field+"event", t.Event, "one of "+strings.Join(events, ", "))
	case t.Kind != "" && t.Event != "sent" && t.Event != "delivered":
		return bad(field+"kind", t.Kind, "none: only messages have one")
	case t.Nth < 0:
		return bad(field+"nth", t.Nth, "0 or more")
	case t.Delay.Duration < 0 || t.Delay.Duration > DelayMax:
		return bad(field+"delay", t.Delay, "0 to 1m")
	case !possible(t.Within):
		return bad(field+"within", t.Within, fmt.Sprintf("0 to %v", TimeMax))
	}
	return nil
}
