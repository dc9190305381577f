//go:build linux && (amd64 || arm64)

package clock

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"sunder/nemesis"
	"sunder/nemesis/agent/process"
)

// The Go program of these tests is this test binary, run again.
func TestMain(m *testing.M) {
	switch os.Getenv("CLOCK_TEST_ROLE") {
	case "show":
		show()
	case "hammer":
		hammer()
	default:
		goleak.VerifyTestMain(m)
	}
}

// show prints what time.Now shows between two true readings, until nobody reads. The calls of
// package unix are system calls, which no patch of the vDSO can reach.
func show() {
	start := time.Now()
	for {
		raw, realtime := read(unix.CLOCK_MONOTONIC_RAW), read(unix.CLOCK_REALTIME)
		now := time.Now()
		after := read(unix.CLOCK_MONOTONIC_RAW)
		_, err := fmt.Println(raw, after, realtime, now.UnixNano(), int64(now.Sub(start)))
		if err != nil {
			return
		}
	}
}

// hammer reads the clock from many threads, with garbage to collect, and dies when the monotonic
// clock is behind what any thread has seen before.
func hammer() {
	start := time.Now()
	var last, calls atomic.Int64
	for range 16 {
		go func() {
			for {
				seen := last.Load()
				now := int64(time.Since(start))
				if now < seen {
					panic(fmt.Sprintf("the monotonic clock went back by %d ns", seen-now))
				}
				if now > seen {
					last.CompareAndSwap(seen, now)
				}
				calls.Add(1)
				_ = make([]byte, 1<<12)
			}
		}()
	}
	for {
		runtime.GC()
		if _, err := fmt.Println(read(unix.CLOCK_MONOTONIC_RAW), calls.Load()); err != nil {
			return
		}
	}
}

// child is a process whose clock is patched, and what it prints.
type child struct {
	*process.Child
	patch *Patch
	lines *bufio.Scanner
}

func launch(t testing.TB, c nemesis.Clock, role string, command ...string) child {
	t.Helper()
	if len(command) == 0 {
		self, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		command = []string{self}
	}
	r := process.NewReaper()
	ctx, cancel := context.WithCancel(context.Background())
	reaped := make(chan struct{})
	go func() { r.Run(ctx); close(reaped) }()
	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	var p *Patch
	ch, err := r.Start(process.Spec{
		Command: command, Env: append(os.Environ(), "CLOCK_TEST_ROLE="+role),
		Stdout: out, Stderr: os.Stderr,
		AtExec: func(pid int, mem *os.File) (err error) {
			p, err = Install(pid, mem, c)
			return err
		},
	})
	out.Close()
	t.Cleanup(func() {
		if ch != nil {
			ch.Kill(context.Background())
		}
		in.Close()
		cancel()
		<-reaped
	})
	if err != nil {
		t.Skipf("no clock can be patched here: %v", err)
	}
	return child{ch, p, bufio.NewScanner(in)}
}

func (c child) set(t testing.TB, want nemesis.Clock) {
	t.Helper()
	if err := c.patch.Set(want); err != nil {
		t.Fatal(err)
	}
}

// next is the numbers of the first line that was begun after this call.
func (c child) next(t *testing.T, n int) []int64 {
	t.Helper()
	mark := read(unix.CLOCK_MONOTONIC_RAW)
	for c.lines.Scan() {
		v := make([]int64, n)
		p := make([]any, n)
		for i := range v {
			p[i] = &v[i]
		}
		if _, err := fmt.Sscan(c.lines.Text(), p...); err != nil {
			t.Fatalf("line %q: %v", c.lines.Text(), err)
		}
		if v[0] > mark {
			return v
		}
	}
	t.Fatal("the process prints no more")
	return nil
}

const (
	ms = int64(time.Millisecond)
	// Between two readings of one line anything may take its time, which the line shows. Beyond
	// that, the machine's own clocks may be slewed against CLOCK_MONOTONIC_RAW.
	slack = ms
)

func within(t *testing.T, what string, got, low, high int64) {
	t.Helper()
	if got < low-slack || got > high+slack {
		t.Errorf("%s is %d, want %d to %d", what, got, low-slack, high+slack)
	}
}

func realtime(s nemesis.Skew) nemesis.Clock  { return nemesis.Clock{Realtime: s} }
func monotonic(s nemesis.Skew) nemesis.Clock { return nemesis.Clock{Monotonic: s} }

func TestGoProgramSeesRealtimeSteps(t *testing.T) {
	c := launch(t, realtime(nemesis.Skew{Offset: -time.Hour}), "show")
	before := c.next(t, 5)
	for _, offset := range []time.Duration{
		-time.Hour, 2 * time.Hour, 0, 17 * time.Millisecond, -3 * time.Second, 0,
	} {
		c.set(t, realtime(nemesis.Skew{Offset: offset}))
		v := c.next(t, 5)
		took := v[1] - v[0]
		within(t, fmt.Sprintf("realtime less %v", offset), v[3]-int64(offset), v[2], v[2]+took)
		gone := v[0] - before[0]
		within(t, "time.Since", v[4]-before[4], gone-took, gone+took+before[1]-before[0])
	}
}

// gained checks that between two lines a clock ran at rate by CLOCK_MONOTONIC_RAW.
func gained(t *testing.T, what string, a, b []int64, i int, rate float64) {
	t.Helper()
	low, high := float64(b[0]-a[1])*rate, float64(b[1]-a[0])*rate
	within(t, what, b[i]-a[i], int64(low), int64(high))
}

func TestGoProgramSeesRates(t *testing.T) {
	c := launch(t, nemesis.Clock{}, "show")
	for _, rates := range [][2]float64{{1.5, 1}, {0.5, 2}, {1, 0.5}, {3, 0.1}, {1, 1.5}, {1, 1}} {
		skew := nemesis.Clock{
			Realtime: nemesis.Skew{Rate: rates[0]}, Monotonic: nemesis.Skew{Rate: rates[1]},
		}
		c.set(t, skew)
		a := c.next(t, 5)
		time.Sleep(200 * time.Millisecond)
		b := c.next(t, 5)
		gained(t, fmt.Sprintf("realtime at %v", rates[0]), a, b, 3, rates[0])
		gained(t, fmt.Sprintf("monotonic at %v", rates[1]), a, b, 4, rates[1])
	}
	v := c.next(t, 5)
	within(t, "realtime at last", v[3], v[2], v[2]+v[1]-v[0])
}

func TestGoProgramSeesStrobe(t *testing.T) {
	c := launch(t, nemesis.Clock{}, "show")
	const delta = int64(10 * time.Second)
	s := nemesis.Strobe{Delta: time.Duration(delta), Period: 3 * time.Millisecond}
	c.set(t, realtime(nemesis.Skew{Strobe: s}))
	seen, first := map[bool]int{}, c.next(t, 5)
	for seen[true] < 5 || seen[false] < 5 {
		v := c.next(t, 5)
		took, off := v[1]-v[0], v[3]-v[2]
		jumped := off > delta/2
		seen[jumped]++
		if jumped {
			off -= delta
		}
		within(t, "realtime less the jump", off, 0, took)
		gained(t, "monotonic", first, v, 4, 1)
	}
	c.set(t, nemesis.Clock{})
	for range 20 {
		v := c.next(t, 5)
		within(t, "realtime at last", v[3], v[2], v[2]+v[1]-v[0])
	}
}

func TestMonotonicNeverStepsBack(t *testing.T) {
	c := launch(t, monotonic(nemesis.Skew{Offset: time.Second}), "show")
	a := c.next(t, 5)
	c.set(t, monotonic(nemesis.Skew{Offset: time.Minute, Rate: 2}))
	c.set(t, monotonic(nemesis.Skew{Offset: time.Minute}))
	b := c.next(t, 5)
	if got := b[4] - a[4] - (b[0] - a[0]); got < int64(59*time.Second) {
		t.Errorf("it gained %d ns beyond the true time", got)
	}
	for _, bad := range []nemesis.Skew{
		{}, {Offset: 59 * time.Second}, {Offset: -1}, {Offset: time.Hour, Rate: -1},
		{Offset: time.Minute, Strobe: nemesis.Strobe{Delta: 1, Period: time.Second}},
	} {
		if err := c.patch.Set(monotonic(bad)); err == nil {
			t.Errorf("%+v was taken", bad)
		}
	}
	d := c.next(t, 5)
	gained(t, "monotonic after refusals", b, d, 4, 1)
}

func TestProgramStartsSkewed(t *testing.T) {
	c := launch(t, realtime(nemesis.Skew{Offset: 24 * time.Hour, Rate: 2}), "show")
	v := c.next(t, 5)
	if v[3]-v[2] < int64(24*time.Hour) {
		t.Errorf("realtime is off by %d", v[3]-v[2])
	}
}

func TestReadShowsWhatTheProcessSees(t *testing.T) {
	c := launch(t, nemesis.Clock{}, "show")
	want := nemesis.Clock{
		Realtime:  nemesis.Skew{Offset: 5 * time.Second, Rate: 1.25},
		Monotonic: nemesis.Skew{Offset: time.Second, Rate: 0.75},
	}
	before := time.Duration(read(unix.CLOCK_MONOTONIC))
	c.set(t, want)
	r, err := c.patch.Read()
	if err != nil {
		t.Fatal(err)
	}
	if r.Skew != want || r.Since < before || r.Since > r.TrueMonotonic {
		t.Errorf("read %+v after %v", r, before)
	}
	again, err := c.patch.Read()
	if err != nil {
		t.Fatal(err)
	}
	rawGone := float64(again.Raw - r.Raw)
	within(t, "realtime gain", int64(again.ShownRealtime-r.ShownRealtime),
		int64(1.25*rawGone), int64(1.25*rawGone))
	v := c.next(t, 5)
	end, err := c.patch.Read()
	if err != nil {
		t.Fatal(err)
	}
	within(t, "realtime in between", v[3], int64(again.ShownRealtime), int64(end.ShownRealtime))
	index, _, err := c.patch.read()
	if err != nil {
		t.Fatal(err)
	}
	c.set(t, want)
	if after, _, _ := c.patch.read(); after != index {
		t.Error("the same skew was written again")
	}
}

func TestReadNoticesThatThePatchIsGone(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip(err)
	}
	c := launch(t, nemesis.Clock{}, "show", shell, "-c", "exec "+self)
	c.next(t, 5)
	if _, err := c.patch.Read(); err == nil {
		t.Error("the process executed another program and Read still finds the patch")
	}
	c = launch(t, nemesis.Clock{}, "show")
	if err := c.Kill(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := c.patch.Read(); err == nil {
		t.Error("the process is dead and Read still finds the patch")
	}
}

func TestReadNoticesOtherBytesAtAnEntry(t *testing.T) {
	c := launch(t, nemesis.Clock{}, "show")
	c.next(t, 5)
	if err := c.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, w := range c.patch.fixed {
		if _, err := c.Mem.WriteAt([]byte{w.data[0] ^ 1}, int64(w.addr)); err != nil {
			t.Fatal(err)
		}
		if _, err := c.patch.Read(); !errors.Is(err, ErrGone) {
			t.Errorf("the byte at %#x is another and Read says %v", w.addr, err)
		}
		if _, err := c.Mem.WriteAt(w.data[:1], int64(w.addr)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.patch.Read(); err != nil {
		t.Errorf("all is as it was: %v", err)
	}
}

func TestCProgramSeesEveryClock(t *testing.T) {
	gcc, err := exec.LookPath("gcc")
	if err != nil {
		t.Skip(err)
	}
	program := filepath.Join(t.TempDir(), "clocks")
	out, err := exec.Command(gcc, "-O2", "-o", program, "testdata/clocks.c").CombinedOutput()
	if err != nil {
		t.Skipf("gcc does not work: %v %s", err, out)
	}
	c := launch(t, nemesis.Clock{}, "", program)
	const tick = 10 * ms // a coarse clock is that late at most
	for _, skew := range []nemesis.Clock{
		{},
		realtime(nemesis.Skew{Offset: time.Hour}),
		monotonic(nemesis.Skew{Offset: time.Minute}),
		{Realtime: nemesis.Skew{Offset: -time.Hour}, Monotonic: nemesis.Skew{Offset: time.Hour}},
	} {
		c.set(t, skew)
		time.Sleep(time.Duration(2 * tick))
		v := c.next(t, 17)
		took := v[1] - v[0]
		within(t, "raw", v[2], v[1], v[1]+int64(time.Second))
		rt, mono := int64(skew.Realtime.Offset), int64(skew.Monotonic.Offset)
		for i, off := range []int64{rt, rt, rt, mono, mono, mono} {
			within(t, fmt.Sprintf("clock %d under %+v", i, skew), v[4+2*i], v[3+2*i]+off-tick,
				v[3+2*i]+off+took+tick)
		}
		within(t, "time", v[15]*1e9, v[3]+rt-1e9-tick, v[3]+rt+took)
		within(t, "gettimeofday", v[16], v[3]+rt, v[3]+rt+took)
	}
	// Clocks that stand at a distance from the one of their class must not jump with a rate.
	c.set(t, nemesis.Clock{
		Realtime:  nemesis.Skew{Offset: -time.Hour, Rate: 0.5},
		Monotonic: nemesis.Skew{Offset: time.Hour, Rate: 0.5},
	})
	a := c.next(t, 17)
	time.Sleep(100 * time.Millisecond)
	b := c.next(t, 17)
	for i := range 6 {
		low, high := float64(b[0]-a[1])/2, float64(b[1]-a[0])/2
		within(t, fmt.Sprintf("gain of clock %d", i), b[4+2*i]-a[4+2*i], int64(low)-tick, int64(high)+tick)
	}
	for i, pair := range [][2]int{{1, 0}, {2, 0}, {4, 3}, {5, 3}} {
		apart := func(at int) int64 { return b[at+2*pair[0]] - b[at+2*pair[1]] }
		within(t, fmt.Sprintf("distance %d", i), apart(4), apart(3)-tick, apart(3)+tick)
	}
}

func TestHammerThroughManyChanges(t *testing.T) {
	c := launch(t, nemesis.Clock{}, "hammer")
	c.next(t, 2)
	rng := rand.New(rand.NewPCG(1, 2))
	cycles := 400
	if testing.Short() {
		cycles = 40
	}
	rates := []float64{0.25, 0.5, 1, 1.5, 2, 0.9}
	var want nemesis.Clock
	for range cycles {
		want.Realtime = nemesis.Skew{
			Offset: time.Duration(rng.Int64N(1e12)), Rate: rates[rng.IntN(len(rates))],
		}
		want.Monotonic.Rate = rates[rng.IntN(len(rates))] // no offset, which could hide a step back
		c.set(t, want)
	}
	first := c.next(t, 2)
	if second := c.next(t, 2); second[1] <= first[1] {
		t.Error("nobody reads the clock any more")
	}
	if e, dead := c.Exit(); dead {
		t.Errorf("it died: %+v", e)
	}
}

func BenchmarkInstall(b *testing.B) {
	for b.Loop() {
		c := launch(b, nemesis.Clock{}, "show")
		c.Kill(context.Background())
	}
}

func BenchmarkSet(b *testing.B) {
	c := launch(b, nemesis.Clock{}, "show")
	var offset time.Duration
	for b.Loop() {
		offset++
		c.set(b, realtime(nemesis.Skew{Offset: offset}))
	}
}

func BenchmarkRead(b *testing.B) {
	c := launch(b, nemesis.Clock{}, "show")
	for b.Loop() {
		if _, err := c.patch.Read(); err != nil {
			b.Fatal(err)
		}
	}
}
