package harness_test

import (
	"context"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"sunder/harness"
	"sunder/harness/harnesstest"
	"sunder/harness/history"
	"sunder/harness/plan"
	"sunder/harness/scheduler"
	"sunder/nodes"
	"sunder/nodes/kv"
	"sunder/workloads"
)

// plain is an environment that costs as little as can be: clients run when they are invoked, and
// what they did is completed when the conductor waits. What remains is the harness.
type plain struct {
	began     time.Time
	clients   map[history.Process]nodes.Client
	client    func(history.Process) nodes.Client
	machine   kv.Machine
	applied   uint64
	completed []history.Event
	next      int
}

func (p *plain) Now() time.Duration  { return time.Since(p.began) }
func (p *plain) Sleep(time.Duration) {}
func (p *plain) Do(_ nodes.ID, c kv.Command, _ time.Duration) (kv.Result, error) {
	p.applied++
	return p.machine.Apply(p.applied, c), nil
}

func (p *plain) Invoke(inv history.Event) {
	c := p.clients[inv.Process]
	if c == nil {
		c = p.client(inv.Process)
		p.clients[inv.Process] = c
	}
	v, err := c.Invoke(p, inv)
	p.completed = append(p.completed, history.Complete(inv, inv.Time, v, err))
}

func (p *plain) Inject(history.Event, int, bool) {}

func (p *plain) Recover(inv history.Event) {
	p.completed = append(p.completed, history.Complete(inv, inv.Time, "", nil))
}

func (p *plain) Await(until time.Duration) (history.Event, bool) {
	switch {
	case p.next < len(p.completed) && (until > 0 || p.next > 0):
		e := p.completed[p.next]
		e.Time = p.Now()
		p.next++
		return e, true
	case p.next > 0:
		p.completed, p.next = p.completed[:0], 0
	}
	return history.Event{}, false
}

// BenchmarkHarnessAlone is a register test of 64 processes, from its generator to its journal on
// disk, with a cluster that costs nothing. The bar is 500,000 operations a second on 2 cores. In
// "goroutines" each client is one, as it is with containers, and the cluster is one lock.
func BenchmarkHarnessAlone(b *testing.B) {
	for _, name := range []string{"plain", "goroutines"} {
		b.Run(name, func(b *testing.B) { benchmarkHarness(b, name) })
	}
}

func benchmarkHarness(b *testing.B, name string) {
	const limit = 2 * time.Second
	p := plan.Plan{Version: plan.Version, Seed: 1, System: "raft", Workload: "register", Nodes: 5,
		Concurrency: 64, TimeLimit: plan.Of(limit)}
	ops := 0
	var took, burnt time.Duration
	b.ReportAllocs()
	for b.Loop() {
		test := harness.NewTest(p, workloads.Register(), true)
		f, err := os.Create(filepath.Join(b.TempDir(), "history.jsonl"))
		if err != nil {
			b.Fatal(err)
		}
		j := &disk{Writer: history.NewWriter(f), note: test.Note}
		s := scheduler.New(scheduler.Options{Threads: p.Concurrency, Seed: p.Seed,
			Main: test.Workload.Main(test.Options), ClientTimeout: 30 * time.Second})
		var env harness.Environment = &plain{began: time.Now(), client: test.Client,
			clients: map[history.Process]nodes.Client{}}
		if name == "goroutines" {
			m := harnesstest.NewMemory(b.Context(), p, test.Client)
			defer m.Close()
			env = m
		}
		began, before := time.Now(), cpu(b)
		if err := harness.Conduct(context.Background(), context.Background(), env, s, j, func(string) {}); err != nil {
			b.Fatal(err)
		}
		took += time.Since(began)
		burnt += cpu(b) - before
		ops += j.ops
		if err := f.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(ops)/took.Seconds(), "ops/s")
	b.ReportMetric(float64(ops)/burnt.Seconds(), "ops/cpu-s") // what others on this machine do not touch
	b.ReportMetric(0, "ns/op")                                // it is the time limit
}

// cpu is the processor time of this process so far.
func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// disk is a journal that counts what was ok.
type disk struct {
	*history.Writer
	note func(history.Event)
	ops  int
}

func (d *disk) Append(e history.Event) (history.Event, error) {
	d.note(e)
	if e.Kind == history.OK {
		d.ops++
	}
	return d.Writer.Append(e)
}
