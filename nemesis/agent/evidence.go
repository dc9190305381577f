// Package agent does faults to one node from inside its container: it is PID 1 there, starts the
// node's process and stops, kills, cuts off and deceives it as the harness asks.
//
// The harness holds a Client at the far end of `docker exec -i NODE ... ctl`. It says what state
// the node shall be in, and the agent makes it so: a request is idempotent, faults that overlap
// compose, and a process that starts again starts in that state. Every answer is Evidence, read
// back from the kernel and from the process itself, so that a fault that had no effect is seen.
// When the harness falls silent for a lease, everything heals.
package agent

import (
	"time"

	"sunder/nemesis"
)

// Evidence is what a node is really like, read from the kernel, /proc and the patched vDSO of the
// process at the time of the answer. Times are the machine's true CLOCK_MONOTONIC, which every
// node on one machine shares.
type Evidence struct {
	Began   time.Duration   `json:"began"` // before the first thing was done for this request
	Ended   time.Duration   `json:"ended"` // after the last one, before anything was read back
	Process Process         `json:"process"`
	Drops   map[string]Drop `json:"drops,omitempty"` // by peer; nil where no peer is known
	Clock   *Clock          `json:"clock,omitempty"` // nil while the process is dead or not patched
	Lease   Lease           `json:"lease"`
	Support *Support        `json:"support,omitempty"` // in the answer to hello
}

// State is what a process is doing, as /proc has it.
type State string

// The states of a process.
const (
	Unborn  State = "unborn"  // never started: the agent holds it until the first Apply
	Running State = "running" // it runs, sleeps, or waits for a disk
	Stopped State = "stopped" // every thread of it is in state T
	Dead    State = "dead"    // it is gone and reaped
)

// Process is the node's process. PID and Start together name it: a number may come again, the
// pair does not.
type Process struct {
	State  State  `json:"state"`
	Letter string `json:"letter,omitempty"` // the state of its first thread as in /proc/PID/stat
	PID    int    `json:"pid,omitempty"`
	Start  uint64 `json:"start,omitempty"` // clock ticks since boot, field 22 of /proc/PID/stat
	Boots  int    `json:"boots"`           // how often it has been started
	Exit   *Exit  `json:"exit,omitempty"`  // how it last ended
}

// Exit is how a process ended. One that nobody killed ended by itself, and stays down until the
// harness kills and starts it.
type Exit struct {
	Code   int           `json:"code"`             // its exit status; -1 after a signal
	Signal string        `json:"signal,omitempty"` // the signal that ended it
	Killed bool          `json:"killed"`           // the agent did it, as asked
	At     time.Duration `json:"at"`
}

// Drop is what the node has refused to hear from one peer since the agent started.
type Drop struct {
	Cut     bool   `json:"cut"` // the peer's address is in the kernel's set now
	Packets uint64 `json:"packets"`
	Bytes   uint64 `json:"bytes"`
}

// Clock is what the process's clocks show at one instant. Two of them prove a rate: what Shown
// gained divided by what Raw gained.
type Clock struct {
	Skew      nemesis.Clock `json:"skew"`      // as it stands in the patched vDSO
	Since     time.Duration `json:"since"`     // when the skew took effect
	Raw       time.Duration `json:"raw"`       // CLOCK_MONOTONIC_RAW, which nothing skews
	Realtime  Reading       `json:"realtime"`  // since 1970
	Monotonic Reading       `json:"monotonic"` // since boot
}

// Reading is one clock at one instant: the machine's, and the one the process sees.
type Reading struct {
	True  time.Duration `json:"true"`
	Shown time.Duration `json:"shown"`
}

// Offset is how far the clock the process sees is ahead of the machine's.
func (r Reading) Offset() time.Duration { return r.Shown - r.True }

// Lease is what became of the harness's promise to be heard from. An expiry with no fault to heal
// is not counted: it changed nothing.
type Lease struct {
	Length  time.Duration `json:"length"`       // 0 before the first hello
	Expired int           `json:"expired"`      // how often faults healed because of it
	At      time.Duration `json:"at,omitempty"` // when last
}

// Support is what works in one place, found out by doing it.
type Support struct {
	Kernel  string  `json:"kernel"`  // release and machine
	Clock   Ability `json:"clock"`   // skew a process's clocks
	Network Ability `json:"network"` // drop packets
}

// Ability is one kind of fault that works, or why it does not and what to do about it.
type Ability struct {
	Works bool   `json:"works"`
	Why   string `json:"why,omitempty"`
}
