package nemesis

import "time"

// Evidence is what was read back from one node at one instant, as far as it could be.
type Evidence struct {
	// State is of its process: running, stopped, dead or unborn; dead, too, while its container
	// is; empty: it was not read.
	State string
	PID   int    // with Born it names a process
	Born  uint64 // when the process started, in any unit

	// Dropped counts, by sender, the packets that the node has refused to hear; who is missing had
	// none refused. An environment
	// sends a probe over each edge that it cuts: protocols leave some of them idle.
	Dropped map[string]uint64

	// The node's two clocks beside a true one, read together; the process must be the one named.
	Clocks                   bool // they were read
	Realtime, Monotonic, Raw time.Duration
	Skew                     *Clock // as it stands where it is in force; nil: it was not read

	Disk   string // what the disk does to syncs and writes, in the simulation
	Faulty uint64 // syncs or writes that met a disk that was not sound
	Flips  uint64 // bits of it that flipped so far

	Expired int // how often the agent healed the node by itself, its lease having run out
}

// Proof is what was read back from the nodes around both ends of a fault, by their names.
type Proof struct {
	Before  map[string]Evidence // the start
	Started map[string]Evidence
	Ending  map[string]Evidence // before the end
	Ended   map[string]Evidence

	StartTook, EndTook time.Duration // on the slowest node
}
