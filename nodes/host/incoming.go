package host

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"sunder/nodes"
)

const (
	incomingMax = 256             // connections from peers at a time, strangers included
	helloMax    = 2 * time.Second // from accept to hello
)

// accept reads from whoever connects as a peer until ctx ends. Nothing that comes in can do more
// harm than end its own connection.
func (h *host) accept(ctx context.Context) {
	in := &incoming{host: h, of: make(map[nodes.ID]net.Conn)}
	var reading sync.WaitGroup
	defer reading.Wait()
	stop := context.AfterFunc(ctx, func() { h.peers.Close() })
	defer stop()
	slots := make(chan struct{}, incomingMax)
	for {
		conn, err := h.peers.Accept()
		if err != nil {
			if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
				return
			}
			h.log.Warn("peer not accepted", "error", err) // out of files, say: it may pass
			rest(ctx, retryMax)
			continue
		}
		select {
		case slots <- struct{}{}:
		default:
			h.log.Warn("peer not accepted: too many connections", "from", conn.RemoteAddr())
			conn.Close()
			continue
		}
		reading.Go(func() {
			defer func() { <-slots }()
			stop := context.AfterFunc(ctx, func() { conn.Close() })
			defer stop()
			err := in.read(ctx, conn)
			conn.Close()
			if err != nil && ctx.Err() == nil {
				h.log.Info("peer connection ended", "from", conn.RemoteAddr(), "error", err)
			}
		})
	}
}

// incoming knows the connection that each peer speaks on.
type incoming struct {
	host *host
	mu   sync.Mutex
	of   map[nodes.ID]net.Conn
}

// read posts what a peer says until the connection ends; nil is an end between frames.
func (in *incoming) read(ctx context.Context, conn net.Conn) error {
	h := in.host
	r := bufio.NewReaderSize(conn, 64<<10)
	_ = conn.SetReadDeadline(time.Now().Add(helloMax)) // the read tells
	from, err := in.greet(r)
	if err != nil {
		return err
	}
	_ = conn.SetReadDeadline(time.Time{}) // a peer may be silent: keep-alive notices a dead one
	in.replace(from, conn)
	defer in.leave(from, conn)
	for {
		kind, payload, err := readFrame(r)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read from %s: %w", from, err)
		}
		m, err := h.cfg.Protocol.Decode(kind, payload)
		if err != nil {
			return fmt.Errorf("read from %s: %w", from, err)
		}
		if !h.post(ctx, func() { h.node.Recv(h, from, m) }) {
			return nil
		}
	}
}

// greet reads the hello and says who speaks.
func (in *incoming) greet(r io.Reader) (nodes.ID, error) {
	said, err := readHello(r)
	if err != nil {
		return 0, err
	}
	h := in.host
	_, known := h.outgoing[said.From]
	if said.Cluster != h.cfg.Cluster || said.To != h.cfg.Node.Self || !known {
		return 0, fmt.Errorf("greet %s of cluster %.40q looking for %s: %w",
			said.From, said.Cluster, said.To, errStranger)
	}
	return said.From, nil
}

var errStranger = errors.New("not a peer of this node")

// replace makes conn the one of a peer. A former one is half-open, or has nothing to say that the
// peer would not say again.
func (in *incoming) replace(from nodes.ID, conn net.Conn) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if former := in.of[from]; former != nil {
		former.Close()
	}
	in.of[from] = conn
}

func (in *incoming) leave(from nodes.ID, conn net.Conn) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.of[from] == conn {
		delete(in.of, from)
	}
}
