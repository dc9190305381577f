package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"sunder/checker"
	"sunder/harness/history"
	"sunder/nemesis"
)

// progress is the journal of a test under way: it writes events down, keeps them for the
// checkers, and shows on a terminal where the test stands.
type progress struct {
	s      *session
	w      *history.Writer
	env    stage
	mu     sync.Mutex // taken for good by leave
	events []history.Event

	terminal       bool
	ok, fail, info int
	active         map[int]string // faults, by number
	began, shown   time.Time
}

// How often the status line is drawn anew on a terminal, and how often a plain line is written
// elsewhere.
const (
	statusEvery = 250 * time.Millisecond
	plainEvery  = 10 * time.Second
)

func newProgress(s *session, w *history.Writer, env stage) *progress {
	return &progress{s: s, w: w, env: env, terminal: isTerminal(s.stderr), active: map[int]string{},
		began: time.Now(), shown: time.Now()}
}

// Append writes e down.
func (p *progress) Append(e history.Event) (history.Event, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	e, err := p.w.Append(e)
	p.events = append(p.events, e)
	p.s.test.Note(e)
	if p.s.early.note(e) {
		p.s.log.Warn("stopped early", "why", p.s.early.why)
	}
	switch {
	case e.Process == history.Nemesis:
		p.fault(e)
	case e.Kind == history.OK:
		p.ok++
	case e.Kind == history.Fail:
		p.fail++
	case e.Kind == history.Info:
		p.info++
	}
	if e.Index%64 == 0 {
		p.show()
	}
	return e, err
}

// Flush hands on what was written.
func (p *progress) Flush() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.show()
	return p.w.Flush()
}

// leave hands on what was written, for somebody else than who writes. That one never returns: the
// history does not change any more.
func (p *progress) leave() error {
	p.mu.Lock()
	return p.w.Flush()
}

func (p *progress) fault(e history.Event) {
	var r nemesis.Record
	if e.Kind == history.Invoke {
		return
	}
	if e.Error != "" {
		p.s.log.Warn("nemesis", "f", e.F, "error", e.Error)
	}
	if e.Value.Decode(&r) != nil {
		return
	}
	if e.F == "start" {
		p.active[r.Fault] = r.Asked.Kind
	} else {
		delete(p.active, r.Fault)
	}
	p.s.log.Info("nemesis", "f", e.F, "fault", r.String(), "effect", r.Effect)
}

func (p *progress) show() {
	every := plainEvery
	if p.terminal {
		every = statusEvery
	}
	now := time.Now()
	if now.Sub(p.shown) < every {
		return
	}
	p.shown = now
	line := p.line(p.events[len(p.events)-1].Time)
	if p.terminal {
		fmt.Fprintf(p.s.stderr, "\r\x1b[K%.*s", columnsOf(p.s.stderr)-1, line)
	} else if p.s.plan.Environment != "sim" {
		fmt.Fprintln(p.s.stderr, line)
	}
}

// line is the status in at most 80 columns or so.
func (p *progress) line(at time.Duration) string {
	var kinds []string
	for i := range len(p.s.plan.Faults) {
		if kind, on := p.active[i]; on {
			kinds = append(kinds, kind)
		}
	}
	faults := "no fault"
	if len(kinds) > 0 {
		faults = strings.Join(kinds, "+")
	}
	rate := float64(p.ok) / max(at.Seconds(), 0.001)
	return fmt.Sprintf("%4.0fs  %5.0f ok/s  %d ok %d fail %d info  %s  leader %s", at.Seconds(), rate,
		p.ok, p.fail, p.info, faults, p.env.Leader())
}

// done clears the status line.
func (p *progress) done() {
	if p.terminal {
		fmt.Fprint(p.s.stderr, "\r\x1b[K")
	}
}

// columnsOf is the width of a terminal; 80 for anything else.
func columnsOf(w io.Writer) int {
	if f, ok := w.(*os.File); ok {
		if n, _, err := term.GetSize(int(f.Fd())); err == nil && n > 0 {
			return n
		}
	}
	return 80
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// tailLines is how much of a log a report shows.
const tailLines = 40

func (l nodeLog) tail() string {
	lines := bytes.Split(bytes.TrimRight(l.text, "\n"), []byte("\n"))
	return string(bytes.Join(lines[max(0, len(lines)-tailLines):], []byte("\n")))
}

func (l nodeLog) checked() checker.Log {
	return checker.Log{Node: l.node, Text: bytes.NewReader(l.text)}
}
