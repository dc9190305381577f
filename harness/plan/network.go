package plan

import (
	"fmt"
	"time"
)

// Network is what is wrong with the links between nodes in the simulation, until all is healed.
// The zero Network is a calm one. Other environments have the network that they have.
type Network struct {
	// Links is what messages travel over: datagram, the default, or stream. A stream keeps their
	// order, holds them while it is cut and breaks with either end, as TCP does; what is lost in
	// it comes late, and nothing is doubled.
	Links     string   `json:"links,omitempty"`
	Latency   Duration `json:"latency,omitzero"`    // mean of what comes on top; 0: 400µs
	Loss      float64  `json:"loss,omitempty"`      // probability that a message is lost,
	Duplicate float64  `json:"duplicate,omitempty"` // comes twice,
	Reorder   float64  `json:"reorder,omitempty"`   // or, as a datagram, takes 20 times as long,
	Hold      float64  `json:"hold,omitempty"`      // or is held until much else has happened
	Fsync     Duration `json:"fsync,omitzero"`      // mean of what a sync takes on top; 0: 300µs

	// Priorities, if not 0, takes chance out of latencies: links have priorities, one that is
	// lower is far slower, and so often one falls to the last place (PCT, Burckhardt et al.,
	// ASPLOS 2010).
	Priorities int `json:"priorities,omitempty"`

	// Fixed, if not 0, is how long everything takes: a message between nodes, one of a client's,
	// and a sync. Only Except is different.
	Fixed  Duration `json:"fixed,omitzero"`
	Except []Except `json:"except,omitempty"`
}

// Except is a message of a network with fixed delays that is not like the others: the Nth of that
// kind from one node to another, from 1. From a client process, p3, it is an ask, and to one an
// answer, of its Nth command; from a node to itself it is that node's Nth sync.
type Except struct {
	From  string   `json:"from"`
	To    string   `json:"to"`
	Kind  string   `json:"kind"` // of message, in the protocol's words
	Nth   int      `json:"nth"`
	Takes Duration `json:"takes,omitzero"` // 0: as all others
	Lost  bool     `json:"lost,omitempty"`
	Again Duration `json:"again,omitzero"` // it comes once more, after so long
}

// Limits of a network.
const (
	LatencyMax    = 10 * time.Second // of mean latencies, syncs, and fixed delays
	PrioritiesMax = 64
	ExceptMax     = 100_000
)

func (n Network) check() error {
	share := func(p float64) bool { return p >= 0 && p <= 1 }
	delay := func(d Duration) bool { return d.Duration >= 0 && d.Duration <= LatencyMax }
	switch {
	case n.Links != "" && n.Links != "datagram" && n.Links != "stream":
		return fmt.Errorf("check plan: network.links is %.40q, want datagram or stream", n.Links)
	case !delay(n.Latency) || !delay(n.Fsync) || !delay(n.Fixed):
		return fmt.Errorf("check plan: network.latency, fsync and fixed are %v, %v and %v, want 0 to %v",
			n.Latency, n.Fsync, n.Fixed, LatencyMax)
	case !share(n.Loss) || !share(n.Duplicate) || !share(n.Reorder) ||
		!share(n.Hold):
		return fmt.Errorf("check plan: network.loss, duplicate, reorder and hold are %v, %v, %v "+
			"and %v, want 0 to 1", n.Loss, n.Duplicate, n.Reorder, n.Hold)
	case n.Priorities < 0 || n.Priorities > PrioritiesMax:
		return bad("network.priorities", n.Priorities, fmt.Sprintf("0 to %d", PrioritiesMax))
	case len(n.Except) > 0 && n.Fixed.Duration == 0:
		return bad("network.fixed", n.Fixed, "more than 0 where there are exceptions")
	case len(n.Except) > ExceptMax:
		return bad("network.except", len(n.Except), fmt.Sprintf("at most %d", ExceptMax))
	}
	for i, e := range n.Except {
		if e.Nth < 1 || !delay(e.Takes) || !delay(e.Again) {
			return fmt.Errorf("check plan: network.except[%d]: nth is %d, takes %v, again %v, want at "+
				"least 1, and 0 to %v", i, e.Nth, e.Takes, e.Again, LatencyMax)
		}
	}
	return nil
}
