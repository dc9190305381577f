package paxos

import (
	"testing"

	"sunder/nodes"
	"sunder/nodes/kv"
)

// loop runs nodes as fast as they can: messages and fsyncs arrive at once, in order, and there is
// no time.
type loop struct {
	nodes   []nodes.Node
	queue   []happening
	replies int
}

// happening is a message or, without one, the end of an fsync.
type happening struct {
	to   *loopEnv
	from nodes.ID
	m    nodes.Message
	tok  nodes.Token
}

type loopEnv struct {
	nowhere
	loop *loop
	envs []*loopEnv
	self nodes.ID
}

func (e *loopEnv) Send(to nodes.ID, m nodes.Message) {
	e.loop.queue = append(e.loop.queue, happening{to: e.envs[to-1], from: e.self, m: m})
}

func (e *loopEnv) Sync(_ nodes.File, tok nodes.Token) {
	e.loop.queue = append(e.loop.queue, happening{to: e, tok: tok})
}

func (e *loopEnv) Reply(_ nodes.RequestID, r kv.Result) {
	if r.Status == kv.OK {
		e.loop.replies++
	}
}

func (l *loop) run() {
	for i := 0; i < len(l.queue); i++ {
		h := l.queue[i]
		if n := l.nodes[h.to.self-1]; h.m != nil {
			n.Recv(h.to, h.from, h.m)
		} else {
			n.Synced(h.to, h.tok, nil)
		}
	}
	l.queue = l.queue[:0]
}

// BenchmarkDecide is what a decree costs all five nodes, without a duel.
func BenchmarkDecide(b *testing.B) {
	l := &loop{}
	members := []nodes.ID{1, 2, 3, 4, 5}
	envs := make([]*loopEnv, len(members))
	for i, id := range members {
		n, err := newNode(nodes.Config{Self: id, Members: members})
		if err != nil {
			b.Fatal(err)
		}
		l.nodes = append(l.nodes, n)
		envs[i] = &loopEnv{loop: l, envs: envs, self: id}
		n.Start(envs[i], nil)
	}
	l.run()
	b.ReportAllocs()
	for n := 0; n < b.N; n++ {
		l.nodes[0].Invoke(envs[0], nodes.RequestID(n+1), kv.Command{Op: kv.Write, Key: "x", Arg: int64(n)})
		l.run()
	}
	if l.replies != b.N {
		b.Fatalf("%d answers to %d commands", l.replies, b.N)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "decrees/s")
}
