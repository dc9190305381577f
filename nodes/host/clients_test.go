package host

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"sunder/harness/history"
	"sunder/nodes"
	"sunder/nodes/kv"
)

// TestHTTP asks as curl does.
func TestHTTP(t *testing.T) {
	c := newCluster(t, primaryCopy, 1)
	c.start(1)
	c.dial(1)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for _, q := range []struct {
		name, method, path, body string
		code                     int
		want                     string
	}{
		{"healthz", "GET", "/healthz", "", 200, "ok\n"},
		{"write", "POST", "/kv", `{"op":"write","key":"x","value":5}`, 200, `{"status":"ok"}` + "\n"},
		{"read", "POST", "/kv", `{"op":"read","key":"x"}`, 200,
			`{"status":"ok","found":true,"value":5}` + "\n"},
		{"cas that fails", "POST", "/kv", `{"op":"cas","key":"x","old":9,"value":1}`, 409,
			`{"status":"definite","code":"cas-mismatch"}` + "\n"},
		{"session that nobody knows", "POST", "/kv", `{"op":"read","key":"x","session":77,"seq":1}`,
			503, `{"status":"indefinite","code":"session-expired"}` + "\n"},
		{"operation that the protocol lacks", "POST", "/kv", `{"op":"enqueue","key":"x"}`, 409,
			`{"status":"definite","code":"bad-command"}` + "\n"},
		{"no JSON", "POST", "/kv", `x=5`, 400, "read command: invalid character 'x'"},
		{"nothing", "POST", "/kv", ``, 400, "read command: EOF"},
		{"unknown operation", "POST", "/kv", `{"op":"drop"}`, 400, "drop"},
		{"no operation", "POST", "/kv", `{"key":"x"}`, 400, "check command: no operation"},
		{"unknown field", "POST", "/kv", `{"op":"read","kez":"x"}`, 400, `"kez"`},
		{"two commands", "POST", "/kv", `{"op":"read","key":"x"}{"op":"read"}`, 400, "more than one"},
		{"long key", "POST", "/kv", `{"op":"read","key":"` + strings.Repeat("x", 2000) + `"}`, 400,
			"key of 2000 bytes"},
		{"large body", "POST", "/kv", strings.Repeat(" ", commandMax+1), 400, "too large"},
		{"wrong method", "GET", "/kv", "", 405, "Method Not Allowed"},
		{"wrong path", "GET", "/", "", 404, "not found"},
	} {
		r, err := http.NewRequest(q.method, "http://"+c.configs[1].Client+q.path,
			strings.NewReader(q.body))
		if err != nil {
			t.Fatal(err)
		}
		got, err := client.Do(r)
		if err != nil {
			t.Errorf("%s: %v", q.name, err)
			continue
		}
		body, _ := io.ReadAll(got.Body)
		got.Body.Close()
		if got.StatusCode != q.code || !strings.Contains(string(body), q.want) ||
			strings.Count(string(body), "\n") != 1 {
			t.Errorf("%s: %d %q, want %d %q", q.name, got.StatusCode, body, q.code, q.want)
		}
	}
}

func TestStatusShowsTheClocks(t *testing.T) {
	c := newCluster(t, primaryCopy, 1)
	c.start(1)
	e := c.dial(1)
	var r [2]Report
	var raw [2]map[string]any
	for i := range r {
		code, text, err := e.exchange(t.Context(), "GET", "/status", nil)
		if err != nil || code != 200 {
			t.Fatalf("%d, %v", code, err)
		}
		if err := errors.Join(json.Unmarshal(text, &r[i]), json.Unmarshal(text, &raw[i])); err != nil {
			t.Fatal(err)
		}
		time.Sleep(50 * time.Millisecond)
	}
	clocks, _ := raw[0]["clocks"].(map[string]any)
	if raw[0]["id"] != "n1" || raw[0]["boot"] != 1.0 || len(clocks) != 3 ||
		clocks["realtime"] == nil || clocks["monotonic"] == nil || clocks["raw"] == nil {
		t.Errorf("status is %v", raw[0])
	}
	a, b := r[0].Clocks, r[1].Clocks
	passed := b.Raw - a.Raw
	for name, d := range map[string]time.Duration{
		"monotonic": b.Monotonic - a.Monotonic, "realtime": time.Duration(b.Realtime - a.Realtime),
	} {
		if passed < 50*time.Millisecond || d < passed*9/10 || d > passed*11/10 {
			t.Errorf("in %v of the raw clock, %s counted %v", passed, name, d)
		}
	}
}

// answering is a node that answers every connection with the same bytes, however it is asked.
// What is said before the first request ends is the hello's answer.
func answering(t *testing.T, then func(conn net.Conn)) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				b := make([]byte, 4096)
				conn.Read(b)
				io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
				conn.Read(b)
				then(conn)
			}()
		}
	}()
	return l.Addr().String()
}

func TestEndpointNamesWhatWentWrong(t *testing.T) {
	say := func(text string) func(net.Conn) {
		return func(c net.Conn) { io.WriteString(c, text) }
	}
	for _, c := range []struct {
		name     string
		then     func(net.Conn)
		is       error
		definite bool
	}{
		{"closes", func(net.Conn) {}, nodes.ErrClosed, false},
		{"resets", func(c net.Conn) { c.(*net.TCPConn).SetLinger(0) }, nodes.ErrClosed, false},
		{"is silent", func(c net.Conn) { c.Read(make([]byte, 1)) }, nodes.ErrTimeout, false},
		{"talks garbage", say("\x00\x01 hello\r\n\r\n"), nodes.ErrClosed, false},
		{"stops in the head", say("HTTP/1.1 200 OK\r\nContent-"), nodes.ErrClosed, false},
		{"stops in the body", say("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"),
			nodes.ErrClosed, false},
		{"sends no result", say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]"),
			nodes.ErrClosed, false},
		{"answers 500", say("HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n"), nodes.ErrClosed, false},
		{"refuses", say("HTTP/1.1 400 Bad\r\nContent-Length: 2\r\n\r\nno"), history.ErrDefinite, true},
		{"never ends its head", func(c net.Conn) {
			for _, err := io.WriteString(c, "HTTP/1.1 200 OK\r\n"); err == nil; {
				_, err = c.Write(bytes.Repeat([]byte("X-A: b\r\n"), 1000))
			}
		}, nodes.ErrClosed, false},
		{"never ends its body", func(c net.Conn) {
			for _, err := io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\n"); err == nil; {
				_, err = c.Write(bytes.Repeat([]byte("x"), 10000))
			}
		}, nodes.ErrClosed, false},
	} {
		e, err := Open(t.Context(), answering(t, c.then))
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		if c.is != nodes.ErrTimeout {
			ctx, cancel = context.WithTimeout(t.Context(), 20*time.Second)
		}
		_, err = e.Do(ctx, get("x"))
		cancel()
		if !errors.Is(err, c.is) || errors.Is(err, history.ErrDefinite) != c.definite {
			t.Errorf("a node that %s: %v", c.name, err)
		}
		// The one attempt was made; but a refusal leaves the connection usable.
		if _, err := e.Do(t.Context(), get("x")); err == nil {
			t.Errorf("a node that %s: a second command went through", c.name)
		}
		e.Close()
	}
}

func TestEndpointThatIsNotThere(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refusing := l.Addr().String()
	l.Close()
	_, err = Open(t.Context(), refusing)
	if !errors.Is(err, nodes.ErrUnreachable) || !errors.Is(err, history.ErrDefinite) {
		t.Errorf("refused: %v", err)
	}
	// A published port accepts and closes though no node is behind it.
	if l, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for conn, err := l.Accept(); err == nil; conn, err = l.Accept() {
			conn.Close()
		}
	}()
	_, err = Open(t.Context(), l.Addr().String())
	if !errors.Is(err, nodes.ErrUnreachable) || !errors.Is(err, history.ErrDefinite) {
		t.Errorf("accepted and closed: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err = Open(ctx, l.Addr().String()); !errors.Is(err, history.ErrDefinite) {
		t.Errorf("the test is over: %v", err)
	}
}

func TestEndpointOfADeadNodeSendsNothing(t *testing.T) {
	c := newCluster(t, primaryCopy, 1)
	c.start(1)
	e := c.dial(1)
	do(t, e, put("x", 1))
	if err := c.stop(1); err != nil {
		t.Error(err)
	}
	_, err := e.Do(t.Context(), put("x", 2))
	if !errors.Is(err, nodes.ErrUnreachable) || !errors.Is(err, history.ErrDefinite) {
		t.Errorf("the node was stopped before, and the command is in doubt: %v", err)
	}
}

func TestEndpointIsStopped(t *testing.T) {
	e, err := Open(t.Context(), answering(t, func(c net.Conn) { c.Read(make([]byte, 1)) }))
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	if _, err := e.Do(ctx, get("x")); !errors.Is(err, nodes.ErrStopped) ||
		errors.Is(err, history.ErrDefinite) {
		t.Errorf("stopped while it waited: %v", err)
	}
}

func TestOpenCommandsAreBounded(t *testing.T) {
	c := newCluster(t, primaryCopy, 1)
	cfg := c.configs[1]
	cfg.Node.Options = map[string]string{"on-command": "ignore"}
	h, err := open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- h.run(ctx) }()
	results := make(chan kv.Result, openMax+10)
	for range openMax + 10 {
		go func() { results <- h.invoke(context.Background(), put("x", 1)) }()
	}
	for range 10 { // the node answers none, so these are the host's
		if r := <-results; r.Status != kv.Definite || r.Code != kv.Overloaded {
			t.Errorf("one command too many: %+v", r)
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	for range openMax {
		if r := <-results; r.Status != kv.Indefinite || r.Code != kv.Stopped {
			t.Errorf("a command that was open: %+v", r)
		}
	}
}

// TestEndpointLeavesNothingToBeSentAgain: the other side must see a reset, not an end that waits
// for its acknowledgement.
func TestEndpointLeavesNothingToBeSentAgain(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	other, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	newEndpoint(conn, l.Addr().String()).Close()
	if _, err := other.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the other side sees %v", err)
	}
}
