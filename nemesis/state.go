// Package nemesis makes faults from a seed and decides what they do to each node: shapes, swarm,
// recipes, grudges, and the state each node shall be in while faults overlap. It is pure; doing
// it to a node is left to the environment (nemesis/agent in a container, sim in the simulation).
package nemesis

import "time"

// State is what one node shall be in; the zero State is a healthy node. The environment holds one
// for each node and reconciles, so that faults that overlap compose and a restart re-applies.
type State struct {
	Killed  bool     `json:"killed,omitempty"`  // the process is dead and stays so
	Lost    bool     `json:"lost,omitempty"`    // so is everything around it: the whole container
	Power   bool     `json:"power,omitempty"`   // killed by loss of power: in sim only
	Disk    string   `json:"disk,omitempty"`    // what its disk does to syncs and writes: in sim only
	Flipped bool     `json:"flipped,omitempty"` // killed, and a bit of its disk flipped: in sim only
	Paused  bool     `json:"paused,omitempty"`  // the process is stopped (SIGSTOP)
	Drop    []string `json:"drop,omitempty"`    // names of nodes whose packets it drops, ascending
	Clock   Clock    `json:"clock,omitzero"`
}

// Clock is how far and how fast a node's two clocks are off the true ones.
type Clock struct {
	Realtime  Skew `json:"realtime,omitzero"`
	Monotonic Skew `json:"monotonic,omitzero"`
}

// Skew is what is wrong with one clock. The zero Skew is a true clock. The offset of a monotonic
// clock never decreases while a process lives, and it has no strobe.
type Skew struct {
	Offset time.Duration `json:"offset,omitempty"` // added by steps, beyond what the rate adds
	Rate   float64       `json:"rate,omitempty"`   // seconds it counts in a true second; 0 means 1
	Strobe Strobe        `json:"strobe,omitzero"`
}

// Strobe jumps a clock forth and back: Delta is added for one Period, then not for one, and so on.
type Strobe struct {
	Delta  time.Duration `json:"delta,omitempty"`
	Period time.Duration `json:"period,omitempty"`
}
