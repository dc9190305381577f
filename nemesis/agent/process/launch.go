//go:build linux && (amd64 || arm64)

package process

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// Spec is what to start and how.
type Spec struct {
	Command        []string // the program, looked up in PATH, and its arguments
	Env            []string
	Dir            string
	Stdout, Stderr *os.File // nil is /dev/null; standard input always is
	UID, GID       int      // 0 keeps the caller's
	Stopped        bool     // it starts in state T, before its first instruction

	// AtExec is called while the process stands before its first instruction, with its memory
	// open. Its error ends the process. Where AtExec is nil, the process is not traced at all.
	AtExec func(pid int, mem *os.File) error
}

// Start starts a process without any capability, in a process group of its own.
func (r *Reaper) Start(s Spec) (*Child, error) {
	if len(s.Command) == 0 {
		return nil, errors.New("start process: no command")
	}
	path, err := exec.LookPath(s.Command[0])
	if err != nil {
		return nil, fmt.Errorf("start process: %w", err)
	}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("start process: %w", err)
	}
	defer null.Close()
	files := []uintptr{null.Fd(), null.Fd(), null.Fd()}
	for i, f := range []*os.File{s.Stdout, s.Stderr} {
		if f != nil {
			files[i+1] = f.Fd()
		}
	}
	r.mu.Lock() // else reap might take the exec stop for an end
	defer r.mu.Unlock()
	var c *Child
	onOwnThread(func() { c, err = s.launch(path, files) })
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", path, err)
	}
	c.reaper = r
	r.children[c.PID] = c
	return c, nil
}

// launch must have a thread of its own: it gives the thread's privileges away, and only the
// thread that started a process may trace it.
func (s Spec) launch(path string, files []uintptr) (*Child, error) {
	if err := lower(s.UID, s.GID); err != nil {
		return nil, err
	}
	pid, err := syscall.ForkExec(path, s.Command, &syscall.ProcAttr{
		Dir: s.Dir, Env: s.Env, Files: files,
		Sys: &syscall.SysProcAttr{Setpgid: true, Ptrace: s.AtExec != nil},
	})
	if err != nil {
		return nil, err
	}
	c := &Child{PID: pid, done: make(chan struct{})}
	if err := s.prepare(c); err != nil {
		unix.Kill(pid, unix.SIGKILL)
		unix.Wait4(pid, nil, 0, nil)
		if c.Mem != nil {
			c.Mem.Close()
		}
		return nil, err
	}
	return c, nil
}

// prepare does what is to be done before the first instruction, and lets the process go.
func (s Spec) prepare(c *Child) error {
	if s.AtExec != nil {
		if err := awaitStop(c.PID, 0); err != nil {
			return fmt.Errorf("await exec stop: %w", err)
		}
	}
	if err := powerless(c.PID); err != nil {
		return err
	}
	stat, err := ReadStat(c.PID)
	if err != nil {
		return err
	}
	c.Start = stat.Start
	if s.AtExec == nil {
		if s.Stopped {
			return stop(c.PID)
		}
		return nil
	}
	c.Mem, err = os.OpenFile(fmt.Sprintf("/proc/%d/mem", c.PID), os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("open memory: %w", err)
	}
	if err := s.AtExec(c.PID, c.Mem); err != nil {
		return err
	}
	return detach(c.PID, s.Stopped)
}

// stop stops a process that is not traced.
func stop(pid int) error {
	if err := unix.Kill(pid, unix.SIGSTOP); err != nil {
		return fmt.Errorf("stop process: %w", err)
	}
	return awaitStop(pid, unix.WUNTRACED)
}

// detach lets a traced process run, or leaves it in state T: the signal that it is let go with
// reaches it before its first instruction.
func detach(pid int, stopped bool) error {
	var sig uintptr
	if stopped {
		sig = uintptr(unix.SIGSTOP)
	}
	_, _, e := unix.RawSyscall6(
		unix.SYS_PTRACE, unix.PTRACE_DETACH, uintptr(pid), 0, sig, 0, 0)
	if e != 0 {
		return fmt.Errorf("let go of process: %w", e)
	}
	if stopped {
		return awaitStop(pid, unix.WUNTRACED)
	}
	return nil
}

// awaitStop waits for a child to stop; one that ends instead is an error.
func awaitStop(pid, options int) error {
	var w unix.WaitStatus
	_, err := unix.Wait4(pid, &w, options, nil)
	for errors.Is(err, unix.EINTR) {
		_, err = unix.Wait4(pid, &w, options, nil)
	}
	if err == nil && !w.Stopped() {
		err = fmt.Errorf("the process ended instead of stopping (wait status %#x)", uint32(w))
	}
	return err
}
