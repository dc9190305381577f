package nodes

import (
	"context"
	"errors"
	"time"

	"sunder/harness/history"
	"sunder/nodes/kv"
)

// Conn is everything that a workload's client may touch. The same client runs as a goroutine in
// containers and as a coroutine in the simulation, so it has no other way to wait.
type Conn interface {
	// Do sends one command to a node, once, and waits for the answer. An error is one of the
	// sentinels below, wrapped; a node's own refusal is a Result.
	Do(to ID, c kv.Command, timeout time.Duration) (kv.Result, error)
	Sleep(d time.Duration)
	Now() time.Duration
}

// What can come back from Conn.Do instead of an answer. After ErrStopped a client returns at once.
var (
	ErrUnreachable = errors.New("unreachable") // definite: never sent (mark it so)
	ErrTimeout     = errors.New("timeout")     // indefinite
	ErrClosed      = errors.New("connection closed")
	ErrStopped     = errors.New("stopped") // the test is over
)

// Client applies the operations of one process. Its Invoke does not return before the operation
// ended or its own deadline passed. An error is indefinite unless it is marked history.Definite.
type Client interface {
	Invoke(c Conn, inv history.Event) (history.Value, error)
}

// Endpoint is an open way to one node of a system, outside of the simulation. It is used by one
// goroutine at a time and never retries.
type Endpoint interface {
	// Do's errors are those of Conn.Do.
	Do(ctx context.Context, c kv.Command) (kv.Result, error)
	Status(ctx context.Context) (Status, error)
	Close() error
}

// System is a black box as it is deployed: how its nodes run, when they are ready, how a
// connection opens, what it can do. What else can be done to it stands in small optional
// interfaces of those who need them.
type System interface {
	Name() string
	Deploy(self ID, members []Member) Deployment
	// Open connects to a node's client port; it fails with ErrUnreachable until the node answers.
	Open(ctx context.Context, address string) (Endpoint, error)
	Ops() []kv.Op
	Clock() ClockAssumption
}

// Member is a node of a deployed cluster.
type Member struct {
	ID   ID
	Host string // its address inside the cluster's network
}

// Deployment is how one node of a system runs in a container.
type Deployment struct {
	Command    []string // the program and its arguments
	Env        map[string]string
	Files      map[string][]byte // absolute path in the container → content
	Data       string            // absolute path of the directory that must survive a kill
	ClientPort int               // TCP port that clients connect to
}
