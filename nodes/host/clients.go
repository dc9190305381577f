package host

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/hashicorp/go-hclog"

	"sunder/nodes"
	"sunder/nodes/kv"
)

const (
	commandMax = 256 << 10        // bytes of a command's JSON: a transaction of long keys fits
	openMax    = 4096             // commands open at a time; more are refused
	answerMax  = 30 * time.Second // a command that the node keeps open for longer is in doubt
	statusMax  = 200 * time.Millisecond
)

// TimedOut is the code of a command that a node has not answered for half a minute: indefinite.
const TimedOut = "timed-out"

// requests are the commands that wait for the node's answer. They are the owner's.
type requests struct {
	last nodes.RequestID
	open map[nodes.RequestID]chan<- kv.Result
}

// add opens a request; its one answer goes to reply, which has room for it: whoever asked may be
// gone.
func (q *requests) add(reply chan<- kv.Result) nodes.RequestID {
	if q.open == nil {
		q.open = make(map[nodes.RequestID]chan<- kv.Result)
	}
	q.last++
	q.open[q.last] = reply
	return q.last
}

func (q *requests) reply(r nodes.RequestID, res kv.Result, log hclog.Logger) {
	to, open := q.open[r]
	if !open {
		log.Error("answer to no open request", "request", r, "status", res.Status)
		return
	}
	delete(q.open, r)
	to <- res
}

// server answers clients. Its timeouts are those of a client that is slow, not of a node that is:
// a command may stay open for answerMax.
func (h *host) server() *http.Server {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /kv", h.command)
	mux.HandleFunc("GET /status", h.status)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "ok\n") // a client that is gone has no use for it
	})
	return &http.Server{
		Handler:           mux,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      answerMax + 10*time.Second,
		IdleTimeout:       10 * time.Minute, // longer than a test leaves a connection alone
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          h.log.StandardLogger(&hclog.StandardLoggerOptions{InferLevels: true}),
	}
}

func (h *host) serve(s *http.Server) {
	if err := s.Serve(h.clients); !errors.Is(err, http.ErrServerClosed) {
		h.post(context.Background(), func() { h.failed = fmt.Errorf("serve clients: %w", err) })
	}
}

// shutdown gives the last answers a second to leave.
func shutdown(s *http.Server) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if s.Shutdown(ctx) != nil {
		_ = s.Close() // nothing is left to be done about it
	}
}

// command is POST /kv: a kv.Command in, a kv.Result out.
func (h *host) command(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, commandMax))
	if err != nil {
		http.Error(w, fmt.Sprintf("read command: %v", err), http.StatusBadRequest)
		return
	}
	c, err := parseCommand(body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), answerMax)
	defer cancel()
	res := h.invoke(ctx, c)
	switch res.Status {
	case kv.OK:
		answer(w, http.StatusOK, res)
	case kv.Definite:
		answer(w, http.StatusConflict, res)
	default:
		answer(w, http.StatusServiceUnavailable, res)
	}
}

func parseCommand(body []byte) (kv.Command, error) {
	var c kv.Command
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&c); err != nil {
		return c, fmt.Errorf("read command: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return c, errors.New("read command: more than one JSON value")
	}
	return c, c.Check()
}

// invoke asks the node and waits for its one answer.
func (h *host) invoke(ctx context.Context, c kv.Command) kv.Result {
	if !slices.Contains(h.cfg.Protocol.Ops, c.Op) {
		return kv.Refuse(kv.BadCommand)
	}
	reply := make(chan kv.Result, 1)
	asked := h.post(ctx, func() {
		if len(h.requests.open) >= openMax {
			reply <- kv.Refuse(kv.Overloaded)
			return
		}
		h.node.Invoke(h, h.requests.add(reply), c)
	})
	if !asked {
		return kv.Refuse(kv.Overloaded) // it never got to the node
	}
	select {
	case res := <-reply:
		return res
	case <-ctx.Done():
		return kv.Doubt(TimedOut)
	case <-h.done:
	}
	select {
	case res := <-reply: // the node's last word
		return res
	default:
		return kv.Doubt(kv.Stopped)
	}
}

// answer writes v as JSON.
func answer(w http.ResponseWriter, code int, v any) {
	text, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("host: an answer always marshals: %v", err))
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_, _ = w.Write(append(text, '\n')) // a client that is gone has no use for it
}
