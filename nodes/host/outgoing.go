package host

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"sunder/nodes"
)

// How long a connection to a peer may be of no use before it is given up. A cut must be TCP's
// trouble no longer than the cut lasts: TCP doubles its pause between retransmissions, so after a
// long cut it may sleep for many seconds on a healed link, and the harness would measure TCP and
// not the node. An unacknowledged byte therefore ends a connection after half a second: that is
// TCP_USER_TIMEOUT, which Linux counts from the first retransmission, 200 ms after the byte. And
// dialing is tried in short steps: a SYN is repeated only after a whole second, a new dial is not.
// Together, peers talk again within about 300 ms of a heal, however long the cut was
// (BenchmarkHeal). The price: a link whose round trip takes longer than dialMax is as good as cut.
const (
	unackedMax = 300 * time.Millisecond
	dialMax    = 250 * time.Millisecond
	writeMax   = time.Second // of a peer that reads nothing, while its kernel acknowledges
	retryMin   = 20 * time.Millisecond
	retryMax   = 200 * time.Millisecond
)

// waitingMax bounds, in bytes, what waits for one peer. Beyond it everything that waits is thrown
// away, not the newest: protocols send again what matters, and of what a peer could not take for
// so long the oldest is worth the least.
const waitingMax = 8 << 20

// keepAlive notices within about two seconds that a silent peer is gone. A second is the least
// that Go lets one ask for.
func keepAlive() net.KeepAliveConfig {
	return net.KeepAliveConfig{Enable: true, Idle: time.Second, Interval: time.Second, Count: 2}
}

// listenPeers gives the connections that peers make the same limits as those made to them.
func listenPeers(network, address string) (net.Listener, error) {
	c := net.ListenConfig{Control: boundUnacked(unackedMax), KeepAliveConfig: keepAlive()}
	return c.Listen(context.Background(), network, address)
}

// outgoing is the way to one peer: one connection, made again whenever it breaks, that only
// carries frames to the peer. The peer's own messages come by the connection that it makes.
type outgoing struct {
	host    *host
	to      nodes.ID
	address string
	staged  []byte // frames of this turn; the owner's

	mu      sync.Mutex
	waiting []byte // frames
	wake    chan struct{}
}

func newOutgoing(h *host, to nodes.ID, address string) *outgoing {
	return &outgoing{host: h, to: to, address: address, wake: make(chan struct{}, 1)}
}

// stage adds m to what leaves at the end of the turn.
func (o *outgoing) stage(m nodes.Message) (err error) {
	o.staged, err = appendFrame(o.staged, m)
	return err
}

// release lets what was staged leave.
func (o *outgoing) release() {
	if len(o.staged) == 0 {
		return
	}
	o.mu.Lock()
	if len(o.waiting)+len(o.staged) > waitingMax {
		o.waiting = o.waiting[:0]
	}
	o.waiting = append(o.waiting, o.staged...)
	o.mu.Unlock()
	o.staged = o.staged[:0]
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// take swaps what waits against an empty buffer.
func (o *outgoing) take(spare []byte) []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	frames := o.waiting
	o.waiting = spare[:0]
	return frames
}

// run keeps a connection to the peer until ctx ends.
func (o *outgoing) run(ctx context.Context) {
	jitter := rand.New(rand.NewPCG(o.host.random.seed, uint64(o.to)))
	pause, known := retryMin, true
	for ctx.Err() == nil {
		began := time.Now()
		conn, err := o.dial(ctx)
		switch {
		case err == nil:
			err = o.talk(ctx, conn)
			o.host.log.Debug("peer connection ended", "peer", o.to, "error", err)
			known = true
			if time.Since(began) > retryMax { // it was of use: the peer did not just hang up
				pause = retryMin
			}
		case known: // said once a cut, not at each try
			o.host.log.Info("peer out of reach", "peer", o.to, "error", err)
			fallthrough
		default:
			known = false
			// What waits is stale by the time the peer is back, and would only delay what is
			// said then.
			o.take(nil)
		}
		// A dial into the void took long enough; one that was refused took no time.
		wait := pause/2 + time.Duration(jitter.Int64N(int64(pause/2)))
		rest(ctx, wait-time.Since(began))
		pause = min(2*pause, retryMax)
	}
}

func (o *outgoing) dial(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialMax)
	defer cancel()
	dial := o.host.cfg.outside.dial
	if dial == nil {
		d := net.Dialer{Control: boundUnacked(unackedMax), KeepAliveConfig: keepAlive()}
		dial = d.DialContext
	}
	return dial(ctx, "tcp", o.address)
}

// talk writes frames until the connection breaks or ctx ends.
func (o *outgoing) talk(ctx context.Context, conn net.Conn) error {
	// The peer says nothing on this connection, so a read only ever returns when it broke: a
	// killed peer is noticed at once, not by the first message lost into the void.
	broken := make(chan struct{})
	go func() {
		defer close(broken)
		_, _ = io.ReadFull(conn, make([]byte, 1)) // whatever it says, it should not
	}()
	defer func() {
		conn.Close()
		<-broken
	}()
	frames, err := appendFrame(nil, hello{Cluster: o.host.cfg.Cluster,
		From: o.host.cfg.Node.Self, To: o.to})
	if err != nil {
		return err
	}
	for {
		if len(frames) > 0 {
			_ = conn.SetWriteDeadline(time.Now().Add(writeMax)) // the write tells
			if _, err := conn.Write(frames); err != nil {
				return fmt.Errorf("write to %s: %w", o.to, err)
			}
		}
		frames = o.take(frames)
		if len(frames) > 0 {
			continue
		}
		select {
		case <-o.wake:
		case <-broken:
			return fmt.Errorf("write to %s: %w", o.to, io.ErrClosedPipe)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// rest waits for d or the end of ctx.
func rest(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
