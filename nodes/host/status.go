package host

import (
	"context"
	"net/http"
	"sync"
	"time"

	"sunder/nodes"
)

// Report is the answer to GET /status.
type Report struct {
	nodes.Status
	Protocol string `json:"protocol"`
	Boot     uint64 `json:"boot"`            // counts up at each start of the process
	Stale    bool   `json:"stale,omitempty"` // the node is busy: Status is what it last said
	Clocks   Clocks `json:"clocks"`
}

// Clocks are the clocks of the node's process, read one right after the other. That the harness
// skewed them is proven by two reports: Raw is the true clock in between.
type Clocks struct {
	Realtime  int64         `json:"realtime"`  // wall clock, in nanoseconds since 1970
	Monotonic time.Duration `json:"monotonic"` // since the process started, as the node measures
	Raw       time.Duration `json:"raw"`       // CLOCK_MONOTONIC_RAW, read past the vDSO
}

// lastStatus is what the node last said of itself.
type lastStatus struct {
	mu     sync.Mutex
	status nodes.Status
}

// status is GET /status. A node that is busy for longer than statusMax is reported as it was.
func (h *host) status(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), statusMax)
	defer cancel()
	said := make(chan struct{})
	h.post(ctx, func() {
		h.note()
		close(said)
	})
	out := Report{Protocol: h.cfg.Protocol.Name, Boot: h.boot}
	select {
	case <-said:
	case <-ctx.Done():
		out.Stale = true
	case <-h.done:
		out.Stale = true
	}
	h.last.mu.Lock()
	out.Status = h.last.status
	h.last.mu.Unlock()
	out.Clocks = Clocks{Realtime: time.Now().UnixNano(), Monotonic: time.Duration(h.Now()),
		Raw: rawClock()}
	answer(w, http.StatusOK, out)
}

// note asks the node for its status, where it has one. The owner does it.
func (h *host) note() {
	now := nodes.Status{ID: h.cfg.Node.Self.String()}
	if s, ok := h.node.(nodes.Statuser); ok {
		now = s.Status()
	}
	h.last.mu.Lock()
	h.last.status = now
	h.last.mu.Unlock()
}
