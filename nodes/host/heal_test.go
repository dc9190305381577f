package host

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"slices"
	"testing"
	"time"

	"sunder/nodes/kv"
)

// BenchmarkHeal cuts the leader's links for a while and reports how long after the heal a command
// is answered again: it is what outgoing.go's limits are made for. It changes packet filters, so
// it runs in a network namespace made for it:
//
//	unshare -n sh -c 'ip link set lo up; go test ./nodes/host -run - -bench Heal -benchtime 1x'
func BenchmarkHeal(b *testing.B) {
	if links, err := net.Interfaces(); err != nil || len(links) != 1 {
		b.Skip("not in a network namespace of its own")
	}
	c := newCluster(b, primaryCopy, 3)
	c.start(1, 2, 3)
	e := c.dial(1)
	do(b, e, put("x", 0))
	nft := func(rule string) {
		if out, err := exec.Command("nft", rule).CombinedOutput(); err != nil {
			b.Skipf("nft %s: %v: %s", rule, err, out)
		}
	}
	_, p2, _ := net.SplitHostPort(c.configs[2].Listen)
	_, p3, _ := net.SplitHostPort(c.configs[3].Listen)
	cut := fmt.Sprintf(`table inet cut { chain in { type filter hook input priority 0;
		tcp dport { %s, %s } drop; tcp sport { %s, %s } drop; }; }`, p2, p3, p2, p3)
	for _, length := range []time.Duration{100, 250, 400, 600, 1000, 3000, 10_000} {
		length *= time.Millisecond
		b.Run(length.String(), func(b *testing.B) {
			var took []time.Duration
			for range max(b.N, 7) {
				nft(cut)
				answered := make(chan error, 1)
				go func() {
					_, err := e.Do(context.Background(), put("x", 1))
					answered <- err
				}()
				time.Sleep(length)
				nft("delete table inet cut")
				healed := time.Now()
				if err := <-answered; err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(healed))
				if r := do(b, e, get("x")); r.Status != kv.OK {
					b.Fatal(r)
				}
				time.Sleep(300 * time.Millisecond)
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Milliseconds()), "p50-ms")
			b.ReportMetric(float64(took[len(took)-1].Milliseconds()), "max-ms")
		})
	}
}
