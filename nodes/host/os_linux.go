package host

import (
	"errors"
	"net"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// rawClock reads CLOCK_MONOTONIC_RAW by a system call, which no hook of the vDSO sees: the true
// clock beside the node's own.
func rawClock() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC_RAW, &ts); err != nil {
		return 0
	}
	return time.Duration(ts.Nano())
}

// boundUnacked lets the kernel give up a connection whose data nobody acknowledged for d. It is
// both TCP's retransmission and its probes of a silent peer that are bounded.
func boundUnacked(d time.Duration) func(network, address string, c syscall.RawConn) error {
	return func(_, _ string, c syscall.RawConn) error {
		var failed error
		err := c.Control(func(fd uintptr) {
			failed = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT,
				int(d/time.Millisecond))
		})
		if err != nil {
			return err
		}
		return failed
	}
}

// spent says whether there is something to read on a connection that owes nothing: its end, an
// error, or bytes that nobody asked for. Looking costs a microsecond and turns the first operation
// after a node was killed from doubtful into not sent.
func spent(conn net.Conn) bool {
	sc, ok := conn.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return true
	}
	var peeked error
	err = raw.Read(func(fd uintptr) bool {
		var b [1]byte
		_, _, peeked = unix.Recvfrom(int(fd), b[:], unix.MSG_PEEK|unix.MSG_DONTWAIT)
		return true
	})
	return err != nil || !errors.Is(peeked, unix.EAGAIN)
}
