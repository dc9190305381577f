package etcdraft

import (
	"testing"
	"time"

	"sunder/nodes"
	"sunder/nodes/nodestest"
	"sunder/nodes/raft"
)

// BenchmarkStorms is a storm of 3 s over five nodes, beside our own Raft.
func BenchmarkStorms(b *testing.B) {
	for _, p := range []nodes.Protocol{raft.Protocol(), Protocol()} {
		b.Run(p.Name, func(b *testing.B) {
			for seed := uint64(0); b.Loop(); seed++ {
				c := nodestest.NewCluster(p, nodestest.Setup{Nodes: 5, Seed: seed})
				c.Blow(nodestest.AllFaults(), 3*time.Second)
				if wrong := c.Judge(); len(wrong) > 0 {
					b.Fatalf("seed %d: %s", seed, wrong)
				}
			}
		})
	}
}
