package host

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"sunder/nodes"
	"sunder/nodes/kv"
)

// cluster runs hosts on loopback. Ports are taken when it is made and given back in between
// lives, so a restarted node has its old addresses.
type cluster struct {
	t       testing.TB
	configs map[nodes.ID]Config
	held    map[string]net.Listener
	mu      sync.Mutex
	lives   map[nodes.ID]*life
}

type life struct {
	cancel context.CancelFunc
	ended  chan error
}

func newCluster(t testing.TB, p nodes.Protocol, size int) *cluster {
	c := &cluster{t: t, configs: map[nodes.ID]Config{}, held: map[string]net.Listener{},
		lives: map[nodes.ID]*life{}}
	var members []nodes.ID
	peers := map[nodes.ID]string{}
	for i := range size {
		id := nodes.ID(i + 1)
		members = append(members, id)
		peers[id] = c.port()
	}
	dir := t.TempDir()
	for _, id := range members {
		log := hclog.New(&hclog.LoggerOptions{Name: id.String(), Output: testOutput{t},
			Level: hclog.Info})
		c.configs[id] = Config{Protocol: p, Node: nodes.Config{Self: id, Members: members},
			Cluster: "test", Peers: peers, Listen: peers[id], Client: c.port(),
			Data:         filepath.Join(dir, id.String(), "data"),
			Observations: filepath.Join(dir, id.String()+".jsonl"), Log: log,
			outside: outside{listen: c.listen}}
	}
	t.Cleanup(func() {
		for _, id := range members {
			c.stop(id)
		}
	})
	return c
}

// testOutput is where logs of a test go; what comes after its end is dropped.
type testOutput struct{ t testing.TB }

func (o testOutput) Write(p []byte) (int, error) {
	if o.t.Context().Err() == nil {
		o.t.Logf("%s", p[:len(p)-1])
	}
	return len(p), nil
}

func (c *cluster) port() string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		c.t.Fatal(err)
	}
	c.held[l.Addr().String()] = l
	return l.Addr().String()
}

func (c *cluster) listen(network, address string) (net.Listener, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if l := c.held[address]; l != nil {
		delete(c.held, address)
		return l, nil
	}
	return net.Listen(network, address)
}

func (c *cluster) start(ids ...nodes.ID) {
	for _, id := range ids {
		ctx, cancel := context.WithCancel(context.Background())
		l := &life{cancel: cancel, ended: make(chan error, 1)}
		c.lives[id] = l
		go func() { l.ended <- Run(ctx, c.configs[id]) }()
	}
}

// stop ends a node as SIGTERM does and says how it ended.
func (c *cluster) stop(id nodes.ID) error {
	l := c.lives[id]
	if l == nil {
		return nil
	}
	l.cancel()
	delete(c.lives, id)
	return <-l.ended
}

// dial opens a node's client port, waiting for it to come up.
func (c *cluster) dial(id nodes.ID) *Endpoint {
	c.t.Helper()
	for range 500 {
		e, err := Open(context.Background(), c.configs[id].Client)
		if err == nil {
			c.t.Cleanup(func() { e.Close() })
			return e.(*Endpoint)
		}
		time.Sleep(10 * time.Millisecond)
	}
	c.t.Fatalf("%s does not answer at %s", id, c.configs[id].Client)
	return nil
}

func do(t testing.TB, e nodes.Endpoint, c kv.Command) kv.Result {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	res, err := e.Do(ctx, c)
	if err != nil {
		t.Fatalf("%s: %v", c.Op, err)
	}
	return res
}

func put(key string, v int64) kv.Command { return kv.Command{Op: kv.Write, Key: key, Arg: v} }
func get(key string) kv.Command          { return kv.Command{Op: kv.Read, Key: key} }

func wantValue(t testing.TB, e nodes.Endpoint, key string, v int64) {
	t.Helper()
	if r := do(t, e, get(key)); r.Status != kv.OK || !r.Found || r.Value != v {
		t.Fatalf("read %s: %s, want %d", key, fmt.Sprint(r), v)
	}
}
