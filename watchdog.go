package main

import (
	"bytes"
	"errors"
	"runtime"
	"time"
)

// A node that loops inside one call cannot be interrupted, and one that waits there for something
// real waits for ever. So the simulation runs beside a watchdog, which gives the test up.

// patience is how long a call into the simulation may take without a sign of life. The longest
// ones of a sound cluster take a second or two of a processor.
const patience = 60 * time.Second

// errStuck is returned for what gave no sign of life for too long. It still runs then, and nothing
// that it uses may be touched without a lock.
var errStuck = errors.New("a call into a node did not return")

// guard calls do in a goroutine, and gives up on it when beats stands still for so long. Time is
// counted in ticks that were seen: while the whole process is stopped, none are.
func guard(beats func() int64, patience time.Duration, do func() error) error {
	done := make(chan error, 1)
	go func() { done <- do() }()
	const ticks = 60
	tick := time.NewTicker(patience / ticks)
	defer tick.Stop()
	for last, still := beats(), 0; ; still++ {
		if still == ticks {
			return errStuck
		}
		select {
		case err := <-done:
			return err
		case <-tick.C:
			if now := beats(); now != last {
				last, still = now, -1
			}
		}
	}
}

// simulationStack is the stacks of the goroutines that are in the middle of a call into a
// simulated node.
func simulationStack() string {
	buf := make([]byte, 1<<20)
	buf = buf[:runtime.Stack(buf, true)]
	var out [][]byte
	for _, one := range bytes.Split(buf, []byte("\n\n")) {
		if bytes.Contains(one, []byte("sim.(*node).")) {
			out = append(out, one)
		}
	}
	return string(bytes.Join(out, []byte("\n\n")))
}

// stackFile is where a run keeps where it was stuck.
const stackFile = "stuck.txt"
