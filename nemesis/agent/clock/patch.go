//go:build linux && (amd64 || arm64)

// Package clock skews the clocks of one process, and of no other, by patching its private copy of
// the vDSO: a hook in the unused end of that mapping calls the original code and draws a line
// through the time it gives. It needs no capability, no change to the program, and no pause when
// a skew changes; hook/hook.c says what a reader of the clock is promised.
//
// What it cannot do: sleeps and time-outs in the kernel keep true time, a program that the process
// executes starts with true clocks again, and a raw clock_gettime system call sees no skew.
package clock

import (
	"errors"
	"fmt"
	"io"
	"time"

	"golang.org/x/sys/unix"

	"sunder/nemesis"
)

// Memory is the memory of a process: /proc/PID/mem, open for reading and writing.
type Memory interface {
	io.ReaderAt
	io.WriterAt
}

// Patch is the hook in one process. It holds nothing but where things are: what the skew is stands
// in the process. It is not safe for use by several goroutines.
type Patch struct {
	mem     Memory
	control uint64  // address of struct control
	fixed   []write // what must stand in the process for the hook to be called
}

// lead is how far ahead a change is set: long enough to have written it by then.
const lead = time.Millisecond

// ErrGone says that the process has true clocks now: it executed another program, or died.
var ErrGone = errors.New("the clock's patch is gone: the process executed another program or died")

// Set changes the skew to c, and returns when that is in force: about a millisecond later, for
// every thread at one true instant. Where c is in force already, nothing is written.
func (p *Patch) Set(c nemesis.Clock) error {
	index, current, err := p.read()
	if err != nil {
		return fmt.Errorf("set clock: %w", err)
	}
	for ahead := lead; ; ahead *= 2 {
		start := now()
		begin := start.monotonic + int64(ahead)
		next, err := current.turn(c, start.realtime+int64(ahead), begin)
		if err != nil {
			return fmt.Errorf("set clock: %w", err)
		}
		if next == current {
			return nil
		}
		data := make([]byte, slotLen)
		next.encode(data)
		to := p.control + atSlots + (index+1)%slots*slotLen
		if _, err := p.mem.WriteAt(data, int64(to)); err != nil {
			return fmt.Errorf("set clock: write slot: %w", err)
		}
		if read(unix.CLOCK_MONOTONIC) > begin-int64(ahead)/2 && ahead < time.Second {
			continue // too slow: nobody has seen the slot yet, so set it further ahead
		}
		le.PutUint64(data, index+1)
		if _, err := p.mem.WriteAt(data[:8], int64(p.control+atIndex)); err != nil {
			return fmt.Errorf("set clock: write index: %w", err)
		}
		time.Sleep(time.Duration(begin - read(unix.CLOCK_MONOTONIC)))
		return nil
	}
}

// Check says what forbids c as the next skew of this process, and changes nothing.
func (p *Patch) Check(c nemesis.Clock) error {
	_, current, err := p.read()
	if err != nil {
		return fmt.Errorf("check clock: %w", err)
	}
	return current.mayTurn(c)
}
