//go:build !linux

package host

import (
	"net"
	"syscall"
	"time"
)

// rawClock is the wall clock: nodes are skewed on Linux only, so it is as good as any.
func rawClock() time.Duration { return time.Duration(time.Now().UnixNano()) }

// boundUnacked leaves it to write deadlines to notice a peer that is silent.
func boundUnacked(time.Duration) func(network, address string, c syscall.RawConn) error {
	return nil
}

// spent cannot tell here: the operation will.
func spent(net.Conn) bool { return false }
