//go:build linux && (amd64 || arm64)

package agent

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"sunder/nemesis"
	"sunder/nemesis/agent/process"
)

// A request that takes longer than this has failed; a process may hang in the kernel.
const requestMax = 5 * time.Second

// node is the node's process and all that is done to it. One request is dealt with at a time.
type node struct {
	config Config
	reaper *process.Reaper

	mu    sync.Mutex
	want  nemesis.State
	child *process.Child // the last one started; nil before the first
	boots int
	down  bool // it shall not run, or has never run: the next state that lets it run starts it
	slain int  // the PID that the agent killed last
	lease lease
}

func newNode(c Config, r *process.Reaper) (*node, error) {
	n := &node{config: c, reaper: r, down: true}
	n.lease.expire = n.expire
	return n, nil
}

// handle deals with one request. Any request keeps the lease.
func (n *node) handle(ctx context.Context, q request) reply {
	n.mu.Lock()
	defer n.mu.Unlock()
	defer n.lease.hear()
	ctx, cancel := context.WithTimeout(ctx, requestMax)
	defer cancel()
	if q.Op == opPing {
		return reply{ID: q.ID}
	}
	e := Evidence{Began: monotonic()}
	var err error
	switch q.Op {
	case opHello:
		n.lease.length = q.Lease
	case opApply:
		err = n.apply(ctx, *q.State)
	}
	e.Ended = monotonic()
	err = errors.Join(err, n.show(&e))
	answer := reply{ID: q.ID, Evidence: &e}
	if err != nil {
		answer.Error = err.Error()
		n.config.Log.Warn("request failed", "op", q.Op, "error", err)
	}
	return answer
}

// apply makes the node be in state s. What can be refused is refused before anything is done.
func (n *node) apply(ctx context.Context, s nemesis.State) error {
	err := n.move(ctx, s)
	n.want = s
	return err
}

// move kills, starts, stops or resumes the process.
func (n *node) move(ctx context.Context, s nemesis.State) error {
	alive := n.alive()
	switch {
	case s.Killed:
		n.down = true
		if !alive {
			return nil
		}
		n.slain = n.child.PID
		return n.child.Kill(ctx)
	case n.down:
		return n.start(s.Paused)
	case !alive:
		return nil // it ended by itself: that is evidence, and stays so
	case s.Paused:
		return unlessDead(n.child.Stop(ctx))
	default:
		return unlessDead(n.child.Resume(ctx))
	}
}

// unlessDead is err, but nil where the process ended by itself meanwhile: the evidence says so.
func unlessDead(err error) error {
	if errors.Is(err, process.ErrDead) {
		return nil
	}
	return err
}

func (n *node) alive() bool {
	if n.child == nil {
		return false
	}
	_, dead := n.child.Exit()
	return !dead
}

func (n *node) start(stopped bool) error {
	c := n.config
	child, err := n.reaper.Start(process.Spec{
		Command: c.Command, Env: c.Env, Dir: c.Dir, Stdout: c.Stdout, Stderr: c.Stderr,
		UID: c.UID, GID: c.GID, Stopped: stopped,
	})
	if err != nil {
		return err
	}
	n.child, n.down, n.slain = child, false, 0
	n.boots++
	c.Log.Info("started the node", "pid", child.PID, "boot", n.boots)
	return nil
}

// show fills in what the node is like.
func (n *node) show(e *Evidence) error {
	e.Lease = n.lease.Lease
	var err error
	e.Process, err = n.process()
	return err
}

func (n *node) process() (Process, error) {
	if n.child == nil {
		return Process{State: Unborn}, nil
	}
	p := Process{State: Running, PID: n.child.PID, Start: n.child.Start, Boots: n.boots}
	stat, err := process.ReadStat(n.child.PID)
	stopped, err2 := n.child.Stopped()
	if exit, dead := n.child.Exit(); dead {
		p.State = Dead
		p.Exit = &Exit{Code: exit.Code, Killed: n.slain == n.child.PID, At: exit.At}
		if exit.Signal != 0 {
			p.Exit.Signal = unix.SignalName(exit.Signal)
		}
		return p, nil
	}
	if err := errors.Join(err, err2); err != nil {
		return p, fmt.Errorf("read process %d: %w", n.child.PID, err)
	}
	p.Letter = string(stat.Letter)
	if stopped {
		p.State = Stopped
	}
	return p, nil
}

// end ends the process: it may clean up for the length of the grace, stopped or not.
func (n *node) end() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.lease.end()
	if !n.alive() {
		return nil
	}
	if err := n.child.Signal(unix.SIGTERM); err != nil {
		return unlessDead(err)
	}
	if err := n.child.Signal(unix.SIGCONT); err != nil {
		return unlessDead(err)
	}
	select {
	case <-n.child.Done():
		return nil
	case <-time.After(n.config.Grace):
	}
	n.config.Log.Warn("the node did not end in time and is killed", "grace", n.config.Grace)
	ctx, cancel := context.WithTimeout(context.Background(), requestMax)
	defer cancel()
	return n.child.Kill(ctx)
}

// monotonic is the machine's CLOCK_MONOTONIC: nothing is ever patched into the agent itself.
func monotonic() time.Duration {
	var t unix.Timespec
	unix.ClockGettime(unix.CLOCK_MONOTONIC, &t)
	return time.Duration(t.Nano())
}
