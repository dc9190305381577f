//go:build linux && (amd64 || arm64)

package process

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// Stat is what /proc/PID/stat says: the state's letter, and when the process started, in clock
// ticks since boot.
type Stat struct {
	Letter byte
	Start  uint64
}

// ReadStat reads /proc/PID/stat.
func ReadStat(pid int) (Stat, error) { return readStat(fmt.Sprintf("/proc/%d/stat", pid)) }

func readStat(path string) (Stat, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Stat{}, fmt.Errorf("read state of process: %w", err)
	}
	return parseStat(text)
}

// parseStat counts fields from the last parenthesis: the program's name before it may hold spaces
// and parentheses of its own.
func parseStat(text []byte) (Stat, error) {
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	if len(fields) < 20 || len(fields[0]) != 1 {
		return Stat{}, fmt.Errorf("parse state of process: %d fields", len(fields))
	}
	start, err := strconv.ParseUint(string(fields[19]), 10, 64)
	if err != nil {
		return Stat{}, fmt.Errorf("parse start of process: %w", err)
	}
	return Stat{Letter: fields[0][0], Start: start}, nil
}

// Threads are the numbers of the threads of a process.
func Threads(pid int) ([]int, error) {
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	if err != nil {
		return nil, fmt.Errorf("list threads: %w", err)
	}
	var ids []int
	for _, e := range entries {
		if id, err := strconv.Atoi(e.Name()); err == nil {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// State is what the kernel says about the process, and whether every thread of it is in state T;
// ErrDead once it is reaped.
func (c *Child) State() (s Stat, stopped bool, err error) {
	s, stopped, _, err = c.look()
	return s, stopped, err
}

// look says also whether any thread is in state T. It holds the lock because a process that is
// being reaped is neither to be found nor known to be dead.
func (c *Child) look() (s Stat, all, some bool, err error) {
	c.reaper.mu.Lock()
	defer c.reaper.mu.Unlock()
	if _, dead := c.Exit(); dead {
		return Stat{}, false, false, ErrDead
	}
	s, err = ReadStat(c.PID)
	if err != nil {
		return Stat{}, false, false, err
	}
	ids, err := Threads(c.PID)
	if err != nil {
		return Stat{}, false, false, err
	}
	left := 0
	for _, id := range ids {
		t, err := readStat(fmt.Sprintf("/proc/%d/task/%d/stat", c.PID, id))
		if err != nil {
			continue // a thread that ended meanwhile is not running
		}
		switch t.Letter {
		case 'Z', 'X': // a first thread that ended before the others
		case 'T':
			some = true
		default:
			left++
		}
	}
	return s, some && left == 0, some, nil
}

// Stop stops the process and returns when the kernel shows all of its threads in state T.
func (c *Child) Stop(ctx context.Context) error {
	return c.signalUntil(ctx, unix.SIGSTOP, func() (bool, error) {
		_, all, _, err := c.look()
		return all, err
	})
}

// Resume undoes Stop, and returns when no thread is in state T.
func (c *Child) Resume(ctx context.Context) error {
	return c.signalUntil(ctx, unix.SIGCONT, func() (bool, error) {
		_, _, some, err := c.look()
		return !some, err
	})
}

// Nudge makes every thread of a Go program look at its timers: SIGURG is the runtime's own hint,
// which programs do not notice, and it ends a sleep in the kernel.
func (c *Child) Nudge() error {
	c.reaper.mu.Lock()
	defer c.reaper.mu.Unlock()
	if _, dead := c.Exit(); dead {
		return ErrDead
	}
	ids, err := Threads(c.PID)
	if err != nil {
		return err
	}
	for _, id := range ids {
		unix.Tgkill(c.PID, id, unix.SIGURG) // a thread that ended meanwhile needs none
	}
	return nil
}

func (c *Child) signalUntil(ctx context.Context, s unix.Signal, ok func() (bool, error)) error {
	if err := c.Signal(s); err != nil {
		return err
	}
	for wait := 20 * time.Microsecond; ; wait = min(2*wait, 5*time.Millisecond) {
		if done, err := ok(); err != nil || done {
			return err
		}
		select {
		case <-c.done:
			return ErrDead
		case <-ctx.Done():
			return fmt.Errorf("await %v of process %d: %w", s, c.PID, ctx.Err())
		case <-time.After(wait):
		}
	}
}
