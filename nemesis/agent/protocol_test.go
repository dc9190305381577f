package agent

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"sunder/nemesis"
)

func FuzzDecodeRequest(f *testing.F) {
	f.Add([]byte(`{"id":1,"op":"hello","version":1,"peers":{"n2":"10.0.0.2"},"lease":1000000000}`))
	f.Add([]byte(`{"id":2,"op":"apply","state":{"killed":true,"drop":["n1"],"clock":{"realtime":{"offset":-5}}}}`))
	f.Add([]byte(`{"id":3,"op":"ping"} {}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		q, err := decodeRequest(line)
		if err != nil {
			return
		}
		if err := q.check(); err != nil {
			t.Fatalf("accepted %q although %v", line, err)
		}
		again, err := json.Marshal(q)
		if err != nil {
			t.Fatal(err)
		}
		q2, err := decodeRequest(again)
		if err != nil || !reflect.DeepEqual(normal(q), normal(q2)) {
			t.Fatalf("%q became %+v and then %+v, %v", line, q, q2, err)
		}
	})
}

// normal leaves out what JSON cannot tell apart: nothing and an empty one.
func normal(q request) request {
	if len(q.Peers) == 0 {
		q.Peers = nil
	}
	if q.State != nil && len(q.State.Drop) == 0 {
		s := *q.State
		s.Drop = nil
		q.State = &s
	}
	return q
}

func FuzzLines(f *testing.F) {
	f.Add("one\ntwo\n", 3)
	f.Add(strings.Repeat("x", 70)+"\n\nend", 1)
	f.Fuzz(func(t *testing.T, text string, repeat int) {
		text = strings.Repeat(text, max(1, min(repeat, 1<<12)))
		in := newLines(strings.NewReader(text))
		want := strings.Split(text, "\n")
		for _, w := range want[:len(want)-1] {
			line, err := in.next()
			if len(w) < lineMax && (err != nil || string(line) != w) {
				t.Fatalf("got %q, %v, want %q", line, err, w)
			}
			if len(w) >= lineMax && !errors.Is(err, errLineTooLong) {
				t.Fatalf("%d bytes were taken: %v", len(w), err)
			}
		}
		if line, err := in.next(); err == nil {
			t.Fatalf("an unfinished line was taken: %q", line)
		}
	})
}

// serveHere serves handle on a socket and returns a connection to it.
func serveHere(t *testing.T, handle func(request) reply) net.Conn {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "control")
	l, err := listen(filepath.Join(dir, "s"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx, l, handle) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	conn, err := net.Dial("unix", filepath.Join(dir, "s"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func TestMalformedLinesAreAnsweredAndHarmless(t *testing.T) {
	conn := serveHere(t, func(q request) reply { return reply{ID: q.ID} })
	in := newLines(conn)
	for _, c := range []struct{ line, id, want string }{
		{"", "0", "EOF"},
		{"hello", "0", "invalid character"},
		{`{"id":1}`, "1", "unknown op"},
		{`{"id":0,"op":"ping"}`, "0", "id 0"},
		{`{"id":2,"op":"apply"}`, "2", "no state"},
		{`{"id":3,"op":"apply","state":{"dead":true}}`, "0", "dead"},
		{`{"id":4,"op":"hello","version":99,"lease":1000000000}`, "4", "version 99"},
		{`{"id":5,"op":"hello","version":1,"lease":1}`, "5", "lease 1ns"},
		{`{"id":6,"op":"hello","version":1,"lease":1000000000,"peers":{"n1":""}}`, "6", "n1"},
		{`{"id":7,"op":"hello","version":1,"lease":1000000000,"peers":{"n1":"x"}}`, "0", "x"},
		{`{"id":8,"op":"ping"} 1`, "8", "more than one"},
		{strings.Repeat("x", 3*lineMax), "0", "longer than"},
		{`{"id":9,"op":"ping"}`, "9", ""},
	} {
		if _, err := io.WriteString(conn, c.line+"\n"); err != nil {
			t.Fatal(err)
		}
		line, err := in.next()
		if err != nil {
			t.Fatalf("after %.40q: %v", c.line, err)
		}
		if got := string(line); !strings.Contains(got, `"id":`+c.id) || !strings.Contains(got, c.want) ||
			strings.Contains(got, "error") != (c.want != "") {
			t.Errorf("%.60q was answered %s", c.line, got)
		}
	}
}

func TestSocketIsForItsOwnerOnly(t *testing.T) {
	conn := serveHere(t, func(q request) reply { return reply{ID: q.ID} })
	path := conn.RemoteAddr().String()
	for name, want := range map[string]os.FileMode{path: 0o600, filepath.Dir(path): 0o700} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
	open := t.TempDir()
	os.Chmod(open, 0o755)
	if _, err := listen(filepath.Join(open, "s")); err == nil {
		t.Error("a socket was made in a directory that is open to others")
	}
}

func TestClientSendsOneAtATimeAndSurvivesImpatience(t *testing.T) {
	release := make(chan struct{})
	conn := serveHere(t, func(q request) reply {
		if q.Op == opRead {
			<-release
			return reply{ID: q.ID, Evidence: &Evidence{Began: time.Duration(q.ID)}}
		}
		return reply{ID: q.ID, Error: "as it happens", Evidence: &Evidence{Began: 7}}
	})
	c := NewClient(conn)
	defer c.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := c.Read(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("an impatient Read: %v", err)
	}
	close(release)
	if e, err := c.Read(t.Context()); err != nil || e.Began != 2 {
		t.Errorf("the next Read got the answer of another: %+v, %v", e, err)
	}
	if e, err := c.Apply(t.Context(), nemesis.State{}); err == nil || e.Began != 7 {
		t.Errorf("an error and its evidence: %+v, %v", e, err)
	}
	done := make(chan error)
	for range 20 {
		go func() {
			_, err := c.Read(t.Context())
			done <- err
		}()
	}
	for range 20 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

func TestClientSaysThatTheContainerStopped(t *testing.T) {
	near, far := net.Pipe()
	c := NewClient(near)
	defer c.Close()
	go func() {
		newLines(far).next()
		far.Close()
	}()
	for range 2 { // while waiting, and from then on
		if err := c.Ping(t.Context()); !errors.Is(err, ErrStopped) {
			t.Errorf("Ping: %v", err)
		}
	}
	if err := c.Keepalive(t.Context(), time.Minute); !errors.Is(err, ErrStopped) {
		t.Errorf("Keepalive: %v", err)
	}
}

func TestClientGivesUpOnAStreamThatDoesNotMove(t *testing.T) {
	near, far := net.Pipe() // nobody reads
	defer far.Close()
	c := NewClient(near)
	for range 3 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		if err := c.Ping(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Ping: %v", err)
		}
		cancel()
	}
	c.Close()
	if err := c.Ping(t.Context()); !errors.Is(err, ErrStopped) {
		t.Errorf("Ping after Close: %v", err)
	}
}

func TestKeepalivePingsThreeTimesALease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		c := NewClient(near)
		pings := 0
		go func() {
			in, out := newLines(far), json.NewEncoder(far)
			for {
				line, err := in.next()
				if err != nil {
					return
				}
				q, _ := decodeRequest(line)
				pings++
				out.Encode(reply{ID: q.ID})
			}
		}()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second+time.Millisecond)
		defer cancel()
		if err := c.Keepalive(ctx, 3*time.Second); err != nil {
			t.Error(err)
		}
		if pings != 10 {
			t.Errorf("%d pings in ten seconds with a lease of three", pings)
		}
		c.Close()
		far.Close()
	})
}

func TestEvidenceSurvivesTheWire(t *testing.T) {
	want := reply{ID: 3, Error: "part of it", Evidence: &Evidence{
		Began: 1, Ended: 2,
		Process: Process{State: Dead, PID: 5, Start: 6, Boots: 7, Exit: &Exit{Code: -1, Signal: "SIGKILL"}},
		Drops:   map[string]Drop{"n2": {Cut: true, Packets: 3, Bytes: 4}},
		Clock: &Clock{
			Skew: nemesis.Clock{Realtime: nemesis.Skew{Offset: -5, Rate: 1.0000001}}, Raw: 9,
			Realtime: Reading{True: 10, Shown: 4},
		},
		Lease: Lease{Length: time.Second, Expired: 1, At: 8}, Support: &Support{Kernel: "6"},
	}}
	line, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got reply
	if err := json.Unmarshal(line, &got); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%s became %+v, %v", line, got, err)
	}
	if off := got.Evidence.Clock.Realtime.Offset(); off != -6 {
		t.Errorf("offset %v", off)
	}
}
