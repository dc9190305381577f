//go:build linux && (amd64 || arm64)

package agent

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sunder/nemesis"
)

var peers = map[string]netip.Addr{
	"n1": netip.MustParseAddr("127.0.0.1"), "n2": netip.MustParseAddr("127.0.0.2"),
	"n3": netip.MustParseAddr("127.0.0.3"),
}

func hello(t testing.TB, c *Client, lease time.Duration) Evidence {
	t.Helper()
	e, err := c.Hello(t.Context(), peers, lease)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// needs skips where a fault does not work, and says why.
func needs(t testing.TB, a Ability) {
	t.Helper()
	if !a.Works {
		t.Skip(a.Why)
	}
}

// send sends one datagram from an address of a peer to ours.
func send(t testing.TB, from string) {
	t.Helper()
	conn, err := net.ListenPacket("udp", from+":0")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.WriteTo([]byte("hello"), &net.UDPAddr{IP: net.IPv4(127, 0, 0, 9), Port: 9}); err != nil {
		t.Fatal(err)
	}
}

func TestCutsAreProvenByCounters(t *testing.T) {
	if out, err := exec.Command("ip", "link", "set", "lo", "up").CombinedOutput(); err != nil {
		t.Skipf("no loopback in the namespace: %v %s", err, out)
	}
	c := startAgent(t, "sleep", nil)
	needs(t, hello(t, c, time.Minute).Support.Network)
	send(t, "127.0.0.2")
	e := apply(t, c, nemesis.State{Drop: []string{"n2"}})
	if e.Drops["n2"] != (Drop{Cut: true}) || e.Drops["n3"] != (Drop{}) {
		t.Errorf("cut: %+v", e.Drops)
	}
	send(t, "127.0.0.2")
	send(t, "127.0.0.3")
	hello(t, c, time.Minute) // a harness that comes again changes nothing
	e = read(t, c)
	if d := e.Drops["n2"]; !d.Cut || d.Packets != 1 || e.Drops["n3"].Packets != 0 {
		t.Errorf("after a packet: %+v", e.Drops)
	}
	if _, err := c.Apply(t.Context(), nemesis.State{Paused: true, Drop: []string{"n9"}}); err == nil ||
		!strings.Contains(err.Error(), "n9") {
		t.Errorf("cut of a stranger: %v", err)
	}
	if e := read(t, c); e.Process.State != Running || !e.Drops["n2"].Cut {
		t.Errorf("a refused state was partly applied: %+v", e)
	}
	apply(t, c, nemesis.State{})
	send(t, "127.0.0.2")
	if d := read(t, c).Drops["n2"]; d.Cut || d.Packets != 1 {
		t.Errorf("healed: %+v", d)
	}
}

func TestClockSurvivesKillAndIsShown(t *testing.T) {
	c := startAgent(t, "sleep", nil)
	needs(t, hello(t, c, time.Minute).Support.Clock)
	if k := read(t, c).Clock; k == nil || k.Skew != (nemesis.Clock{}) || k.Realtime.Offset() != 0 {
		t.Fatalf("at first: %+v", k)
	}
	e := apply(t, c, nemesis.State{Clock: skewed})
	k := e.Clock
	if k.Skew != skewed || k.Since < e.Began || k.Since > e.Ended {
		t.Errorf("skewed between %v and %v: %+v", e.Began, e.Ended, k)
	}
	if off := k.Realtime.Offset(); off > -time.Minute || off < -61*time.Second {
		t.Errorf("realtime is off by %v", off)
	}
	apply(t, c, nemesis.State{Killed: true, Clock: skewed})
	if e := read(t, c); e.Clock != nil {
		t.Errorf("the clock of a dead process: %+v", e.Clock)
	}
	again := apply(t, c, nemesis.State{Clock: skewed}).Clock
	if again.Skew != skewed || again.Monotonic.Offset() > time.Minute+time.Second {
		t.Errorf("started again: %+v", again)
	}
	back := skewed
	back.Monotonic.Offset = 0
	if _, err := c.Apply(t.Context(), nemesis.State{Clock: back}); err == nil {
		t.Error("the monotonic clock was stepped back")
	}
	apply(t, c, nemesis.State{Killed: true})
	if k := apply(t, c, nemesis.State{}).Clock; k.Skew != (nemesis.Clock{}) {
		t.Errorf("a new process may have a true clock: %+v", k)
	}
}

func TestFaultsOverlapAndTheLeaseHealsAll(t *testing.T) {
	c := startAgent(t, "sleep", nil)
	const lease = 500 * time.Millisecond
	s := hello(t, c, lease).Support
	needs(t, s.Clock)
	needs(t, s.Network)
	state := nemesis.State{Paused: true, Drop: []string{"n2", "n3"}, Clock: skewed}
	alive, stop := context.WithCancel(t.Context())
	kept := make(chan error)
	go func() { kept <- c.Keepalive(alive, lease) }()
	e := apply(t, c, state)
	if e.Process.State != Stopped || !e.Drops["n2"].Cut || e.Clock.Skew != skewed {
		t.Errorf("overlapping: %+v", e)
	}
	state.Killed = true
	apply(t, c, state)
	state.Killed = false
	if e = apply(t, c, state); e.Process.State != Stopped || !e.Drops["n3"].Cut || e.Clock.Skew != skewed {
		t.Errorf("started again into overlapping faults: %+v", e)
	}
	stop()
	if err := <-kept; err != nil {
		t.Fatal(err)
	}
	expired := e.Lease.Expired
	for e.Lease.Expired == expired { // a request would keep the lease, so look seldom
		time.Sleep(2 * lease)
		e = read(t, c)
	}
	healed := nemesis.Clock{Monotonic: nemesis.Skew{Offset: skewed.Monotonic.Offset}}
	if e.Process.State != Running || e.Drops["n2"].Cut || e.Clock.Skew != healed || e.Process.Boots != 2 {
		t.Errorf("healed: %+v", e)
	}
	if off := e.Clock.Realtime.Offset(); off != 0 {
		t.Errorf("realtime is still off by %v", off)
	}
}

// What the process itself says about its timers under a fast clock: only a nudge lets an idle Go
// program notice in time.
func TestTimersOfAFastGoProgramAreInTime(t *testing.T) {
	var out string
	c := startAgent(t, "timer", func(c *Config) { c.Hold, out = true, c.Stdout.Name() })
	needs(t, hello(t, c, time.Minute).Support.Clock)
	const rate = 4
	apply(t, c, nemesis.State{Clock: nemesis.Clock{Monotonic: nemesis.Skew{Rate: rate}}})
	// A timer of 2 s must fire after 0.5 s. Unpoked it fires after 2 s of true time. A busy
	// machine may delay any one of them, so the best of some counts.
	best := time.Hour
	for n := 0; n < 8 && best > time.Second; {
		text, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		n = 0
		for s := bufio.NewScanner(strings.NewReader(string(text))); s.Scan(); n++ {
			took, err := time.ParseDuration(s.Text())
			if err == nil {
				best = min(best, took)
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
	if best > time.Second || best < 400*time.Millisecond {
		t.Errorf("a timer of 2 s at rate %d took %v of true time", rate, best)
	}
}

// timer prints how long, in true time, a timer of two seconds takes.
func timer() {
	for {
		begin := monotonic()
		time.Sleep(2 * time.Second)
		fmt.Println(monotonic() - begin)
	}
}

func TestProbe(t *testing.T) {
	s := Probe()
	if s.Kernel == "" || s.Clock.Works == (s.Clock.Why != "") || s.Network.Works == (s.Network.Why != "") {
		t.Errorf("%+v", s)
	}
	t.Logf("%+v", s)
}

func TestUnusableCommandIsSaid(t *testing.T) {
	err := Run(t.Context(), Config{
		Command: []string{"/no/such/program"}, Socket: filepath.Join(t.TempDir(), "d", "s"),
	})
	if err == nil || !strings.Contains(err.Error(), "/no/such/program") {
		t.Errorf("Run: %v", err)
	}
}

func benchmarkApply(b *testing.B, states ...nemesis.State) {
	c := startAgent(b, "sleep", nil)
	s := hello(b, c, time.Hour).Support
	needs(b, s.Clock)
	needs(b, s.Network)
	i := 0
	for b.Loop() {
		apply(b, c, states[i%len(states)])
		i++
	}
}

func BenchmarkApplyNothing(b *testing.B) { benchmarkApply(b, nemesis.State{}) }

func BenchmarkApplyCut(b *testing.B) {
	benchmarkApply(b, nemesis.State{Drop: []string{"n1", "n2"}}, nemesis.State{})
}

func BenchmarkApplyClock(b *testing.B) {
	clock := func(rate float64) nemesis.State {
		return nemesis.State{Clock: nemesis.Clock{Monotonic: nemesis.Skew{Rate: rate}}}
	}
	benchmarkApply(b, clock(0.5), clock(0.9))
}

func BenchmarkApplyPause(b *testing.B) {
	benchmarkApply(b, nemesis.State{Paused: true}, nemesis.State{})
}

func BenchmarkApplyKill(b *testing.B) {
	benchmarkApply(b, nemesis.State{Killed: true}, nemesis.State{})
}

func BenchmarkPing(b *testing.B) {
	c := startAgent(b, "sleep", nil)
	for b.Loop() {
		if err := c.Ping(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
