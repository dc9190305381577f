package main

import (
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"syscall"
	"time"
)

// cpu is the CPU seconds that this process has used, all threads and the collector included.
func cpu() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(fmt.Sprintf("checkbench: %v", err))
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
}

// memory is a field of /proc/self/status in megabytes: VmRSS, or VmHWM, its peak.
func memory(field string) int {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		var kilobytes int
		if n, _ := fmt.Sscanf(line, field+": %d kB", &kilobytes); n == 1 {
			return kilobytes >> 10
		}
	}
	return 0
}

// began is when the measuring began: 0 while the history is made.
var began = make(chan float64, 1)

// watch ends the process when it takes too much.
func watch(seconds float64, megabytes int) {
	go func() {
		start := <-began
		for range time.Tick(20 * time.Millisecond) {
			spent, used := cpu()-start, memory("VmRSS")
			if spent > seconds || used > megabytes {
				fmt.Printf("gave up\t%.3f\t%d\n", spent, used)
				os.Exit(0)
			}
		}
	}()
}

// measure makes the history, judges it with one engine, and says what that took. What is too short
// for the clock is repeated.
func (r row) measure(porcupine bool) string {
	judge := r.ours
	if porcupine {
		judge = r.porcupine
	}
	run := judge()
	debug.FreeOSMemory()
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
		return fmt.Sprintf("failed to reset the peak: %v", err)
	}
	start := cpu()
	began <- start
	verdict, times := run(), 1
	for ; cpu()-start < 0.05; times++ {
		run()
	}
	return fmt.Sprintf("%s\t%.6f\t%d", verdict, (cpu()-start)/float64(times), memory("VmHWM"))
}
