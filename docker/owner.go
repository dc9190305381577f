package docker

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/moby/moby/client"
)

// Labels on every image, container, network and volume of ours.
const (
	labelOurs  = "sunder"       // its value is "true"
	labelRun   = "sunder.run"   // which cluster it belongs to
	labelOwner = "sunder.owner" // the process that has to remove it
)

// owner names a process so that another one can tell whether it still lives: a number alone comes
// again, and means another process on another machine.
type owner struct {
	machine string // host name and PID namespace: where pid counts
	boot    string // the machine's boot, where known
	pid     int
	start   string // when the process started, in ticks since that boot, where known
}

// self is this process.
func self() owner {
	o := owner{pid: os.Getpid(), start: startOf(os.Getpid())}
	o.machine, _ = os.Hostname()
	if space, err := os.Readlink("/proc/self/ns/pid"); err == nil {
		o.machine += " " + space
	}
	if boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id"); err == nil {
		o.boot = strings.TrimSpace(string(boot))
	}
	return o
}

// String is the owner as a label holds it.
func (o owner) String() string {
	return fmt.Sprintf("%s/%s/%d/%s", o.machine, o.boot, o.pid, o.start)
}

// parseOwner reads what String wrote.
func parseOwner(label string) (owner, error) {
	part := strings.Split(label, "/")
	if len(part) != 4 {
		return owner{}, fmt.Errorf("read owner %.80q: want 4 parts", label)
	}
	pid, err := strconv.Atoi(part[2])
	if err != nil || pid <= 0 {
		return owner{}, fmt.Errorf("read owner %.80q: want a process number", label)
	}
	return owner{machine: part[0], boot: part[1], pid: pid, start: part[3]}, nil
}

// dead says whether the process is gone for certain, as seen from the process me. Of one on
// another machine nothing is known, so it counts as alive.
func (o owner) dead(me owner) bool {
	if o.machine != me.machine {
		return false
	}
	if o.boot != me.boot {
		return true
	}
	if err := syscall.Kill(o.pid, 0); errors.Is(err, syscall.ESRCH) {
		return true
	}
	return o.start != startOf(o.pid)
}

// startOf is when a process started, field 22 of /proc/PID/stat; empty where there is none.
func startOf(pid int) string {
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return ""
	}
	// The second field is the program's name in parentheses, and may hold any character.
	text := string(stat)
	field := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
	if len(field) < 20 {
		return ""
	}
	return field[19]
}

// labels marks something as belonging to a run of o.
func (o owner) labels(run string) map[string]string {
	return map[string]string{labelOurs: "true", labelRun: run, labelOwner: o.String()}
}

// ofRun selects what belongs to a run; of any, if run is empty.
func ofRun(run string) client.Filters {
	if run == "" {
		return make(client.Filters).Add("label", labelRun)
	}
	return make(client.Filters).Add("label", labelRun+"="+run)
}
