//go:build linux && (amd64 || arm64)

package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"
)

func TestMain(m *testing.M) {
	if os.Getenv("PROCESS_TEST_ROLE") == "pid1" {
		pid1()
		return
	}
	goleak.VerifyTestMain(m)
}

// family is a Reaper that runs until the test ends.
func family(t *testing.T) *Reaper {
	t.Helper()
	r := NewReaper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { r.Run(ctx); close(done) }()
	t.Cleanup(func() { cancel(); <-done })
	return r
}

func start(t *testing.T, s Spec) *Child {
	t.Helper()
	c, err := family(t).Start(s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Kill(context.Background()) })
	return c
}

func shell(script string) Spec { return Spec{Command: []string{"sh", "-c", script}} }

func TestExitIsKept(t *testing.T) {
	for script, want := range map[string]Exit{
		"exit 7": {Code: 7}, "kill -TERM $$": {Code: -1, Signal: unix.SIGTERM},
	} {
		c := start(t, shell(script))
		<-c.Done()
		e, dead := c.Exit()
		if e.At == 0 || !dead {
			t.Errorf("%s: %+v, dead %v", script, e, dead)
		}
		if e.At = 0; e != want {
			t.Errorf("%s: %+v, want %+v", script, e, want)
		}
		if err := c.Signal(unix.SIGTERM); !errors.Is(err, ErrDead) {
			t.Errorf("signal to the dead: %v", err)
		}
		if err := c.Kill(t.Context()); err != nil {
			t.Errorf("kill of the dead: %v", err)
		}
	}
}

func TestAtExecComesBeforeTheFirstInstruction(t *testing.T) {
	mark := t.TempDir() + "/mark"
	s := shell("echo ran > " + mark)
	refusal := errors.New("not this one")
	s.AtExec = func(pid int, mem *os.File) error {
		stat, err := ReadStat(pid)
		if err != nil || stat.Letter != 't' || mem == nil {
			t.Errorf("at exec: %c, %v", stat.Letter, err)
		}
		return refusal
	}
	if _, err := family(t).Start(s); !errors.Is(err, refusal) {
		t.Fatalf("Start: %v", err)
	}
	if _, err := os.Stat(mark); err == nil {
		t.Error("the refused process ran")
	}
	s.AtExec = func(int, *os.File) error { return nil }
	<-start(t, s).Done()
	if _, err := os.Stat(mark); err != nil {
		t.Error("the process did not run")
	}
}

func TestStopReachesTheWholeGroupAndEveryThread(t *testing.T) {
	c := start(t, shell("sleep 1000 & wait"))
	var inner int
	for inner == 0 { // until the shell has started it
		out, _ := exec.Command("pgrep", "-P", fmt.Sprint(c.PID)).Output()
		fmt.Sscan(string(out), &inner)
	}
	if err := c.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, pid := range []int{c.PID, inner} {
		for { // the group's others follow at once, but are not waited for
			s, err := ReadStat(pid)
			if err != nil {
				t.Fatal(err)
			}
			if s.Letter == 'T' {
				break
			}
		}
	}
	if err := c.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, stopped, err := c.State(); stopped || err != nil {
		t.Errorf("resumed: stopped %v, %v", stopped, err)
	}
	if err := c.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := c.Kill(t.Context()); err != nil { // a stopped process dies too
		t.Fatal(err)
	}
	if err := c.Stop(t.Context()); !errors.Is(err, ErrDead) {
		t.Errorf("stop of the dead: %v", err)
	}
}

func TestPowerlessLooksAtTheKernel(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("not root: this process is powerless itself")
	}
	if err := powerless(os.Getpid()); err == nil || !strings.Contains(err.Error(), "SETPCAP") {
		t.Errorf("root was found powerless: %v", err)
	}
	if err := powerless(start(t, shell("sleep 1000")).PID); err != nil {
		t.Error(err)
	}
}

func TestStartRefusals(t *testing.T) {
	r := family(t)
	for _, s := range []Spec{{}, {Command: []string{"no such program"}}, {Command: []string{"/"}}} {
		if c, err := r.Start(s); err == nil {
			t.Errorf("%q started as %d", s.Command, c.PID)
		}
	}
}

func TestParseStat(t *testing.T) {
	const rest = " S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20 21\n"
	for _, c := range []struct {
		text string
		want Stat
		err  bool
	}{
		{"17 (node)" + rest, Stat{'S', 4711}, false},
		{"17 (a) R 1 (b)" + rest, Stat{'S', 4711}, false},
		{"17 (node)" + strings.Replace(rest, "4711", "x", 1), Stat{}, true},
		{"17 (node) S 1 2", Stat{}, true},
		{"", Stat{}, true},
	} {
		if got, err := parseStat([]byte(c.text)); got != c.want || (err != nil) != c.err {
			t.Errorf("%q: %+v, %v", c.text, got, err)
		}
	}
}

func FuzzParseStat(f *testing.F) {
	f.Add([]byte("17 (node) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20\n"))
	f.Fuzz(func(t *testing.T, text []byte) { parseStat(text) })
}

// As PID 1 of a namespace: everybody's orphans are ours.
func TestPID1ReapsOrphans(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("not root: no process namespace can be made")
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "PROCESS_TEST_ROLE=pid1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWPID | unix.CLONE_NEWNS}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "all orphans are buried") {
		t.Errorf("%v: %s", err, out)
	}
}

// pid1 starts a shell that leaves fifty orphans behind, and waits until no process is left but
// itself. Zombies would be.
func pid1() {
	unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, "")
	if err := unix.Mount("proc", "/proc", "proc", 0, ""); err != nil {
		fmt.Println("mount proc:", err)
		os.Exit(1)
	}
	r := NewReaper()
	go r.Run(context.Background())
	c, err := r.Start(shell("for i in $(seq 50); do (sleep 0.1 &); done"))
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	<-c.Done()
	for range 1000 {
		entries, _ := os.ReadDir("/proc")
		left := 0
		for _, e := range entries {
			if strings.Trim(e.Name(), "0123456789") == "" {
				left++
			}
		}
		if left == 1 {
			fmt.Println("all orphans are buried")
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	out, _ := exec.Command("ps", "ax").CombinedOutput()
	fmt.Printf("left behind:\n%s", out)
	os.Exit(1)
}
