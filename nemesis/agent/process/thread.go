//go:build linux && (amd64 || arm64)

package process

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// onOwnThread runs f on a thread that ends afterwards, so that what f does to the thread (its
// user, its capabilities, what it traces) touches no other goroutine. The first thread of a
// process cannot end, so it is kept busy until another one is found.
func onOwnThread(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		if unix.Gettid() == unix.Getpid() {
			onOwnThread(f)
			runtime.UnlockOSThread()
			return
		}
		f()
	}()
	<-done
}

// lower takes from the calling thread, and so from what it starts, every capability for good: a
// node that could reach nftables or another process's clock could undo its own faults. Privileges
// belong to a thread in Linux, which makes this possible without a helper program in between.
func lower(uid, gid int) error {
	for c := 0; c <= unix.CAP_LAST_CAP; c++ {
		err := unix.Prctl(unix.PR_CAPBSET_DROP, uintptr(c), 0, 0, 0)
		if errors.Is(err, unix.EPERM) || errors.Is(err, unix.EINVAL) {
			break // may not, and then what the kernel left is checked at the exec stop
		}
		if err != nil {
			return fmt.Errorf("drop capability %d: %w", c, err)
		}
	}
	if err := become(uid, gid); err != nil {
		return err
	}
	none := [2]unix.CapUserData{}
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	if err := unix.Capset(&header, &none[0]); err != nil {
		return fmt.Errorf("drop capabilities: %w", err)
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("set no_new_privs: %w", err)
	}
	return nil
}

// become changes the calling thread's identity. The raw calls are meant: the ones of package
// syscall change every thread of the process.
func become(uid, gid int) error {
	if gid != 0 {
		groups := uint32(gid)
		_, _, e := unix.RawSyscall(unix.SYS_SETGROUPS, 1, uintptr(unsafe.Pointer(&groups)), 0)
		if e != 0 {
			return fmt.Errorf("set groups: %w", e)
		}
		g := uintptr(gid)
		if _, _, e := unix.RawSyscall(unix.SYS_SETRESGID, g, g, g); e != 0 {
			return fmt.Errorf("set group %d: %w", gid, e)
		}
	}
	if uid != 0 {
		u := uintptr(uid)
		if _, _, e := unix.RawSyscall(unix.SYS_SETRESUID, u, u, u); e != 0 {
			return fmt.Errorf("set user %d: %w", uid, e)
		}
	}
	return nil
}

// powerless checks, in the kernel's words, that a process has no capability and cannot get one.
func powerless(pid int) error {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return fmt.Errorf("read capabilities: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		switch name {
		case "CapInh", "CapPrm", "CapEff", "CapAmb":
			if strings.Trim(strings.TrimSpace(value), "0") != "" {
				return fmt.Errorf("the child keeps capabilities (%s %s): give the agent SETPCAP, "+
					"or the child a user of its own", name, strings.TrimSpace(value))
			}
		}
	}
	return nil
}
