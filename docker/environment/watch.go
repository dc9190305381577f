package environment

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"sunder/nodes"
	"sunder/nodes/host"
)

// How long one node is waited for when it is asked for its status: for a look at all of them, of
// which a paused one never answers; and for proof from one that is known to run.
const (
	lookMax  = 100 * time.Millisecond
	proofMax = 2 * time.Second
)

// watch is what the nodes last said of themselves, over connections of its own.
type watch struct {
	mu        sync.Mutex
	endpoints map[nodes.ID]*host.Endpoint
	reports   map[nodes.ID]host.Report // of those that answered the last time
}

// ask asks nodes, all at once, and returns what those said that answered in time.
func (w *watch) ask(ctx context.Context, e *Environment, ids []nodes.ID, limit time.Duration) (
	out map[nodes.ID]host.Report) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.endpoints == nil {
		w.endpoints = make(map[nodes.ID]*host.Endpoint)
	}
	answers := make([]*host.Report, len(ids))
	opened := make([]*host.Endpoint, len(ids))
	var all sync.WaitGroup
	for i, id := range ids {
		have := w.endpoints[id]
		all.Go(func() { answers[i], opened[i] = e.ask(ctx, id, have, limit) })
	}
	all.Wait()
	w.reports = make(map[nodes.ID]host.Report, len(ids))
	for i, id := range ids {
		delete(w.endpoints, id)
		if opened[i] != nil {
			w.endpoints[id] = opened[i]
		}
		if answers[i] != nil {
			w.reports[id] = *answers[i]
		}
	}
	return w.reports
}

// ask asks one node, over the connection that there is, or a new one.
func (e *Environment) ask(ctx context.Context, id nodes.ID, open *host.Endpoint,
	limit time.Duration) (*host.Report, *host.Endpoint) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if open != nil {
		if r, err := open.Report(ctx); err == nil {
			return &r, open
		}
		_ = open.Close() // it may be of a former life of the node
	}
	fresh, err := e.open(ctx, id)
	if err != nil {
		return nil, nil
	}
	open, ok := fresh.(*host.Endpoint)
	if !ok {
		_ = fresh.Close()
		return nil, nil
	}
	r, err := open.Report(ctx)
	if err != nil {
		_ = open.Close()
		return nil, nil
	}
	return &r, open
}

// look asks nodes who leads, and whether all of them answered and agree: on that, or that nobody
// has to.
func (w *watch) look(ctx context.Context, e *Environment, ids []nodes.ID) (
	leader string, agree bool) {
	reports := w.ask(ctx, e, ids, lookMax)
	agree = len(reports) == len(ids)
	first := true
	for _, id := range ids {
		r := reports[id]
		if !r.Serves() {
			agree = agree && !r.Stale
			continue
		}
		if first {
			leader, first = r.Leader, false
		}
		agree = agree && (r.Leader != "" || r.Leaderless) && r.Leader == leader && !r.Stale
	}
	return leader, agree
}

// leads is the node that believes to lead, in the highest term if there are several.
func leads(ids []nodes.ID, reports map[nodes.ID]host.Report) (leader string) {
	var term uint64
	for _, id := range ids {
		if r := reports[id]; r.Role == "leader" && r.Term >= term {
			leader, term = id.String(), r.Term
		}
	}
	return leader
}

// words says which of these nodes answered what, and which did not.
func (w *watch) words(ids []nodes.ID) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []string
	for _, id := range ids {
		if r, ok := w.reports[id]; ok {
			out = append(out, fmt.Sprintf("%s follows %q in term %d", id, r.Leader, r.Term))
		} else {
			out = append(out, fmt.Sprintf("%s does not answer", id))
		}
	}
	return strings.Join(out, ", ")
}

// observeEvery is how often the status line's leader is renewed.
const observeEvery = 500 * time.Millisecond

// observe keeps the watch fresh until the end of the test, then closes its connections.
func (e *Environment) observe() {
	for sleep(e.life, observeEvery) {
		e.watch.ask(e.life, e, e.ids, lookMax)
	}
	e.watch.mu.Lock()
	defer e.watch.mu.Unlock()
	for _, open := range e.watch.endpoints {
		_ = open.Close()
	}
	e.watch.endpoints = nil
}

// Leader is the node that lately believed to lead, or "-".
func (e *Environment) Leader() string {
	e.watch.mu.Lock()
	defer e.watch.mu.Unlock()
	if leader := leads(e.ids, e.watch.reports); leader != "" {
		return leader
	}
	return "-"
}
