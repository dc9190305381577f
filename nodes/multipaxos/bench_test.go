package multipaxos

import (
	"testing"
	"time"

	"sunder/nodes"
	"sunder/nodes/kv"
)

// loop runs nodes as fast as they can: messages and fsyncs arrive at once, in order, and there is
// no time.
type loop struct {
	nodes   []nodes.Node
	queue   []func()
	replies int
}

type loopEnv struct {
	nowhere
	*loop
	self nodes.ID
}

func (e *loopEnv) Send(to nodes.ID, m nodes.Message) {
	n, env := e.nodes[to-1], &loopEnv{loop: e.loop, self: to}
	e.queue = append(e.queue, func() { n.Recv(env, e.self, m) })
}

func (e *loopEnv) Sync(_ nodes.File, tok nodes.Token) {
	e.queue = append(e.queue, func() { e.nodes[e.self-1].Synced(e, tok, nil) })
}

func (e *loopEnv) Reply(_ nodes.RequestID, r kv.Result) {
	if r.Status == kv.OK {
		e.replies++
	}
}

func (l *loop) run() {
	for i := 0; i < len(l.queue); i++ {
		l.queue[i]()
	}
	l.queue = l.queue[:0]
}

// The methods of nowhere would be ambiguous with loop's if it had any of the same name.
var _ nodes.Env = (*loopEnv)(nil)

// past is an Env in which the wait for a leader is over.
type past struct{ *loopEnv }

func (past) Now() nodes.Mono { return nodes.Mono(time.Hour) }

func BenchmarkCommit(b *testing.B) {
	for _, clients := range []int{1, 64} {
		b.Run(map[int]string{1: "1 client", 64: "64 clients"}[clients], func(b *testing.B) {
			l := &loop{}
			var envs []*loopEnv
			for id := nodes.ID(1); id <= 5; id++ {
				n, err := Protocol().New(nodes.Config{Self: id, Members: []nodes.ID{1, 2, 3, 4, 5}})
				if err != nil {
					b.Fatal(err)
				}
				l.nodes = append(l.nodes, n)
				envs = append(envs, &loopEnv{loop: l, self: id})
			}
			for i, n := range l.nodes {
				n.Start(envs[i], nil)
			}
			l.run()
			l.nodes[0].Timer(past{envs[0]}, suspectTimer)
			l.run()
			b.ReportAllocs()
			l.replies = 0
			for n := 0; n < b.N; n += clients {
				for i := range clients {
					l.nodes[0].Invoke(envs[0], nodes.RequestID(n+i+1),
						kv.Command{Op: kv.Write, Key: "x", Arg: int64(n)})
				}
				l.run()
			}
			if l.replies < b.N {
				b.Fatalf("%d answers to %d commands", l.replies, b.N)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commits/s")
		})
	}
}
