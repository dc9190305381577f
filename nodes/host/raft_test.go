package host

import (
	"context"
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sunder/harness/history"
	"sunder/nodes"
	"sunder/nodes/kv"
	"sunder/nodes/raft"
)

// leader is the node that believes it leads in the highest term, among those that run.
func (c *cluster) leader() nodes.ID {
	c.t.Helper()
	for range 1000 {
		var leader nodes.ID
		var term uint64
		for id := range c.lives { // the maximum: no order matters
			e, err := Open(context.Background(), c.configs[id].Client)
			if err != nil {
				continue
			}
			s, err := e.Status(context.Background())
			e.Close()
			if err == nil && s.Role == "leader" && s.Term > term {
				leader, term = id, s.Term
			}
		}
		if leader != 0 {
			return leader
		}
		time.Sleep(10 * time.Millisecond)
	}
	c.t.Fatal("nobody leads")
	return 0
}

// settle repeats a command at whoever leads until it is ok.
func (c *cluster) settle(cmd kv.Command) kv.Result {
	c.t.Helper()
	for range 1000 {
		e, err := Open(context.Background(), c.configs[c.leader()].Client)
		if err != nil {
			continue
		}
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		r, err := e.Do(ctx, cmd)
		cancel()
		e.Close()
		if err == nil && r.Status == kv.OK {
			return r
		}
		time.Sleep(10 * time.Millisecond)
	}
	c.t.Fatalf("%s is never ok", cmd.Op)
	return kv.Result{}
}

// TestRaftOverRestarts has clients count while each node in turn is stopped and started. What was
// acknowledged must be there, once, and what failed must not.
func TestRaftOverRestarts(t *testing.T) {
	c := newCluster(t, raft.Protocol(), 3)
	c.start(1, 2, 3)
	c.settle(put("x", 1))
	ctx, cancel := context.WithCancel(context.Background())
	var clients sync.WaitGroup
	var ok, doubt atomic.Int64
	for i := range 8 {
		clients.Go(func() {
			var e nodes.Endpoint
			for at := i; ctx.Err() == nil; {
				if e == nil {
					var err error
					if e, err = Open(ctx, c.configs[nodes.ID(1+at%3)].Client); err != nil {
						at++
						time.Sleep(5 * time.Millisecond)
						continue
					}
				}
				patience, done := context.WithTimeout(context.Background(), 2*time.Second)
				r, err := e.Do(patience, kv.Command{Op: kv.Add, Key: "sum", Arg: 1})
				done()
				switch {
				case err == nil && r.Status == kv.OK:
					ok.Add(1)
					continue
				case err == nil && r.Status == kv.Indefinite,
					err != nil && !errors.Is(err, history.ErrDefinite):
					doubt.Add(1)
				}
				at++
				e.Close()
				e = nil
			}
			if e != nil {
				e.Close()
			}
		})
	}
	for id := nodes.ID(1); id <= 3; id++ {
		time.Sleep(300 * time.Millisecond)
		if err := c.stop(id); err != nil {
			t.Errorf("stop %s: %v", id, err)
		}
		time.Sleep(300 * time.Millisecond)
		c.start(id)
	}
	time.Sleep(500 * time.Millisecond)
	cancel()
	clients.Wait()
	sum := c.settle(kv.Command{Op: kv.Add, Key: "sum"}).Value
	t.Logf("%d acknowledged, %d in doubt, sum %d", ok.Load(), doubt.Load(), sum)
	if sum < ok.Load() || sum > ok.Load()+doubt.Load() || ok.Load() == 0 {
		t.Errorf("sum %d after %d acknowledged and %d in doubt", sum, ok.Load(), doubt.Load())
	}
	for id := nodes.ID(1); id <= 3; id++ {
		if err := c.stop(id); err != nil {
			t.Errorf("stop %s: %v", id, err)
		}
		text, err := os.ReadFile(c.configs[id].Observations)
		if err != nil {
			t.Fatal(err)
		}
		all, err := nodes.ParseObserved(text)
		if err != nil || len(all) == 0 || all[len(all)-1].Boot != 2 {
			t.Errorf("%s: %d observations, %v", id, len(all), err)
		}
	}
	// The whole cluster comes back from its disks.
	c.start(1, 2, 3)
	if again := c.settle(kv.Command{Op: kv.Add, Key: "sum"}).Value; again != sum {
		t.Errorf("after all were down the sum is %d, it was %d", again, sum)
	}
}

// BenchmarkRaft is five members on loopback and 50 clients at the leader, half of them reading.
func BenchmarkRaft(b *testing.B) {
	c := newCluster(b, raft.Protocol(), 5)
	c.start(1, 2, 3, 4, 5)
	c.settle(put("x", 1))
	leader := c.leader()
	benchmark(b, c, func() *Endpoint { return c.dial(leader) })
}
