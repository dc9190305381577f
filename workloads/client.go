package workloads

import (
	"errors"
	"fmt"
	"time"

	"sunder/harness/history"
	"sunder/nodes"
	"sunder/nodes/kv"
)

// manner is how a client chooses the node that it asks.
type manner uint8

const (
	pinned  manner = iota // always the same one, the first that serves clients
	roaming               // the one it last heard to lead; another after each failure
	session               // roams, and sends its command again until the deadline: still one operation
)

// client applies single commands. It is what most workloads are made of.
type client struct {
	nodes   []nodes.ID
	manner  manner
	at      int           // index of the node that it asks next
	timeout time.Duration // of an operation
	session uint64
	seq     uint64
}

// newClient is the client of process p, of which roles says what its thread does.
func newClient(o Options, p history.Process, roles func(Options, int) role) client {
	r := roles(o, int(p)%o.Concurrency)
	if r.manner == session && !o.Sessions {
		r.manner = roaming
	}
	return client{nodes: o.Nodes, manner: r.manner, at: r.node,
		timeout: o.duration(clientOptions, "timeout")}
}

// speaker is a client each of whose operations is one command.
type speaker struct {
	client
	say  func(inv history.Event) (kv.Command, error)          // an error: inv is malformed
	hear func(inv history.Event, res kv.Result) history.Value // of an answer that is ok
}

// Invoke does inv.
func (s *speaker) Invoke(conn nodes.Conn, inv history.Event) (history.Value, error) {
	cmd, err := s.say(inv)
	if err != nil {
		return "", history.Definite(err)
	}
	res, err := s.apply(conn, inv, cmd)
	if err != nil {
		return "", err
	}
	return s.hear(inv, res), nil
}

var errMalformed = errors.New("malformed operation")

// found is the value of a result, or null.
func found(res kv.Result) history.Value {
	if !res.Found {
		return history.Null
	}
	return history.Int(res.Value)
}

// apply does one operation: one attempt, or for a session as many as the deadline allows. An
// error is definite only if every attempt was refused before it could take effect, or if the
// command only reads.
func (c *client) apply(conn nodes.Conn, inv history.Event, cmd kv.Command) (kv.Result, error) {
	var res kv.Result
	var err error
	switch {
	case inv.Node != "":
		res, err = c.attempt(conn, nodeNamed(c.nodes, inv.Node), cmd, c.timeout)
	case c.manner == session:
		res, err = c.insist(conn, cmd)
	default:
		res, err = c.attempt(conn, c.nodes[c.at], cmd, c.timeout)
		if err != nil && (c.manner == roaming && !decided(res) || res.Code == kv.ServesNobody) {
			c.roam(res)
		}
	}
	if err != nil && cmd.ReadOnly() && !errors.Is(err, history.ErrDefinite) {
		err = history.Definite(err)
	}
	return res, err
}

func nodeNamed(all []nodes.ID, name string) nodes.ID {
	for _, id := range all {
		if id.String() == name {
			return id
		}
	}
	panic(fmt.Sprintf("workloads: an operation for node %q, which is not in the test", name))
}

// attempt sends the command once. What a node says why goes into the history, cut short: it is
// up to the node how long it is.
func (c *client) attempt(conn nodes.Conn, to nodes.ID, cmd kv.Command, timeout time.Duration) (
	kv.Result, error) {
	res, err := conn.Do(to, cmd, timeout)
	switch {
	case err != nil:
		return res, err
	case res.Status == kv.OK:
		return res, nil
	case res.Status == kv.Definite:
		return res, history.Definite(errors.New(cut(res.Code)))
	}
	return res, errors.New("answered " + cut(res.Code))
}

// cut is what a node said, as far as it fits into a history.
func cut(code string) string {
	if len(code) <= 100 {
		return code
	}
	return fmt.Sprintf("%.100s", code)
}

// roam turns to the node that was named as leader, or to the next one.
func (c *client) roam(res kv.Result) {
	for i, id := range c.nodes {
		if res.Hint != "" && id.String() == res.Hint {
			c.at = i
			return
		}
	}
	c.at = (c.at + 1) % len(c.nodes)
}

// How a session client insists: so many attempts fit into its deadline, and it pauses before the
// next one when a node refused at once.
const (
	sessionAttempts = 3
	sessionPause    = 10 * time.Millisecond
)

// insist sends the same command of the session until it is answered or the deadline passes.
func (c *client) insist(conn nodes.Conn, cmd kv.Command) (kv.Result, error) {
	deadline := conn.Now() + c.timeout
	if c.session == 0 {
		res, err := c.attempt(conn, c.nodes[c.at], kv.Command{Op: kv.OpenSession},
			c.timeout/sessionAttempts)
		if err != nil { // the operation itself was never sent
			c.roam(res)
			return res, history.Definite(fmt.Errorf("open session: %w", err))
		}
		c.session = uint64(res.Value)
	}
	c.seq++
	cmd.Session, cmd.Seq = c.session, c.seq
	var doubt error // of the first attempt that may have taken effect
	for {
		res, err := c.attempt(conn, c.nodes[c.at], cmd,
			min(c.timeout/sessionAttempts, deadline-conn.Now()))
		if err == nil || decided(res) {
			if res.Code == kv.SessionExpired { // the next operation opens another
				c.session, c.seq = 0, 0
			}
			return res, err
		}
		if !errors.Is(err, history.ErrDefinite) && doubt == nil {
			doubt = err
		}
		stopped := errors.Is(err, nodes.ErrStopped)
		if !stopped {
			c.roam(res)
			conn.Sleep(sessionPause)
		}
		if stopped || conn.Now() >= deadline {
			if doubt != nil {
				err = doubt
			}
			return res, err
		}
	}
}

// decided says that the state machine itself answered: another attempt would hear the same.
func decided(res kv.Result) bool {
	switch res.Code {
	case kv.CASMismatch, kv.LockHeld, kv.NotOwner, kv.BadCommand, kv.SessionExpired, kv.StaleSequence:
		return true
	}
	return false
}
