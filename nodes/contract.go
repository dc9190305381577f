// Package nodes holds the contracts: a consensus node, what it may touch, a connection to it, and
// a system under test. Everything that runs a node, judges one or breaks one speaks through them.
package nodes

import (
	"fmt"
	"strconv"
	"time"

	"sunder/nodes/kv"
)

// ID names a node, from 1. It is written n1, n2, ...; 0 is no node.
type ID uint16

// few are the names that nearly all clusters make do with; they are asked for all the time.
var few = [...]string{"n0", "n1", "n2", "n3", "n4", "n5", "n6", "n7", "n8", "n9"}

// String is the node's name.
func (i ID) String() string {
	if int(i) < len(few) {
		return few[i]
	}
	return "n" + strconv.Itoa(int(i))
}

// ParseID reads a node's name.
func ParseID(name string) (ID, error) {
	if len(name) > 1 && name[0] == 'n' && name[1] != '0' {
		if n, err := strconv.ParseUint(name[1:], 10, 16); err == nil {
			return ID(n), nil
		}
	}
	return 0, fmt.Errorf("read node name %.40q: want one like n1", name)
}

// Handles that a node and its environment pass to each other.
type (
	RequestID uint64 // a client's command, from Invoke to its one Reply
	Token     uint64 // a Sync, chosen by the node
	TimerID   uint32 // a timer, chosen by the node; setting it again moves it
	File      string // a file or "." for the directory of all files; at most 64 of [a-z0-9.-]
)

// Dir is the directory that holds all files: syncing it makes names durable.
const Dir File = "."

// Mono is a reading of a node's monotonic clock, in nanoseconds from an origin of its own. It
// never steps back, but it may run at a wrong rate.
type Mono int64

// Sub is the time from u to m on that clock.
func (m Mono) Sub(u Mono) time.Duration { return time.Duration(m - u) }

// Add is m, d later.
func (m Mono) Add(d time.Duration) Mono { return m + Mono(d) }

// Message is what nodes send each other. Messages are values: neither side changes one after it
// was sent.
type Message interface {
	Kind() uint8
	Ident() uint64 // causal identity: the same in every run in which the same thing is said
	AppendTo([]byte) []byte
}

// Node is one member of a cluster: a single-threaded, run-to-completion state machine. The same
// code runs in every environment, so it touches nothing but its Env: see ci/pure_test.go.
type Node interface {
	// Start comes first, after every boot, with the files as they were found, sorted by name.
	Start(env Env, disk []Recovered)
	// Recv delivers a message. It may be late, twice, or from a peer's former life.
	Recv(env Env, from ID, m Message)
	// Invoke is a client's command, which passed its Check. It is owed exactly one Reply, unless
	// the node stops.
	Invoke(env Env, r RequestID, c kv.Command)
	// Timer says that the timer t fell due and is no longer set.
	Timer(env Env, t TimerID)
	// Synced says that all that was appended before Sync(tok) is durable, or err: then nothing
	// since the last success may be relied on. Earlier write errors arrive here too.
	Synced(env Env, tok Token, err error)
}

// Recovered is a file as it was found at a boot.
type Recovered struct {
	Name File
	Data []byte
}

// Env is everything that a node may touch. Its calls never block. What is sent or replied leaves
// the node only after everything observed before it.
type Env interface {
	Now() Mono
	Wall() time.Time
	// Rand is a number in [0, n), the same in every run for the same seed, node, purpose and
	// occurrence.
	Rand(purpose string, n uint64) uint64
	Send(to ID, m Message)
	Reply(r RequestID, res kv.Result)
	SetTimer(t TimerID, d time.Duration)
	StopTimer(t TimerID)
	Append(f File, p []byte) // creates the file where it is missing; does not keep p
	Truncate(f File, off int64)
	Rename(from, to File)
	Remove(f File)
	Sync(f File, tok Token)
	// Stop ends the node deliberately: an fsync failed, say. A panic would be an anomaly.
	Stop(reason string)
	// Observe is write-only: nothing that a node does may depend on who listens.
	Observe(o Observation)
}

// Status is what a node thinks of itself, for people and for the choice of fault targets.
type Status struct {
	ID      string `json:"id"`
	Role    string `json:"role"`             // leader, follower, proposer, acceptor, main, ...
	Leader  string `json:"leader,omitempty"` // whom it believes to lead
	Term    uint64 `json:"term"`             // or ballot
	Commit  uint64 `json:"commit"`           // the highest log index known to be decided
	Applied uint64 `json:"applied"`
	// Leaderless says that the protocol has no leader: who runs, serves.
	Leaderless bool `json:"leaderless,omitempty"`
}

// Serves says whether clients may ask the node: an auxiliary knows neither a state nor a leader.
func (s Status) Serves() bool { return s.Role != "auxiliary" }

// Statuser is a Node that can tell its status.
type Statuser interface{ Status() Status }
