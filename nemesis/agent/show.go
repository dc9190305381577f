//go:build linux && (amd64 || arm64)

package agent

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"sunder/nemesis/agent/clock"
)

// show fills in what the node is like. Nothing comes from what the agent remembers to have done,
// but for how often it started the process and whether it killed it.
func (n *node) show(e *Evidence) error {
	e.Lease = n.lease.Lease
	var errProcess, errDrops, errClock error
	e.Process, errProcess = n.process()
	e.Drops, errDrops = n.drops()
	if e.Process.State != Dead && e.Process.State != Unborn && n.patch != nil {
		e.Clock, errClock = n.clock()
	}
	return errors.Join(errProcess, errDrops, errClock)
}

func (n *node) process() (Process, error) {
	if n.child == nil {
		return Process{State: Unborn}, nil
	}
	p := Process{State: Running, PID: n.child.PID, Start: n.child.Start, Boots: n.boots}
	stat, stopped, err := n.child.State()
	if exit, dead := n.child.Exit(); dead {
		p.State = Dead
		p.Exit = &Exit{Code: exit.Code, Killed: n.slain == n.child.PID, At: exit.At}
		if exit.Signal != 0 {
			p.Exit.Signal = unix.SignalName(exit.Signal)
		}
		return p, nil
	}
	if err != nil {
		return p, fmt.Errorf("read process %d: %w", n.child.PID, err)
	}
	p.Letter = string(stat.Letter)
	if stopped {
		p.State = Stopped
	}
	return p, nil
}

func (n *node) drops() (map[string]Drop, error) {
	if n.cuts == nil {
		return nil, nil
	}
	counts, err := n.cuts.Read()
	if err != nil {
		return nil, err
	}
	drops := make(map[string]Drop, len(counts))
	for name, c := range counts {
		drops[name] = Drop(c)
	}
	return drops, nil
}

// clock is nil for a process that has lost its patch: it executed another program.
func (n *node) clock() (*Clock, error) {
	r, err := n.patch.Read()
	if errors.Is(err, clock.ErrGone) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &Clock{
		Skew: r.Skew, Since: r.Since, Raw: r.Raw,
		Realtime:  Reading{True: r.TrueRealtime, Shown: r.ShownRealtime},
		Monotonic: Reading{True: r.TrueMonotonic, Shown: r.ShownMonotonic},
	}, nil
}
