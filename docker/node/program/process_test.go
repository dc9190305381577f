//go:build linux && (amd64 || arm64)

package program

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"sunder/nemesis"
	"sunder/nemesis/agent"
	"sunder/nodes"
	"sunder/nodes/host"
	"sunder/nodes/kv"
)

// deployed is one node behind its agent, as plain processes on this machine.
type deployed struct {
	client string
	log    *os.File
	agent  *exec.Cmd
	ctl    *agent.Client
}

// said is the log of the agent and its node.
func (d *deployed) said() string {
	text, err := os.ReadFile(d.log.Name())
	return fmt.Sprint(string(text), err)
}

// freePort is a port that was free a moment ago and still is: on an address of this machine that
// nobody else dials from or listens on.
func freePort(t *testing.T) string {
	host := fmt.Sprintf("127.%d.%d.%d:0", 1+rand.IntN(254), rand.IntN(256), 1+rand.IntN(254))
	l, err := net.Listen("tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func program(t *testing.T, args ...string) *exec.Cmd {
	c := exec.Command(os.Args[0], args...)
	c.Env = append(os.Environ(), "PROGRAM_TEST=1")
	return c
}

func deploy(t *testing.T, size int) []*deployed {
	dir := t.TempDir()
	var peers []string
	for i := range size {
		peers = append(peers, fmt.Sprintf("n%d=%s", i+1, freePort(t)))
	}
	var out []*deployed
	for i, peer := range peers {
		name, address, _ := strings.Cut(peer, "=")
		home := filepath.Join(dir, name)
		if err := os.Mkdir(home, 0o700); err != nil {
			t.Fatal(err)
		}
		socket := filepath.Join(home, "agent.sock")
		log, err := os.Create(filepath.Join(home, "log"))
		if err != nil {
			t.Fatal(err)
		}
		d := &deployed{client: freePort(t), log: log}
		d.agent = program(t, "agent", "--socket", socket, "--", os.Args[0], "node",
			"--id", name, "--peers", strings.Join(peers, ","), "--protocol", "raft",
			"--listen", address, "--client", d.client, "--data", filepath.Join(home, "node"))
		d.agent.Stderr = d.log
		if err := d.agent.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			// Killed at once, it would leave its node behind: here it is no container's PID 1.
			_ = d.agent.Process.Signal(syscall.SIGTERM)
			late := time.AfterFunc(10*time.Second, func() { _ = d.agent.Process.Kill() })
			_ = d.agent.Wait() // an error where the test has waited already
			late.Stop()
			if t.Failed() {
				t.Logf("n%d: %s", i+1, d.said())
			}
			log.Close()
		})
		d.ctl = control(t, socket)
		out = append(out, d)
	}
	return out
}

// pipe is the stdio of `ctl`.
type pipe struct {
	io.Reader
	io.Writer
	close func() error
}

func (p pipe) Close() error { return p.close() }

// control reaches an agent as the harness does, through `ctl`.
func control(t *testing.T, socket string) *agent.Client {
	for range 500 {
		if _, err := os.Stat(socket); err == nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	ctl := program(t, "ctl", "--socket", socket)
	in, err1 := ctl.StdinPipe()
	out, err2 := ctl.StdoutPipe()
	if err := errors.Join(err1, err2, ctl.Start()); err != nil {
		t.Fatal(err)
	}
	c := agent.NewClient(pipe{out, in, func() error { return errors.Join(in.Close(), ctl.Wait()) }})
	t.Cleanup(func() { _ = c.Close() }) // its agent may have hung up first
	if _, err := c.Hello(t.Context(), nil, time.Hour); err != nil {
		t.Fatalf("hello: %v", err)
	}
	return c
}

// open waits until a node answers.
func open(t *testing.T, d *deployed) *host.Endpoint {
	t.Helper()
	for range 1000 {
		e, err := host.Open(t.Context(), d.client)
		if err == nil {
			t.Cleanup(func() { _ = e.Close() }) // the second time, perhaps
			return e.(*host.Endpoint)
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("the node does not answer")
	return nil
}

// settle repeats a command at one node after the other until it is ok.
func settle(t *testing.T, all []*deployed, c kv.Command) kv.Result {
	t.Helper()
	for i := range 3000 {
		e, err := host.Open(t.Context(), all[i%len(all)].client)
		if err != nil {
			continue
		}
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		r, err := e.Do(ctx, c)
		cancel()
		e.Close()
		if err == nil && r.Status == kv.OK {
			return r
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("%s is never ok", c.Op)
	return kv.Result{}
}

func TestKilledNodesComeBackUnderTheirAgents(t *testing.T) {
	all := deploy(t, 3)
	settle(t, all, kv.Command{Op: kv.Write, Key: "x", Arg: 41})
	before := open(t, all[0])
	for round, killed := range [][]int{{0}, {1, 2}, {0, 1, 2}} {
		settle(t, all, kv.Command{Op: kv.Write, Key: "x", Arg: int64(50 + round)})
		for _, i := range killed {
			e, err := all[i].ctl.Apply(t.Context(), nemesis.State{Killed: true})
			if err != nil || e.Process.State != agent.Dead || e.Process.Exit.Signal == "" {
				t.Fatalf("kill n%d: %+v, %v", i+1, e.Process, err)
			}
			if _, err := host.Open(t.Context(), all[i].client); !errors.Is(err, nodes.ErrUnreachable) {
				t.Errorf("a killed node: %v", err)
			}
		}
		for _, i := range killed {
			if e, err := all[i].ctl.Apply(t.Context(), nemesis.State{}); err != nil ||
				e.Process.State != agent.Running {
				t.Fatalf("start n%d: %+v, %v", i+1, e.Process, err)
			}
		}
		if r := settle(t, all, kv.Command{Op: kv.Read, Key: "x"}); r.Value != int64(50+round) {
			t.Errorf("after %v were killed x is %d, want %d", killed, r.Value, 50+round)
		}
	}
	if r, err := open(t, all[0]).Report(t.Context()); err != nil || r.Boot != 3 {
		t.Errorf("n1 after two kills: %+v, %v", r, err)
	}
	_, err := before.Do(t.Context(), kv.Command{Op: kv.Read, Key: "x"})
	if !errors.Is(err, nodes.ErrUnreachable) {
		t.Errorf("a connection from before the kill: %v", err)
	}
	for i, d := range all {
		if err := d.agent.Process.Signal(syscall.SIGTERM); err != nil {
			t.Error(err)
		}
		if err := d.agent.Wait(); err != nil {
			t.Errorf("agent of n%d: %v", i+1, err)
		}
		if strings.Contains(d.said(), "panic") {
			t.Errorf("n%d panicked", i+1)
		}
	}
}

// TestSkewedClockShowsInStatus skews a node as its agent can, and sees it in what the node reports
// of its clocks: that is the harness's proof.
func TestSkewedClockShowsInStatus(t *testing.T) {
	all := deploy(t, 1)
	e := open(t, all[0])
	rates := func() (monotonic, realtime float64) {
		var r [2]host.Report
		for i := range r {
			var err error
			if r[i], err = e.Report(t.Context()); err != nil {
				t.Fatal(err)
			}
			time.Sleep(200 * time.Millisecond)
		}
		a, b := r[0].Clocks, r[1].Clocks
		raw := float64(b.Raw - a.Raw)
		return float64(b.Monotonic-a.Monotonic) / raw, float64(b.Realtime-a.Realtime) / raw
	}
	near := func(a, b float64) bool { return a > b*0.9 && a < b*1.1 }
	if m, r := rates(); !near(m, 1) || !near(r, 1) {
		t.Errorf("healthy: monotonic runs at %g, realtime at %g", m, r)
	}
	_, err := all[0].ctl.Apply(t.Context(), nemesis.State{Clock: nemesis.Clock{
		Monotonic: nemesis.Skew{Rate: 0.5}, Realtime: nemesis.Skew{Rate: 1.5}}})
	if err != nil {
		t.Skipf("the clock cannot be skewed here: %v", err)
	}
	if m, r := rates(); !near(m, 0.5) || !near(r, 1.5) {
		t.Errorf("skewed: monotonic runs at %g, want 0.5; realtime at %g, want 1.5", m, r)
	}
}
