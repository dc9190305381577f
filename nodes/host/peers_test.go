package host

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/go-hclog"

	"sunder/nodes"
	"sunder/nodes/kv"
)

// greeting is what a peer of the test cluster says first.
func greeting(t *testing.T, h hello) []byte {
	b, err := appendFrame(nil, h)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestWhatComesInNeverKillsTheNode(t *testing.T) {
	c := newCluster(t, primaryCopy, 3)
	c.start(1, 2) // what n3 would say is said by this test
	e := c.dial(1)
	good := greeting(t, hello{"test", 3, 1})
	frame := func(kind byte, body string) []byte {
		b := binary.BigEndian.AppendUint32(nil, uint32(len(body)+2))
		return append(append(b, 1, kind), body...)
	}
	for name, said := range map[string][]byte{
		"nothing":                nil,
		"HTTP":                   []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
		"noise":                  bytes.Repeat([]byte{0xa5, 0, 0xff}, 10_000),
		"another cluster":        greeting(t, hello{"other", 3, 1}),
		"for another node":       greeting(t, hello{"test", 3, 2}),
		"from a stranger":        greeting(t, hello{"test", 9, 1}),
		"from the node itself":   greeting(t, hello{"test", 1, 1}),
		"hello that is no hello": frame(0, "]["),
		"unknown kind":           append(bytes.Clone(good), frame(99, "x")...),
		"malformed message":      append(bytes.Clone(good), frame(kindCopy, "\xff")...),
		"torn frame":             append(bytes.Clone(good), frame(kindCopy, "\x01\x05abcde")[:9]...),
		"oversized frame":        append(bytes.Clone(good), 0xff, 0xff, 0xff, 0xff, 1, kindCopy),
		"old version":            append(bytes.Clone(good), 0, 0, 0, 2, 0, kindCopy),
	} {
		conn, err := net.Dial("tcp", c.configs[1].Listen)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if _, err := conn.Write(said); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if name == "nothing" || name == "torn frame" {
			conn.(*net.TCPConn).CloseWrite() // else it is the node that must hang up
		}
		conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		if n, err := conn.Read(make([]byte, 1)); n > 0 || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: the node said something or kept the connection: %v", name, err)
		}
		conn.Close()
		if r := do(t, e, put("x", 1)); r.Status != kv.OK {
			t.Errorf("%s: afterwards %+v", name, r)
		}
	}
}

// TestHalfOpenPeerIsReplaced has a peer that was cut off without a word come back.
func TestHalfOpenPeerIsReplaced(t *testing.T) {
	c := newCluster(t, primaryCopy, 3)
	c.start(1, 2)
	do(t, c.dial(1), put("x", 1))
	say := func(m nodes.Message) net.Conn {
		conn, err := net.Dial("tcp", c.configs[2].Listen)
		if err != nil {
			t.Fatal(err)
		}
		b, err := appendFrame(greeting(t, hello{"test", 3, 2}), m)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Write(b); err != nil {
			t.Fatal(err)
		}
		return conn
	}
	former := say(have{1})
	defer former.Close()
	time.Sleep(20 * time.Millisecond) // so that it is the former one
	now := say(have{2})
	defer now.Close()
	former.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err := former.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the former connection is still open: %v", err)
	}
	now.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
	if _, err := now.Read(make([]byte, 1)); errors.Is(err, io.EOF) {
		t.Errorf("the new connection was closed: %v", err)
	}
}

// TestStalledPeerIsGivenUp has a peer that takes a connection and never reads from it: the sender
// must give it up and dial again.
func TestStalledPeerIsGivenUp(t *testing.T) {
	c := newCluster(t, primaryCopy, 3)
	l := c.held[c.configs[1].Peers[3]] // n3 is this test
	delete(c.held, c.configs[1].Peers[3])
	defer l.Close()
	l.(*net.TCPListener).SetDeadline(time.Now().Add(30 * time.Second))
	c.start(1, 2)
	e := c.dial(1)
	stalled, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer stalled.Close()
	// The log grows, and is sent again and again until the sockets' buffers are full.
	again := make(chan error, 1)
	go func() {
		conn, err := l.Accept()
		if err == nil {
			conn.Close()
		}
		again <- err
	}()
	for i := int64(0); ; i++ {
		cmd := put(strings.Repeat("k", kv.KeyMax), i)
		if r := do(t, e, cmd); r.Status != kv.OK {
			t.Fatalf("write %d: %+v", i, r)
		}
		select {
		case err := <-again:
			if err != nil {
				t.Errorf("the peer was not dialed again: %v", err)
			}
			return
		default:
		}
	}
}

// TestPeerThatReadsNothingIsGivenUp is the same without a kernel that notices first.
func TestPeerThatReadsNothingIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var dialed []net.Conn
		h := &host{log: hclog.NewNullLogger()}
		h.cfg.outside.dial = func(context.Context, string, string) (net.Conn, error) {
			here, there := net.Pipe()
			dialed = append(dialed, there)
			return here, nil
		}
		ctx, cancel := context.WithCancel(t.Context())
		go newOutgoing(h, 2, "").run(ctx)
		time.Sleep(10 * time.Second)
		cancel()
		synctest.Wait()
		if len(dialed) < 9 || len(dialed) > 11 {
			t.Errorf("dialed %d times in ten seconds, each good for one", len(dialed))
		}
		for _, c := range dialed {
			c.Close()
		}
	})
}

func TestWaitingFramesAreBounded(t *testing.T) {
	c := newCluster(t, primaryCopy, 2)
	h := &host{cfg: c.configs[1]}
	for _, l := range c.held {
		l.Close()
	}
	o := newOutgoing(h, 2, "")
	for range 100 {
		if err := o.stage(raw(1 << 19)); err != nil {
			t.Fatal(err)
		}
		o.release()
		if len(o.waiting) > waitingMax {
			t.Fatalf("%d bytes wait", len(o.waiting))
		}
	}
	if err := o.stage(raw(7)); err != nil {
		t.Fatal(err)
	}
	o.release()
	r := bytes.NewReader(o.take(nil))
	var last int
	for {
		_, p, err := readFrame(r)
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatalf("what waits is not whole frames: %v", err)
		}
		last = len(p)
	}
	if last != 7 {
		t.Errorf("the newest message was thrown away")
	}
}
