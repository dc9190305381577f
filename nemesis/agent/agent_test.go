//go:build linux && (amd64 || arm64)

package agent

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"sunder/nemesis"
)

// The node of these tests is this test binary, run again: it is a static-enough Go program and
// needs nothing else on the machine.
func TestMain(m *testing.M) {
	if role := os.Getenv("AGENT_TEST_ROLE"); role != "" {
		roles[role]()
		return
	}
	if os.Getenv("AGENT_TEST_INSIDE") != "" || os.Getuid() != 0 {
		goleak.VerifyTestMain(m)
	}
	// As root everything runs in a network namespace of its own: agents make tables.
	cmd := exec.Command(os.Args[0], os.Args[1:]...)
	cmd.Env = append(os.Environ(), "AGENT_TEST_INSIDE=1")
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNET}
	if err := cmd.Run(); err != nil {
		log.Fatalf("in the namespace: %v", err)
	}
}

var roles = map[string]func(){
	"sleep":     func() { fmt.Println("up"); time.Sleep(time.Hour) },
	"exit":      func() { os.Exit(3) },
	"panic":     func() { panic("on purpose") },
	"timer":     timer,
	"polite":    polite,
	"stubborn":  stubborn,
	"container": container,
}

// startAgent runs an agent whose node plays role, and returns a client that has said hello.
func startAgent(t testing.TB, role string, change func(*Config)) *Client {
	t.Helper()
	dir := t.TempDir()
	os.Chmod(dir, 0o700)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	out, err := os.Create(filepath.Join(dir, "out"))
	if err != nil {
		t.Fatal(err)
	}
	c := Config{
		Command: []string{self}, Env: append(os.Environ(), "AGENT_TEST_ROLE="+role),
		Stdout: out, Stderr: out, Socket: filepath.Join(dir, "agent.sock"),
		Grace: 200 * time.Millisecond,
		Log:   hclog.New(&hclog.LoggerOptions{Output: testLog{t}, Level: hclog.Info}),
	}
	if change != nil {
		change(&c)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- Run(ctx, c) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
		out.Close()
	})
	return dialAgent(t, c.Socket)
}

type testLog struct{ t testing.TB }

func (l testLog) Write(p []byte) (int, error) {
	l.t.Logf("%s", strings.TrimSpace(string(p)))
	return len(p), nil
}

func dialAgent(t testing.TB, socket string) *Client {
	t.Helper()
	var conn net.Conn
	var err error
	for range 500 {
		if conn, err = net.Dial("unix", socket); err == nil {
			c := NewClient(conn)
			t.Cleanup(func() { c.Close() })
			return c
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal(err)
	return nil
}

func apply(t testing.TB, c *Client, s nemesis.State) Evidence {
	t.Helper()
	e, err := c.Apply(t.Context(), s)
	if err != nil {
		t.Fatalf("Apply %+v: %v", s, err)
	}
	return e
}

func read(t testing.TB, c *Client) Evidence {
	t.Helper()
	e, err := c.Read(t.Context())
	if err != nil {
		t.Fatalf("Read: %v", err)
	}
	return e
}

// await reads until the evidence is as wanted; the test's own time limit ends it.
func await(t testing.TB, c *Client, ok func(Evidence) bool) Evidence {
	t.Helper()
	for {
		if e := read(t, c); ok(e) {
			return e
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func TestKillAndStartInPlace(t *testing.T) {
	c := startAgent(t, "sleep", nil)
	first := read(t, c).Process
	if first.State != Running || first.PID == 0 || first.Start == 0 || first.Boots != 1 {
		t.Fatalf("at first: %+v", first)
	}
	for range 2 { // the second one changes nothing
		p := apply(t, c, nemesis.State{Killed: true}).Process
		if p.State != Dead || p.Exit == nil || !p.Exit.Killed || p.Exit.Signal != "SIGKILL" {
			t.Fatalf("killed: %+v, exit %+v", p, p.Exit)
		}
		if _, err := os.Stat(fmt.Sprintf("/proc/%d", first.PID)); err == nil {
			t.Fatal("the killed process was not reaped")
		}
	}
	for range 2 {
		p := apply(t, c, nemesis.State{}).Process
		if p.State != Running || p.Boots != 2 || p.PID == first.PID || p.Start < first.Start {
			t.Fatalf("started again: %+v after %+v", p, first)
		}
	}
}

func TestPauseStopsEveryThread(t *testing.T) {
	c := startAgent(t, "sleep", nil)
	for range 5 {
		if p := apply(t, c, nemesis.State{Paused: true}).Process; p.State != Stopped || p.Letter != "T" {
			t.Fatalf("paused: %+v", p)
		}
		if p := apply(t, c, nemesis.State{}).Process; p.State != Running || p.Boots != 1 {
			t.Fatalf("resumed: %+v", p)
		}
	}
}

func TestStartedWhilePausedDoesNothing(t *testing.T) {
	var out string
	c := startAgent(t, "sleep", func(c *Config) { c.Hold, out = true, c.Stdout.Name() })
	if p := read(t, c).Process; p.State != Unborn {
		t.Fatalf("held: %+v", p)
	}
	if p := apply(t, c, nemesis.State{Paused: true}).Process; p.State != Stopped {
		t.Fatalf("started paused: %+v", p)
	}
	if text, _ := os.ReadFile(out); len(text) > 0 {
		t.Fatalf("the stopped process wrote %q", text)
	}
	apply(t, c, nemesis.State{})
	for {
		if text, _ := os.ReadFile(out); string(text) == "up\n" {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func TestNodeThatEndsByItselfStaysDown(t *testing.T) {
	for role, code := range map[string]int{"exit": 3, "panic": 2} {
		t.Run(role, func(t *testing.T) {
			c := startAgent(t, role, nil)
			e := await(t, c, func(e Evidence) bool { return e.Process.State == Dead })
			if x := e.Process.Exit; x.Code != code || x.Killed || x.Signal != "" || x.At == 0 {
				t.Fatalf("exit %+v", x)
			}
			if p := apply(t, c, nemesis.State{}).Process; p.State != Dead || p.Boots != 1 {
				t.Fatalf("a healthy state started it again: %+v", p)
			}
			apply(t, c, nemesis.State{Killed: true})
			if p := apply(t, c, nemesis.State{}).Process; p.Boots != 2 {
				t.Fatalf("kill and start did not start it: %+v", p)
			}
		})
	}
}

func TestLeaseHealsWhenNobodyIsHeard(t *testing.T) {
	c := startAgent(t, "sleep", nil)
	ctx := t.Context()
	if _, err := c.Hello(ctx, nil, 300*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	apply(t, c, nemesis.State{Paused: true})
	alive, stop := context.WithTimeout(ctx, time.Second)
	defer stop()
	if err := c.Keepalive(alive, 300*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	if e := read(t, c); e.Lease.Expired == 0 && e.Process.State != Stopped {
		t.Fatalf("kept alive: %+v", e)
	}
	time.Sleep(time.Second)
	e := read(t, c)
	if e.Lease.Expired == 0 || e.Lease.At == 0 || e.Process.State != Running {
		t.Fatalf("after silence: %+v", e)
	}
	apply(t, c, nemesis.State{Killed: true})
	time.Sleep(time.Second)
	if again := read(t, c); again.Lease.Expired <= e.Lease.Expired || again.Process.Boots != 2 {
		t.Fatalf("after silence, killed: %+v", again)
	}
}

func TestProcessHasNoCapability(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("not root: there is nothing to drop")
	}
	for _, uid := range []int{0, 1234} {
		t.Run(fmt.Sprint("user ", uid), func(t *testing.T) {
			c := startAgent(t, "sleep", func(c *Config) {
				c.UID, c.GID = uid, uid
				c.Command = []string{"/bin/sleep", "1000"} // the test binary is root's
			})
			e := apply(t, c, nemesis.State{Clock: skewed})
			if e.Clock == nil || e.Clock.Skew != skewed {
				t.Errorf("its clock is %+v", e.Clock)
			}
			text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", e.Process.PID))
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range []string{
				"CapPrm:\t0000000000000000", "CapEff:\t0000000000000000",
				"CapBnd:\t0000000000000000", "NoNewPrivs:\t1", fmt.Sprintf("Uid:\t%d\t%[1]d", uid),
			} {
				if !strings.Contains(string(text), want) {
					t.Errorf("no %q in\n%s", want, text)
				}
			}
		})
	}
}

var skewed = nemesis.Clock{
	Realtime:  nemesis.Skew{Offset: -time.Minute, Rate: 0.5},
	Monotonic: nemesis.Skew{Offset: time.Minute, Rate: 1.5},
}

func TestControlCarriesLines(t *testing.T) {
	var socket string
	startAgent(t, "sleep", func(c *Config) { socket = c.Socket })
	near, far := net.Pipe()
	ended := make(chan error, 1)
	go func() { ended <- Control(socket, far, far); far.Close() }()
	c := NewClient(near)
	if p := read(t, c).Process; p.State != Running {
		t.Errorf("over ctl: %+v", p)
	}
	c.Close()
	if err := <-ended; err != nil && !errors.Is(err, io.ErrClosedPipe) {
		t.Error(err)
	}
}
