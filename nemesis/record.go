package nemesis

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"sunder/harness/plan"
)

// Record is what became of one fault: the value of the nemesis's events in a history, where
// history.Marshal writes it and Value.Decode reads it back. The completion of a start has what
// the fault was resolved to; that of an end has the proof of its effect, too.
type Record struct {
	Fault   int        `json:"fault"` // its position in the plan's faults, from 0
	Asked   plan.Fault `json:"asked"`
	Targets []string   `json:"targets,omitempty"` // ascending; of a partition: those singled out
	Leader  string     `json:"leader,omitempty"`  // believed to lead when the fault started
	Grudge  Grudge     `json:"grudge,omitempty"`  // of a partition
	Notes   []string   `json:"notes,omitempty"`   // what was not as asked, as phrases

	Start plan.Duration `json:"start"`        // since the cluster was up
	End   plan.Duration `json:"end,omitzero"` // 0 until it ended

	// Overlap has, by kind and node, the other faults that held the node meanwhile; a partition
	// holds nobody. They are what masks an effect.
	Overlap map[string]map[string][]int `json:"overlap,omitempty"`

	Effect    Effect        `json:"effect,omitempty"`
	Evidence  []string      `json:"evidence,omitempty"`  // what was read back, as phrases
	Healed    []string      `json:"healed,omitempty"`    // nodes whose agent undid it by itself
	Outside   string        `json:"outside,omitempty"`   // clock or disk: beyond what is assumed of it
	StartTook plan.Duration `json:"start_took,omitzero"` // to apply, on the slowest node
	EndTook   plan.Duration `json:"end_took,omitzero"`
}

// Effect is what the evidence says about a fault.
type Effect string

// The effects. None and Never make a run unknown. The empty Effect is that of a fault that has not
// ended.
const (
	Proven Effect = "proven" // it was there on every target that no other fault masked
	Masked Effect = "masked" // others hid it everywhere: cutting off a killed node drops nothing
	None   Effect = "none"   // it was not there, on a target at least, and nothing explains it
	Never  Effect = "never"  // the event that it waited for never came
)

// String names the fault for a reader: fault 3: partition (leader-isolated) of n2.
func (r Record) String() string {
	out := fmt.Sprintf("fault %d: %s", r.Fault, r.Asked.Kind)
	detail := r.Asked.Shape + r.Asked.Variant // at most one of them is there
	if r.Asked.Clock != nil {
		detail = describe(*r.Asked.Clock)
	}
	if detail != "" {
		out += " (" + detail + ")"
	}
	if len(r.Targets) > 0 {
		out += " of " + strings.Join(r.Targets, ", ")
	}
	return out
}

func describe(c plan.Clock) string {
	words := []string{c.Which}
	if c.Step.Duration != 0 {
		words = append(words, fmt.Sprintf("stepped by %v", c.Step))
	}
	if c.Rate != 0 {
		words = append(words, fmt.Sprintf("at %v of true", c.Rate))
	}
	if c.Strobe.Duration != 0 {
		words = append(words, fmt.Sprintf("jumping by %v each %v", c.Strobe, c.Period))
	}
	if c.Others != 0 {
		words = append(words, fmt.Sprintf("others at %v", c.Others))
	}
	return strings.Join(words, ", ")
}

// UnmarshalJSON reads what history.Marshal wrote, and nothing it does not know: a record decides
// whether a run may pass.
func (r *Record) UnmarshalJSON(text []byte) error {
	type plain Record
	var p plain
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		return fmt.Errorf("read record of a fault: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("read record of a fault: more than one value")
	}
	if err := Record(p).check(); err != nil {
		return fmt.Errorf("read record of a fault: %w", err)
	}
	*r = Record(p)
	return nil
}

// check says what no fault can come to.
func (r Record) check() error {
	switch {
	case r.Fault < 0:
		return fmt.Errorf("fault %d, want 0 or more", r.Fault)
	case r.Asked.Kind == "":
		return errors.New("asked for no kind of fault")
	case (r.Asked.Kind == clock) != (r.Asked.Clock != nil):
		return fmt.Errorf("a %.20q with or without a clock: a clock fault has one", r.Asked.Kind)
	case r.Effect != "" && r.Effect != Proven && r.Effect != Masked && r.Effect != None &&
		r.Effect != Never:
		return fmt.Errorf("effect %.20q is none of proven, masked, none, never", string(r.Effect))
	case r.Start.Duration < 0 || r.End.Duration < 0:
		return fmt.Errorf("start %v or end %v is before the first operation", r.Start, r.End)
	case r.End.Duration != 0 && r.End.Duration < r.Start.Duration:
		return fmt.Errorf("end %v is before start %v", r.End, r.Start)
	}
	return nil
}

// View is what an environment knows when a fault starts.
type View struct {
	Now    time.Duration // since the cluster was up
	Leader string        // the node believed to lead, of the highest term if several; or none
	Dead   []string      // nodes that do not run though no fault holds them: they died by themselves

	// Of the event that a triggered fault waited for: the node that it happened on, and the ends
	// of a message.
	Self, Sender, Receiver string
}
