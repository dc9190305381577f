//go:build linux && (amd64 || arm64)

package agent

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"sunder/nemesis"
	"sunder/nemesis/agent/clock"
	"sunder/nemesis/agent/netcut"
	"sunder/nemesis/agent/process"
)

// Probe finds out what works here by doing it to nobody: a copy of this program that never runs,
// and a table that holds no rule. What works on a host and in its containers may differ; the
// answer to Hello says what works in a container.
func Probe() Support {
	ctx, cancel := context.WithCancel(context.Background())
	r := process.NewReaper()
	reaped := make(chan struct{})
	go func() {
		r.Run(ctx)
		close(reaped)
	}()
	s := Support{Kernel: kernel(), Clock: probeClock(r), Network: probeNetwork()}
	cancel()
	<-reaped
	return s
}

func kernel() string {
	var u unix.Utsname
	unix.Uname(&u)
	return unix.ByteSliceToString(u.Release[:]) + " " + unix.ByteSliceToString(u.Machine[:])
}

// probeClock starts this very program stopped, patches it, changes its clock after it was let go,
// and kills it before its first instruction.
func probeClock(r *process.Reaper) Ability {
	var patch *clock.Patch
	child, err := r.Start(process.Spec{
		Command: []string{"/proc/self/exe"}, Stopped: true,
		AtExec: func(pid int, mem *os.File) (err error) {
			patch, err = clock.Install(pid, mem, nemesis.Clock{})
			return err
		},
	})
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.ENOSYS) {
		err = fmt.Errorf("%w (no ptrace: kernel.yama.ptrace_scope above 1, a sandbox such as gVisor, "+
			"or an emulated processor; allow it, or use the nodes' in-process clock)", err)
	}
	if err != nil {
		return Ability{Why: err.Error()}
	}
	ctx, cancel := context.WithTimeout(context.Background(), requestMax)
	defer cancel()
	want := nemesis.Clock{Realtime: nemesis.Skew{Offset: time.Hour}}
	err = patch.Set(want)
	if err == nil {
		var got clock.Reading
		if got, err = patch.Read(); err == nil && got.Skew != want {
			err = errors.New("the process's memory did not keep what was written")
		}
	}
	if err := errors.Join(err, child.Kill(ctx)); err != nil {
		return Ability{Why: err.Error()}
	}
	return Ability{Works: true}
}

// probeNetwork uses a table of another name: an agent may be at work in this namespace.
func probeNetwork() Ability {
	t, err := netcut.Open("sunder-probe")
	if err == nil {
		err = t.Close()
	}
	if err != nil {
		return Ability{Why: err.Error()}
	}
	return Ability{Works: true}
}
