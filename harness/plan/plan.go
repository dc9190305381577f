// Package plan is a run as data. A plan is complete: given the binary, it decides everything that
// is ours to decide about a test, and replay, shrink and transfer read nothing else.
package plan

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// Version is the version of the format that this package reads and writes.
const Version = 1

// Plan is one test.
type Plan struct {
	Version     int               `json:"version"`
	Revision    string            `json:"revision,omitempty"` // of the binary that made it
	Seed        uint64            `json:"seed"`
	Environment string            `json:"environment"` // it was made for; it can be run in any
	System      string            `json:"system"`
	Workload    string            `json:"workload"`
	Bug         string            `json:"bug,omitempty"` // planted
	Options     map[string]string `json:"options,omitempty"`
	Nodes       int               `json:"nodes"`
	Concurrency int               `json:"concurrency"` // client threads
	Rate        float64           `json:"rate"`        // operations a second over all; 0: unbounded
	TimeLimit   Duration          `json:"time_limit"`  // of the main phase
	Network     Network           `json:"network,omitzero"`
	Leader      string            `json:"leader,omitempty"` // at first, in containers; empty: any
	Faults      []Fault           `json:"faults"`

	// Script, where there is one, is all that clients do: the workload generates nothing. Its times,
	// and then those of faults, count from when the test began.
	Script []ScriptedOp `json:"script,omitempty"`
}

// Fault is one injection with its end. Targets are symbolic; what they resolved to stands in the
// history. Times count from the first operation. A fault with a trigger is armed at its time, and
// lasts as long as it says from when it started.
type Fault struct {
	Kind     string   `json:"kind"` // partition, clock, kill or pause
	At       Duration `json:"at"`
	Duration Duration `json:"duration"`
	Target   string   `json:"target,omitempty"`  // one, leader, n1,n3: see package nemesis
	Shape    string   `json:"shape,omitempty"`   // of a partition; see package nemesis
	Variant  string   `json:"variant,omitempty"` // of a kill: process or container
	Clock    *Clock   `json:"clock,omitempty"`   // of a clock fault
	Pick     uint64   `json:"pick"`              // seeds what the target leaves open
	On       *Trigger `json:"on,omitempty"`      // it starts when that happens, from At on

	// Stays says that it outlasts its duration, the recovery and the final reads: the rest has to
	// serve without its targets, which are a minority.
	Stays bool `json:"stays,omitempty"`
}

// Clock is what a clock fault does to its targets, until it ends.
type Clock struct {
	Which  string   `json:"which"`            // realtime, monotonic or both
	Step   Duration `json:"step,omitzero"`    // jump at the start
	Rate   float64  `json:"rate,omitempty"`   // seconds counted in a true second; 0: unchanged
	Others float64  `json:"others,omitempty"` // the rate of all nodes that are not targets
	Strobe Duration `json:"strobe,omitzero"`  // jump forth and back by so much,
	Period Duration `json:"period,omitzero"`  // each so often
}

// Duration is a time.Duration that is written as people say it: 1.5s.
type Duration struct{ time.Duration }

// MarshalText writes it as time.Duration.String does.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what time.ParseDuration reads.
func (d *Duration) UnmarshalText(text []byte) (err error) {
	d.Duration, err = time.ParseDuration(string(text))
	return err
}

// Of is d as a Duration.
func Of(d time.Duration) Duration { return Duration{d} }

// Write writes p, indented.
func (p Plan) Write(w io.Writer) error {
	text, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return fmt.Errorf("write plan: %w", err)
	}
	if _, err := w.Write(append(text, '\n')); err != nil {
		return fmt.Errorf("write plan: %w", err)
	}
	return nil
}

// Read reads a plan that Write wrote or a person did, and checks it. Errors name line and field.
func Read(text []byte) (Plan, error) {
	var p Plan
	if err := readable(text); err != nil {
		return p, err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		return p, fmt.Errorf("read plan line %d: %w", lineOf(text, d, err), err)
	}
	if rest := bytes.TrimSpace(text[d.InputOffset():]); len(rest) > 0 {
		return p, fmt.Errorf("read plan: %d bytes after its end", len(rest))
	}
	return p, p.Check()
}

// readable refuses a plan of another version before anything that this one does not know in it.
// What is no plan at all is left to Read.
func readable(text []byte) error {
	var head struct {
		Version  *int   `json:"version"`
		Revision string `json:"revision"`
	}
	err := json.NewDecoder(bytes.NewReader(text)).Decode(&head)
	if err != nil || head.Version == nil || *head.Version == Version {
		return nil
	}
	return bad("version", *head.Version, fmt.Sprintf("%d: another program made this plan (revision "+
		"%.12s), and only that one replays it", Version, cmp.Or(head.Revision, "unknown")))
}

// lineOf is the line at which decoding stopped.
func lineOf(text []byte, d *json.Decoder, err error) int {
	at := d.InputOffset()
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		at = syntax.Offset
	case errors.As(err, &kind):
		at = kind.Offset
	}
	at = min(max(at, 0), int64(len(text)))
	return 1 + bytes.Count(text[:at], []byte("\n"))
}

// Limits of a plan.
const (
	NodesMax       = 64
	ConcurrencyMax = 255 // what the scheduler has room for
	FaultsMax      = 100_000
	TimeMax        = 10_000 * time.Hour // of every time: sums of them do not overflow
)

func possible(d Duration) bool { return d.Duration >= 0 && d.Duration <= TimeMax }

func bad(field string, got any, want string) error {
	return fmt.Errorf("check plan: %s is %v, want %s", field, got, want)
}

// Check says which field is out of its bounds. Names of systems, workloads and kinds of fault are
// checked by those who know them.
func (p Plan) Check() error {
	switch {
	case p.Version != Version:
		return bad("version", p.Version, fmt.Sprintf("%d: another program made this plan, and only "+
			"that one replays it", Version))
	case p.Nodes < 1 || p.Nodes > NodesMax:
		return bad("nodes", p.Nodes, fmt.Sprintf("1 to %d", NodesMax))
	case p.Concurrency < 1 || p.Concurrency > ConcurrencyMax:
		return bad("concurrency", p.Concurrency, fmt.Sprintf("1 to %d", ConcurrencyMax))
	case !(p.Rate >= 0 && p.Rate <= 1e9):
		return bad("rate", p.Rate, "0 to 1e9")
	case !possible(p.TimeLimit) || p.TimeLimit.Duration == 0:
		return bad("time_limit", p.TimeLimit, fmt.Sprintf("more than 0, and at most %v", TimeMax))
	case p.Leader != "" && p.Environment == "sim":
		return bad("leader", p.Leader, "none: in sim the plan decides all elections")
	case len(p.Faults) > FaultsMax:
		return bad("faults", len(p.Faults), fmt.Sprintf("at most %d", FaultsMax))
	}
	if err := p.Network.check(); err != nil {
		return err
	}
	for i, f := range p.Faults {
		field := fmt.Sprintf("faults[%d].", i)
		switch {
		case !possible(f.At):
			return bad(field+"at", f.At, fmt.Sprintf("0 to %v", TimeMax))
		case !possible(f.Duration) || f.Duration.Duration == 0:
			return bad(field+"duration", f.Duration, fmt.Sprintf("more than 0, and at most %v", TimeMax))
		case f.Kind == "clock" && f.Clock == nil:
			return bad(field+"clock", "missing", "what to do to the clock")
		case f.Stays && f.On != nil:
			return bad(field+"stays", f.Stays, "none: a fault with a trigger ends when it has lasted")
		}
		if f.On != nil {
			if err := f.On.check(field + "on."); err != nil {
				return err
			}
		}
	}
	return p.checkScript()
}
