//go:build linux && (amd64 || arm64)

// Package process starts a child that has no privilege and stands still before its first
// instruction, stops, resumes and kills it, and reaps: its own children, and as PID 1 all orphans.
package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// ErrDead says that the process is gone and reaped, so that nothing can be done to it.
var ErrDead = errors.New("the process is dead")

// Exit is how a process ended: its exit status (-1 after a signal), the signal, and when it was
// reaped, by CLOCK_MONOTONIC.
type Exit struct {
	Code   int
	Signal unix.Signal
	At     time.Duration
}

// Reaper starts children and learns how they end. The kernel tells that to one caller only, so
// there is one Reaper in a process, and Run must be running.
type Reaper struct {
	mu       sync.Mutex
	children map[int]*Child // alive, or dead and not reaped yet
	orphans  bool           // PID 1: what nobody else reaps is ours
	signals  chan os.Signal
}

// NewReaper is a Reaper that hears of every child that ends from now on.
func NewReaper() *Reaper {
	r := &Reaper{
		children: map[int]*Child{}, orphans: os.Getpid() == 1, signals: make(chan os.Signal, 1),
	}
	signal.Notify(r.signals, unix.SIGCHLD)
	return r
}

// Run reaps until ctx ends.
func (r *Reaper) Run(ctx context.Context) {
	defer signal.Stop(r.signals)
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.signals:
			r.reap()
		}
	}
}

// reap buries whoever has died. Several deaths may raise one signal. The lock is held from the
// death to the burial, so that a number is never signalled after somebody else may have got it.
func (r *Reaper) reap() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for pid := range r.children {
		var w unix.WaitStatus
		if got, _ := unix.Wait4(pid, &w, unix.WNOHANG, nil); got == pid {
			r.bury(pid, w)
		}
	}
	for r.orphans {
		var w unix.WaitStatus
		pid, err := unix.Wait4(-1, &w, unix.WNOHANG, nil)
		if pid <= 0 || err != nil {
			return
		}
		r.bury(pid, w)
	}
}

func (r *Reaper) bury(pid int, w unix.WaitStatus) {
	c := r.children[pid]
	if c == nil || !w.Exited() && !w.Signaled() {
		return
	}
	delete(r.children, pid)
	var now unix.Timespec
	unix.ClockGettime(unix.CLOCK_MONOTONIC, &now)
	c.exit = Exit{Code: w.ExitStatus(), At: time.Duration(now.Nano())}
	if w.Signaled() {
		c.exit.Code, c.exit.Signal = -1, w.Signal()
	}
	if c.Mem != nil {
		c.Mem.Close()
	}
	close(c.done)
}

// Child is one process that was started, and its process group.
type Child struct {
	PID   int
	Start uint64   // clock ticks since boot; with PID the name of the process
	Mem   *os.File // its memory, open for as long as it lives; nil without the exec stop

	reaper *Reaper
	done   chan struct{}
	exit   Exit
}

// Done is closed once the process is gone and reaped.
func (c *Child) Done() <-chan struct{} { return c.done }

// Exit is how the process ended, and whether it has.
func (c *Child) Exit() (Exit, bool) {
	select {
	case <-c.done:
		return c.exit, true
	default:
		return Exit{}, false
	}
}

// Signal sends s to the process and its group, or returns ErrDead.
func (c *Child) Signal(s unix.Signal) error {
	c.reaper.mu.Lock()
	defer c.reaper.mu.Unlock()
	if _, dead := c.Exit(); dead {
		return ErrDead
	}
	if err := unix.Kill(-c.PID, s); err != nil {
		return fmt.Errorf("signal %v: %w", s, err)
	}
	return nil
}

// Kill ends the process and its group at once and returns when it is reaped.
func (c *Child) Kill(ctx context.Context) error {
	if err := c.Signal(unix.SIGKILL); err != nil {
		if errors.Is(err, ErrDead) {
			return nil
		}
		return fmt.Errorf("kill process: %w", err)
	}
	select {
	case <-c.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("await death of process %d: %w", c.PID, ctx.Err())
	}
}
