package environment

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"sunder/docker"
	"sunder/harness/history"
	"sunder/harness/plan"
	"sunder/nemesis"
	"sunder/nemesis/agent"
	"sunder/nodes"
	"sunder/nodes/host"
	"sunder/nodes/kv"
	"sunder/workloads"
)

// answers is a cluster of one node that answers as it is told, and counts connections.
type answers struct {
	loopback
	server *httptest.Server
	hellos atomic.Int32
	kv     atomic.Value // func(http.ResponseWriter, *http.Request)
}

func newAnswers(t *testing.T) *answers {
	a := &answers{}
	a.kv.Store(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"status":"ok"}`) })
	mux := http.NewServeMux()
	mux.HandleFunc("/healthz", func(http.ResponseWriter, *http.Request) { a.hellos.Add(1) })
	mux.HandleFunc("/status", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"id":"n1","role":"leader","leader":"n1","term":3}`)
	})
	mux.HandleFunc("/kv", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // else the server does not see when its client goes
		a.kv.Load().(func(http.ResponseWriter, *http.Request))(w, r)
	})
	a.server = httptest.NewServer(mux)
	t.Cleanup(a.server.Close)
	return a
}

func (a *answers) Address(nodes.ID) (string, error) {
	if a.server == nil {
		return "", errNoMachine
	}
	return a.server.Listener.Addr().String(), nil
}

func (a *answers) Read(context.Context, nodes.ID) (agent.Evidence, error) {
	return agent.Evidence{Process: agent.Process{State: agent.Running, PID: 1, Start: 1}}, nil
}

func (a *answers) Apply(ctx context.Context, id nodes.ID, _ nemesis.State) (agent.Evidence, error) {
	return a.Read(ctx, id)
}

func (a *answers) Start(ctx context.Context, id nodes.ID) (docker.Machine, agent.Evidence, error) {
	e, err := a.Read(ctx, id)
	return docker.Machine{}, e, err
}

// writer is a client that writes with a deadline, and remembers its error.
type writer struct {
	timeout time.Duration
	err     atomic.Value
}

func (w *writer) Invoke(c nodes.Conn, inv history.Event) (history.Value, error) {
	_, err := c.Do(1, kv.Command{Op: kv.Write, Key: "x", Arg: 1}, w.timeout)
	if err != nil {
		w.err.Store(err)
	}
	return inv.Value, err
}

func TestAProcessNamesWhatWentWrong(t *testing.T) {
	hang := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	cut := func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	for _, c := range []struct {
		name string
		kv   func(http.ResponseWriter, *http.Request)
		kind history.Kind
		is   error
	}{
		{"an answer that does not come", hang, history.Info, nodes.ErrTimeout},
		{"a connection that breaks", cut, history.Info, nodes.ErrClosed},
		{"nobody there", nil, history.Fail, nodes.ErrUnreachable},
	} {
		a := newAnswers(t)
		w := &writer{timeout: 100 * time.Millisecond}
		e := environment(t, t.Context(), a, plan.Plan{Nodes: 1, Concurrency: 1},
			func(history.Process) nodes.Client { return w })
		if c.kv == nil {
			a.server.Close()
		} else {
			a.kv.Store(c.kv)
		}
		e.Invoke(history.Event{Kind: history.Invoke, F: "write"})
		done, ok := e.Await(e.Now() + time.Minute)
		if err, _ := w.err.Load().(error); !ok || done.Kind != c.kind || done.Node != "n1" || !errors.Is(err, c.is) {
			t.Errorf("%s: %+v, %v", c.name, done, err)
		}
	}
}

// A connection is kept as long as it works: the next operation after trouble has a new one.
func TestAProcessOpensAnewAfterTrouble(t *testing.T) {
	a := newAnswers(t)
	e := environment(t, t.Context(), a, plan.Plan{Nodes: 1, Concurrency: 1},
		func(history.Process) nodes.Client { return &reader{} })
	do := func() history.Event {
		e.Invoke(history.Event{Kind: history.Invoke, F: "read"})
		done, _ := e.Await(e.Now() + time.Minute)
		return done
	}
	do()
	before := a.hellos.Load()
	if do(); a.hellos.Load() != before {
		t.Errorf("%d new connections while all was well", a.hellos.Load()-before)
	}
	works := a.kv.Load()
	a.kv.Store(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	if done := do(); done.Kind != history.Fail {
		t.Errorf("a read on a connection that broke: %+v", done)
	}
	a.kv.Store(works)
	if done := do(); done.Kind != history.OK || a.hellos.Load() != before+1 {
		t.Errorf("after trouble: %+v with %d new connections", done, a.hellos.Load()-before)
	}
}

// reader is a client whose errors are definite.
type reader struct{}

func (reader) Invoke(c nodes.Conn, inv history.Event) (history.Value, error) {
	_, err := c.Do(1, kv.Command{Op: kv.Read, Key: "x"}, time.Second)
	if err != nil {
		err = history.Definite(err)
	}
	return inv.Value, err
}

// Whatever clients wait for when a test ends, they let go of it: those of sessions, too, which
// else would try again until their deadline. goleak sees those that do not.
func TestClientsEndWithTheTest(t *testing.T) {
	a := newAnswers(t)
	asked := make(chan struct{}, 64)
	a.kv.Store(func(_ http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		<-r.Context().Done()
	})
	o := workloads.Options{Nodes: []nodes.ID{1}, Concurrency: 4, Sessions: true,
		Values: map[string]string{"timeout": "5s"}}
	e := over(t.Context(), t.Context(), a, Options{Plan: plan.Plan{Nodes: 1, Concurrency: 4},
		Log:    hclog.NewNullLogger(),
		Client: func(p history.Process) nodes.Client { return workloads.Register().Client(o, p) }})
	for p := range history.Process(4) {
		e.Invoke(history.Event{Kind: history.Invoke, Process: p, F: "write", Value: "5"})
	}
	for range 4 {
		<-asked
	}
	if err := e.Close(context.Background()); err != nil {
		t.Error(err)
	}
}

func TestStoppedKeepsWhatIsDefinite(t *testing.T) {
	e := &Environment{}
	e.life, e.end = context.WithCancel(context.Background())
	p := &process{e: e}
	trouble := errors.New("trouble")
	if err := p.stopped(trouble); !errors.Is(err, trouble) {
		t.Errorf("during the test: %v", err)
	}
	e.end()
	for _, c := range []struct {
		err      error
		definite bool
	}{{trouble, false}, {history.Definite(trouble), true}} {
		err := p.stopped(c.err)
		if !errors.Is(err, nodes.ErrStopped) || errors.Is(err, history.ErrDefinite) != c.definite {
			t.Errorf("after the end, %v is %v", c.err, err)
		}
	}
}

// What failed to be applied is tried again, though nothing else is asked for.
func TestTheDriverTriesAgain(t *testing.T) {
	c := newLoopback(t, 3)
	kill := plan.Fault{Kind: "kill", Target: "n2", Variant: "process", Duration: plan.Of(time.Second)}
	e := environment(t, t.Context(), c, plan.Plan{Nodes: 3, Concurrency: 1, Faults: []plan.Fault{kill}}, nil)
	inject := func(end bool) history.Event {
		e.Inject(history.Event{Kind: history.Invoke, Process: history.Nemesis, F: "inject"}, 0, end)
		done, ok := e.Await(e.Now() + time.Minute)
		if !ok {
			t.Fatal("the injection did not end")
		}
		return done
	}
	if done := inject(false); done.Kind != history.OK {
		t.Errorf("start: %+v", done)
	}
	c.mu.Lock()
	c.fail = errNoMachine
	c.mu.Unlock()
	if done := inject(true); done.Kind != history.Info || !strings.Contains(done.Error, "no machine") {
		t.Errorf("an end that failed: %+v", done)
	}
	if done := inject(true); done.Kind != history.OK {
		t.Errorf("the end once more: %+v", done)
	}
	if now, _ := c.Read(t.Context(), 2); now.Process.State != "running" {
		t.Errorf("n2 is %s", now.Process.State)
	}
	c.mu.Lock()
	before := c.applied
	c.mu.Unlock()
	inject(true)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.applied != before {
		t.Error("what is as it shall be was applied again")
	}
}

func TestLeadsIsTheHighestTerm(t *testing.T) {
	report := func(role string, term uint64) host.Report {
		return host.Report{Status: nodes.Status{Role: role, Term: term}}
	}
	for _, c := range []struct {
		reports map[nodes.ID]host.Report
		want    string
	}{
		{nil, ""},
		{map[nodes.ID]host.Report{1: report("follower", 9)}, ""},
		{map[nodes.ID]host.Report{1: report("leader", 3), 2: report("follower", 4)}, "n1"},
		{map[nodes.ID]host.Report{1: report("leader", 5), 3: report("leader", 4)}, "n1"},
		{map[nodes.ID]host.Report{1: report("leader", 4), 3: report("leader", 5)}, "n3"},
	} {
		if got := leads([]nodes.ID{1, 2, 3}, c.reports); got != c.want {
			t.Errorf("%v: %q leads, want %q", c.reports, got, c.want)
		}
	}
}

// An interrupt makes Await return early once, an abort always.
func TestAwaitIsInterrupted(t *testing.T) {
	stop, interrupt := context.WithCancel(context.Background())
	abort, end := context.WithCancel(context.Background())
	c := newAnswers(t)
	e := over(stop, abort, c, Options{Plan: plan.Plan{Nodes: 1}, Log: hclog.NewNullLogger()})
	defer e.Close(context.Background())
	interrupt()
	if _, ok := e.Await(time.Hour); ok || e.Now() > time.Hour {
		t.Error("an interrupt was not heard")
	}
	until := e.Now() + 50*time.Millisecond
	if _, ok := e.Await(until); ok || e.Now() < until {
		t.Error("an interrupt was heard twice")
	}
	end()
	for range 3 {
		if _, ok := e.Await(time.Hour); ok {
			t.Error("an abort was not heard")
		}
	}
}
