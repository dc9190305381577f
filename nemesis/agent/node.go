//go:build linux && (amd64 || arm64)

package agent

import (
	"context"
	"debug/buildinfo"
	"errors"
	"net/netip"
	"os"
	"os/exec"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"sunder/nemesis"
	"sunder/nemesis/agent/clock"
	"sunder/nemesis/agent/netcut"
	"sunder/nemesis/agent/process"
)

// A request that takes longer than this has failed; a process may hang in the kernel.
const requestMax = 5 * time.Second

// node is the node's process and all that is done to it. One request is dealt with at a time.
type node struct {
	config  Config
	reaper  *process.Reaper
	support Support
	cuts    *netcut.Table // nil where it does not work
	isGo    bool          // the process is a Go program
	peers   map[string]netip.Addr

	mu    sync.Mutex
	want  nemesis.State
	child *process.Child // the last one started; nil before the first
	patch *clock.Patch   // its clock's; nil where that does not work
	boots int
	down  bool // it shall not run, or has never run: the next state that lets it run starts it
	slain int  // the PID that the agent killed last
	lease lease
	poker poker
}

func newNode(c Config, r *process.Reaper) *node {
	n := &node{config: c, reaper: r, down: true}
	n.lease.expire = n.expire
	n.support = Support{Kernel: kernel(), Clock: probeClock(r)}
	var err error
	if n.cuts, err = netcut.Open("sunder"); err != nil {
		n.support.Network.Why = err.Error()
	} else {
		n.support.Network.Works = true
	}
	n.isGo = isGo(c.Command)
	c.Log.Info("agent begins", "kernel", n.support.Kernel, "clock", n.support.Clock,
		"network", n.support.Network, "go", n.isGo)
	return n
}

// isGo says whether a command is a Go program, as far as its file tells.
func isGo(command []string) bool {
	if len(command) == 0 {
		return false
	}
	path, err := exec.LookPath(command[0])
	if err != nil {
		return false
	}
	_, err = buildinfo.ReadFile(path)
	return err == nil
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
		n.lease.Length = q.Lease
		e.Support = &n.support
		n.peers = q.Peers
		if n.cuts != nil {
			err = n.cuts.SetPeers(q.Peers)
		}
	case opProbe:
		err = probeEdges(n.peers)
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

// apply makes the node be in state s. What can be refused is refused before anything is done;
// after that every part is tried, whatever became of the others.
func (n *node) apply(ctx context.Context, s nemesis.State) error {
	if err := n.check(s); err != nil {
		return err
	}
	n.want = s
	err := errors.Join(n.drop(s.Drop), n.skew(s), n.move(ctx, s))
	n.poke()
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
		return n.start(s)
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

// start starts the process in state s: its clock is skewed before its first instruction, and so
// is its pause.
func (n *node) start(s nemesis.State) error {
	c := n.config
	spec := process.Spec{
		Command: c.Command, Env: c.Env, Dir: c.Dir, Stdout: c.Stdout, Stderr: c.Stderr,
		UID: c.UID, GID: c.GID, Stopped: s.Paused,
	}
	var patch *clock.Patch
	if n.support.Clock.Works {
		spec.AtExec = func(pid int, mem *os.File) (err error) {
			patch, err = clock.Install(pid, mem, s.Clock)
			return err
		}
	}
	child, err := n.reaper.Start(spec)
	if err != nil {
		return err
	}
	n.child, n.patch, n.down, n.slain = child, patch, false, 0
	n.boots++
	c.Log.Info("started the node", "pid", child.PID, "boot", n.boots)
	return nil
}

// end removes the cuts and ends the process, which may clean up for the length of the grace,
// stopped or not.
func (n *node) end() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.lease.end()
	n.poker.end()
	err := n.endProcess()
	if n.cuts != nil {
		err = errors.Join(err, n.cuts.Close())
	}
	return err
}

func (n *node) endProcess() error {
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
