package host

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"

	"sunder/harness/history"
	"sunder/nodes"
	"sunder/nodes/kv"
)

// answerBytesMax bounds what is read of one answer, head and body.
const answerBytesMax = 4 << 20

// Endpoint speaks to one node over one connection: one operation is one request, written once.
// net/http's own client is not used, because it sends a request again when a connection from its
// pool turns out to be dead.
type Endpoint struct {
	address string
	conn    net.Conn
	limit   *io.LimitedReader // of conn, for one answer
	reader  *bufio.Reader     // of limit
	out     []byte
	broken  bool // an exchange failed: its answer may still come
}

// Open connects to a node's client address and waits until the node answered a request: a
// published port accepts although nobody listens behind it. Every failure is ErrUnreachable and
// definite.
func Open(ctx context.Context, address string) (nodes.Endpoint, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, unreachable(err)
	}
	e := newEndpoint(conn, address)
	if _, _, err := e.exchange(ctx, "GET", "/healthz", nil); err != nil {
		conn.Close()
		return nil, unreachable(err)
	}
	return e, nil
}

// newEndpoint makes conn end with a reset. A farewell that a dead or cut off node does not
// acknowledge is sent again by the kernel for a minute and more, and by then the cluster's network
// is gone and its address may be somebody else's.
func newEndpoint(conn net.Conn, address string) *Endpoint {
	if c, ok := conn.(*net.TCPConn); ok {
		_ = c.SetLinger(0) // a connection that refuses is dead
	}
	limit := &io.LimitedReader{R: conn}
	return &Endpoint{address: address, conn: conn, limit: limit,
		reader: bufio.NewReaderSize(limit, 4<<10)}
}

func unreachable(err error) error {
	return history.Definite(fmt.Errorf("%w: %w", nodes.ErrUnreachable, err))
}

// Do sends c once. Before anything is sent, a connection that is known to be dead is
// ErrUnreachable and definite; afterwards any trouble is indefinite, but for the node's own word
// that it did not understand the command.
func (e *Endpoint) Do(ctx context.Context, c kv.Command) (kv.Result, error) {
	var res kv.Result
	body, err := json.Marshal(c)
	if err != nil {
		return res, history.Definite(fmt.Errorf("write command: %w", err))
	}
	code, answer, err := e.exchange(ctx, "POST", "/kv", body)
	if err != nil {
		return res, err
	}
	switch code {
	case http.StatusOK, http.StatusConflict, http.StatusServiceUnavailable:
	case http.StatusBadRequest:
		return res, history.Definite(fmt.Errorf("node refused the command: %.200s",
			bytes.TrimSpace(answer)))
	default:
		return res, fmt.Errorf("%w: node answered %d", nodes.ErrClosed, code)
	}
	if err := json.Unmarshal(answer, &res); err != nil {
		return kv.Result{}, fmt.Errorf("%w: read result: %w", nodes.ErrClosed, err)
	}
	return res, nil
}

// Status is the node's own word.
func (e *Endpoint) Status(ctx context.Context) (nodes.Status, error) {
	r, err := e.Report(ctx)
	return r.Status, err
}

// Report is the whole answer to GET /status.
func (e *Endpoint) Report(ctx context.Context) (Report, error) {
	var r Report
	code, answer, err := e.exchange(ctx, "GET", "/status", nil)
	if err != nil {
		return r, err
	}
	if code != http.StatusOK {
		return r, fmt.Errorf("%w: node answered %d", nodes.ErrClosed, code)
	}
	if err := json.Unmarshal(answer, &r); err != nil {
		return Report{}, fmt.Errorf("%w: read status: %w", nodes.ErrClosed, err)
	}
	return r, nil
}

// Close closes the connection.
func (e *Endpoint) Close() error {
	e.broken = true
	return e.conn.Close()
}

var errDead = errors.New("connection is dead")

// exchange sends one request and reads its answer. After a failure the connection is of no use,
// since the answer of one operation could be taken for that of the next.
func (e *Endpoint) exchange(ctx context.Context, method, path string, body []byte) (
	code int, answer []byte, err error) {
	if err := ctx.Err(); err != nil {
		return 0, nil, history.Definite(e.explain(ctx, err))
	}
	deadline, _ := ctx.Deadline()    // the zero time if there is none
	_ = e.conn.SetDeadline(deadline) // a failure shows in what follows
	if e.broken || e.reader.Buffered() > 0 || spent(e.conn) {
		e.broken = true
		return 0, nil, unreachable(errDead)
	}
	stop := context.AfterFunc(ctx, func() { _ = e.conn.SetDeadline(time.Unix(1, 0)) })
	defer func() {
		if !stop() { // the deadline may yet be set, under the next operation
			e.broken = true
		}
	}()
	e.out = append(e.out[:0], method...)
	e.out = append(append(append(e.out, ' '), path...), " HTTP/1.1\r\nHost: "...)
	e.out = append(append(e.out, e.address...), "\r\nContent-Length: "...)
	e.out = append(strconv.AppendInt(e.out, int64(len(body)), 10), "\r\n\r\n"...)
	e.out = append(e.out, body...)
	if _, err := e.conn.Write(e.out); err != nil {
		return 0, nil, e.broke(ctx, err)
	}
	e.limit.N = answerBytesMax
	response, err := http.ReadResponse(e.reader, nil)
	if err == nil && response.StatusCode < 200 { // the answer itself is still to come
		err = fmt.Errorf("answered %d before its answer", response.StatusCode)
	}
	if err != nil {
		return 0, nil, e.broke(ctx, err)
	}
	answer, err = io.ReadAll(response.Body)
	if err != nil {
		return 0, nil, e.broke(ctx, err)
	}
	e.broken = response.Close // the node said that this was the last one
	return response.StatusCode, answer, nil
}

func (e *Endpoint) broke(ctx context.Context, err error) error {
	e.broken = true
	return e.explain(ctx, err)
}

// explain finds the sentinel for err.
func (e *Endpoint) explain(ctx context.Context, err error) error {
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return fmt.Errorf("%w: %w", nodes.ErrStopped, err)
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%w: %w", nodes.ErrTimeout, err)
	default:
		return fmt.Errorf("%w: %w", nodes.ErrClosed, err)
	}
}
