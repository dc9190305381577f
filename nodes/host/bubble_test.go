package host

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"sunder/nodes"
	"sunder/nodes/kv"
)

// pipes are a network without sockets: what is dialed is handed to who listens there. So a whole
// cluster can live in a synctest bubble, where time passes only when all are waiting.
type pipes struct {
	mu        sync.Mutex
	listeners map[string]*pipeListener
	peers     []net.Conn // between nodes
	cut       bool
}

// sever breaks all connections between nodes, and lets no new ones be made.
func (p *pipes) sever() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.peers {
		c.Close()
	}
	p.peers, p.cut = nil, true
}

type pipeListener struct {
	net     *pipes
	address string
	conns   chan net.Conn
	closed  chan struct{}
	once    sync.Once
}

func (p *pipes) listen(_, address string) (net.Listener, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listeners == nil {
		p.listeners = map[string]*pipeListener{}
	}
	if p.listeners[address] != nil {
		return nil, errors.New("address in use")
	}
	l := &pipeListener{net: p, address: address, conns: make(chan net.Conn),
		closed: make(chan struct{})}
	p.listeners[address] = l
	return l, nil
}

func (p *pipes) dial(ctx context.Context, _, address string) (net.Conn, error) {
	p.mu.Lock()
	l, cut := p.listeners[address], p.cut
	p.mu.Unlock()
	if cut {
		<-ctx.Done() // as a SYN into nowhere
		return nil, ctx.Err()
	}
	if l == nil {
		return nil, errors.New("connection refused")
	}
	here, there := net.Pipe()
	select {
	case l.conns <- there:
		p.mu.Lock()
		defer p.mu.Unlock()
		if strings.HasPrefix(address, "peer-") {
			p.peers = append(p.peers, here)
		}
		return here, nil
	case <-l.closed:
		return nil, errors.New("connection refused")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() {
		close(l.closed)
		l.net.mu.Lock()
		delete(l.net.listeners, l.address)
		l.net.mu.Unlock()
	})
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.UnixAddr{Name: l.address, Net: "pipe"} }

// memory is files in memory, with a say in how long an fsync takes and whether it fails.
type memory struct {
	mu    sync.Mutex
	files map[nodes.File][]byte
	did   []string // what was done, for tests to compare
	sync  func(f nodes.File) error
	write func(f nodes.File) error
}

func (m *memory) Read() ([]nodes.Recovered, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []nodes.Recovered
	for _, f := range slices.Sorted(maps.Keys(m.files)) {
		out = append(out, nodes.Recovered{Name: f, Data: slices.Clone(m.files[f])})
	}
	return out, nil
}

func (m *memory) do(what string, change func(map[nodes.File][]byte)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.files == nil {
		m.files = map[nodes.File][]byte{}
	}
	m.did = append(m.did, what)
	change(m.files)
}

func (m *memory) Append(f nodes.File, p []byte) error {
	m.do(fmt.Sprintf("append %s %s", f, p), func(d map[nodes.File][]byte) {
		d[f] = append(d[f], p...)
	})
	if m.write != nil {
		return m.write(f)
	}
	return nil
}

func (m *memory) Truncate(f nodes.File, size int64) error {
	m.do(fmt.Sprintf("truncate %s %d", f, size), func(d map[nodes.File][]byte) {
		d[f] = d[f][:size]
	})
	return nil
}

func (m *memory) Rename(from, to nodes.File) error {
	m.do(fmt.Sprintf("rename %s %s", from, to), func(d map[nodes.File][]byte) {
		d[to] = d[from]
		delete(d, from)
	})
	return nil
}

func (m *memory) Remove(f nodes.File) error {
	m.do(fmt.Sprintf("remove %s", f), func(d map[nodes.File][]byte) { delete(d, f) })
	return nil
}

func (m *memory) Sync(f nodes.File) error {
	m.do(fmt.Sprintf("sync %s", f), func(map[nodes.File][]byte) {})
	if m.sync != nil {
		return m.sync(f)
	}
	return nil
}

func (m *memory) Close() error { return nil }

// bubble runs size hosts on pipes and memory until f returns.
func bubble(t *testing.T, p nodes.Protocol, size int, disks map[nodes.ID]*memory,
	f func(t *testing.T, net *pipes, end func(nodes.ID) error)) {
	t.Helper()
	dir := t.TempDir() // observations are real files
	synctest.Test(t, func(t *testing.T) {
		network := &pipes{}
		var members []nodes.ID
		peers := map[nodes.ID]string{}
		for i := range size {
			id := nodes.ID(i + 1)
			members = append(members, id)
			peers[id] = "peer-" + id.String()
		}
		cancels, ends := map[nodes.ID]context.CancelFunc{}, map[nodes.ID]chan error{}
		for _, id := range members {
			if disks[id] == nil {
				disks[id] = &memory{}
			}
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			cancels[id], ends[id] = cancel, ended
			m := disks[id]
			disk := func(string) (files, error) { return m, nil }
			go func() {
				ended <- Run(ctx, Config{Protocol: p,
					Node:    nodes.Config{Self: id, Members: members, Options: map[string]string{}},
					Cluster: "bubble", Peers: peers, Listen: peers[id], Client: id.String(),
					Observations: fmt.Sprintf("%s/%s", dir, id),
					outside: outside{listen: network.listen, dial: network.dial,
						files: disk}})
			}()
		}
		end := func(id nodes.ID) error {
			cancels[id]()
			err := <-ends[id]
			ends[id] <- nil
			return err
		}
		synctest.Wait()
		f(t, network, end)
		for _, id := range members {
			_ = end(id)
		}
	})
}

func pipeEndpoint(t *testing.T, n *pipes, id nodes.ID) *Endpoint {
	conn, err := n.dial(t.Context(), "", id.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return newEndpoint(conn, id.String())
}

func TestBubbleSlowDiskServesManyWithOneSync(t *testing.T) {
	slow := &memory{sync: func(nodes.File) error { time.Sleep(100 * time.Millisecond); return nil }}
	disks := map[nodes.ID]*memory{1: slow}
	bubble(t, primaryCopy, 3, disks, func(t *testing.T, n *pipes, _ func(nodes.ID) error) {
		time.Sleep(time.Second)
		slow.mu.Lock()
		slow.did = nil
		slow.mu.Unlock()
		began := time.Now()
		var all sync.WaitGroup
		for i := range 40 {
			e := pipeEndpoint(t, n, 1)
			all.Go(func() {
				r, err := e.Do(t.Context(), put(fmt.Sprint(i), 1))
				if err != nil || r.Status != kv.OK {
					t.Errorf("write %d: %+v, %v", i, r, err)
				}
				e.Close()
			})
		}
		all.Wait()
		if took := time.Since(began); took > 210*time.Millisecond {
			t.Errorf("40 writes took %v of virtual time: more than two syncs", took)
		}
		slow.mu.Lock()
		defer slow.mu.Unlock()
		var syncs int
		for _, what := range slow.did {
			if strings.HasPrefix(what, "sync") {
				syncs++
			}
		}
		if syncs > 2 {
			t.Errorf("%d syncs for 40 writes", syncs)
		}
	})
}

func TestBubbleFailedSyncStopsTheNode(t *testing.T) {
	// The node of these tests ignores the error, so it is the host that stops.
	for _, c := range []struct {
		name string
		disk *memory
		want string
	}{
		{"fsync", &memory{sync: func(nodes.File) error { return errors.New("I/O error") }},
			"sync log: I/O error"},
		{"write", &memory{write: func(nodes.File) error { return errors.New("disk full") }},
			"append to log: disk full"},
	} {
		bubble(t, primaryCopy, 1, map[nodes.ID]*memory{1: c.disk},
			func(t *testing.T, n *pipes, end func(nodes.ID) error) {
				synctest.Wait()
				if _, err := n.dial(t.Context(), "", "n1"); err == nil {
					t.Errorf("%s: the node still listens", c.name)
				}
				if err := end(1); !errors.Is(err, ErrStop) || !strings.Contains(err.Error(), c.want) {
					t.Errorf("%s: Run returned %v", c.name, err)
				}
			})
	}
}

func TestBubbleHealedPeersTalkSoon(t *testing.T) {
	test := func(t *testing.T, n *pipes, _ func(nodes.ID) error) {
		e := pipeEndpoint(t, n, 1)
		write := func(v int64) {
			if r, err := e.Do(t.Context(), put("x", v)); err != nil || r.Status != kv.OK {
				t.Errorf("write %d: %+v, %v", v, r, err)
			}
		}
		write(1)
		for i := range 20 {
			n.sever()
			began := time.Now()
			var writer sync.WaitGroup
			writer.Go(func() { write(int64(i)) })
			length := time.Duration(i+1) * 501 * time.Millisecond
			time.Sleep(length)
			n.mu.Lock()
			n.cut = false
			n.mu.Unlock()
			writer.Wait()
			// The node itself says again every 50 ms what was lost.
			if took := time.Since(began) - length; took <= 0 || took > dialMax+50*time.Millisecond {
				t.Errorf("after a cut of %v the write took %v more", length, took)
			}
		}
		e.Close()
	}
	bubble(t, primaryCopy, 3, map[nodes.ID]*memory{}, test)
}

func TestBubbleStatusOfABusyNode(t *testing.T) {
	busy := primaryCopy
	busy.New = func(c nodes.Config) (nodes.Node, error) {
		c.Options = map[string]string{"on-command": "block"}
		return primaryCopy.New(c)
	}
	bubble(t, busy, 1, map[nodes.ID]*memory{}, func(t *testing.T, n *pipes, _ func(nodes.ID) error) {
		e := pipeEndpoint(t, n, 1)
		if s, err := e.Report(t.Context()); err != nil || s.Stale || s.Role != "leader" {
			t.Errorf("idle: %+v, %v", s, err)
		}
		var worker sync.WaitGroup
		blocked := pipeEndpoint(t, n, 1)
		worker.Go(func() { blocked.Do(t.Context(), put("x", int64(5*time.Second))) })
		synctest.Wait()
		began := time.Now()
		s, err := e.Report(t.Context())
		if err != nil || !s.Stale || s.Role != "leader" || s.ID != "n1" {
			t.Errorf("busy: %+v, %v", s, err)
		}
		if took := time.Since(began); took > statusMax {
			t.Errorf("status of a busy node took %v", took)
		}
		worker.Wait()
		if s, err := e.Report(t.Context()); err != nil || s.Stale {
			t.Errorf("idle again: %+v, %v", s, err)
		}
		e.Close()
		blocked.Close()
	})
}

func TestBubbleSilentNodeIsAnsweredFor(t *testing.T) {
	silent := primaryCopy
	silent.New = func(c nodes.Config) (nodes.Node, error) {
		c.Options = map[string]string{"on-command": "ignore"}
		return primaryCopy.New(c)
	}
	bubble(t, silent, 1, map[nodes.ID]*memory{}, func(t *testing.T, n *pipes, _ func(nodes.ID) error) {
		e := pipeEndpoint(t, n, 1)
		r, err := e.Do(t.Context(), put("x", 1))
		if err != nil || r.Status != kv.Indefinite || r.Code != TimedOut {
			t.Errorf("%+v, %v", r, err)
		}
		e.Close()
		// A client that goes away leaves nothing behind but its request, which the node owes.
		e = pipeEndpoint(t, n, 1)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := e.Do(ctx, put("x", 1)); !errors.Is(err, nodes.ErrTimeout) {
			t.Errorf("own deadline: %v", err)
		}
		if _, err := e.Do(t.Context(), get("x")); !errors.Is(err, nodes.ErrUnreachable) {
			t.Errorf("after a deadline the connection was used again: %v", err)
		}
		e.Close()
	})
}
