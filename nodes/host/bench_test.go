package host

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sunder/nodes"
	"sunder/nodes/kv"
)

// BenchmarkFiveHosts has 50 clients write and read at n1 of five hosts on loopback, all in this
// process: it prints operations a second and the 99th percentile of their latency.
func BenchmarkFiveHosts(b *testing.B) {
	c := newCluster(b, primaryCopy, 5)
	c.start(1, 2, 3, 4, 5)
	benchmark(b, c, func() *Endpoint { return c.dial(1) })
}

// BenchmarkOneHost is a single member: what HTTP, the owner and its fsync cost without peers.
func BenchmarkOneHost(b *testing.B) {
	c := newCluster(b, primaryCopy, 1)
	c.start(1)
	benchmark(b, c, func() *Endpoint { return c.dial(1) })
}

// BenchmarkRefusal is a command that the node refuses at once: HTTP and the owner alone.
func BenchmarkRefusal(b *testing.B) {
	c := newCluster(b, primaryCopy, 3)
	c.start(1, 2, 3)
	benchmark(b, c, func() *Endpoint { return c.dial(2) })
}

func benchmark(b *testing.B, c *cluster, dial func() *Endpoint) {
	const clients = 50
	var left atomic.Int64
	left.Store(int64(b.N))
	took := make([][]time.Duration, clients)
	endpoints := make([]nodes.Endpoint, clients)
	for i := range endpoints {
		endpoints[i] = dial()
	}
	var all sync.WaitGroup
	b.ResetTimer()
	for i, e := range endpoints {
		all.Go(func() {
			for n := left.Add(-1); n >= 0; n = left.Add(-1) {
				cmd := kv.Command{Op: kv.Write, Key: fmt.Sprint("k", i), Arg: n}
				if n%2 == 0 {
					cmd.Op, cmd.Arg = kv.Read, 0
				}
				ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
				began := time.Now()
				_, err := e.Do(ctx, cmd)
				took[i] = append(took[i], time.Since(began))
				cancel()
				if err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	b.StopTimer()
	sorted := slices.Concat(took...)
	slices.Sort(sorted)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "ops/s")
	b.ReportMetric(float64(sorted[len(sorted)*99/100].Microseconds()), "p99-µs")
	b.ReportMetric(float64(sorted[len(sorted)/2].Microseconds()), "p50-µs")
}
