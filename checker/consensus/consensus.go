// Package consensus judges decrees. Of all values that are proposed for a decree one is decided,
// and it stays; each key of a history is one. propose takes a value and answers the decided one,
// and read answers the decided value, or null before there is any.
package consensus

import (
	"context"
	"fmt"

	"sunder/checker"
	"sunder/checker/linear"
	"sunder/harness/history"
)

// The classes of anomaly.
const (
	TwoDecisions   = "two-decisions"   // two values were learned of one decree
	NotProposed    = "not-proposed"    // a value was learned that nobody proposed
	BeforeProposed = "before-proposed" // a value was learned before it was proposed
	Forgotten      = "forgotten"       // nothing was decided any more
	Undecided      = "undecided"       // a proposal was answered, but not with a value
)

// anomaliesMax bounds how many anomalies are told.
const anomaliesMax = 10

// Agreement is a checker of decrees. It is exact, in linear time: a history of a decree is
// linearizable if and only if it finds nothing (see the test against Model).
func Agreement() checker.Checker { return agreement{} }

type agreement struct{}

func (agreement) Name() string { return "agreement" }

// figures is what a check counts.
type figures struct {
	Decrees int `json:"decrees"`
	Decided int `json:"decided"` // of which somebody learned the value
	Rivals  int `json:"rivals"`  // for which several values were proposed
}

func (agreement) Check(ctx context.Context, h checker.History) checker.Result {
	r := checker.Result{Name: "agreement", Verdict: checker.Valid}
	var f figures
	keys, byKey := history.ByKey(h.Operations)
	for _, key := range keys {
		if ctx.Err() != nil {
			return checker.Result{Name: r.Name, Verdict: checker.Unknown, Reason: "out of time"}
		}
		d, err := read(byKey[key])
		if err != nil {
			if r.Verdict == checker.Valid {
				r.Verdict, r.Reason = checker.Unknown, err.Error()
			}
			continue
		}
		f.Decrees++
		if len(d.learned) > 0 {
			f.Decided++
		}
		if d.values > 1 {
			f.Rivals++
		}
		if a := d.judge(key); a != nil && len(r.Anomalies) < anomaliesMax {
			r.Verdict, r.Anomalies = checker.Invalid, append(r.Anomalies, *a)
			r.Reason = r.Anomalies[0].Words
		}
	}
	if f.Decided == 0 && r.Verdict == checker.Valid {
		r.Verdict, r.Reason = checker.Unknown, "nobody learned a decision"
	}
	r.Details = f
	return r
}

// decree is what was done with one.
type decree struct {
	proposed map[int64]history.Operation // the first proposal of each value that may have counted
	values   int                         // that were proposed
	learned  []learned
	nothing  *history.Operation // the last read to begin that found nothing decided
	none     *history.Operation // a proposal that ended without a decision
}

// learned is an operation that says what is decided.
type learned struct {
	op    history.Operation
	value int64
}

func read(ops []history.Operation) (*decree, error) {
	d := &decree{proposed: map[int64]history.Operation{}}
	for _, o := range ops {
		do, skip, err := parse(o)
		if err != nil {
			return nil, fmt.Errorf("event %d: %w", o.Invocation.Index, err)
		}
		if o.Kind() == history.Fail || skip {
			continue
		}
		if _, known := d.proposed[do.Proposed]; !do.Read && !known {
			d.proposed[do.Proposed] = o
			d.values++
		}
		switch {
		case do.Answer == Decided:
			d.learned = append(d.learned, learned{o, do.Value})
		case do.Answer == Nothing && !do.Read:
			d.none = &o
		case do.Answer == Nothing:
			d.nothing = &o
		}
	}
	return d, nil
}

// judge finds what cannot be, or nil.
func (d *decree) judge(key string) *checker.Anomaly {
	if d.none != nil {
		return d.anomaly(Undecided, key, "process %d was answered for decree %q when it proposed %d "+
			"(event %d), and nothing was decided", learned{*d.none, d.mine()})
	}
	if len(d.learned) == 0 {
		return nil
	}
	first := d.learned[0] // the first to end
	for _, l := range d.learned {
		if l.value != d.learned[0].value {
			return d.anomaly(TwoDecisions, key, "process %d learned that decree %q is %d (event %d), "+
				"process %d that it is %d (event %d)", d.learned[0], l)
		}
		if l.op.Completion.Index < first.op.Completion.Index {
			first = l
		}
	}
	proposal, known := d.proposed[first.value]
	switch {
	case !known:
		return d.anomaly(NotProposed, key, "process %d learned that decree %q is %d (event %d), "+
			"which nobody proposed", first)
	case proposal.Invocation.Index > first.op.Completion.Index:
		return d.anomaly(BeforeProposed, key, "process %d learned that decree %q is %d (event %d) "+
			"before process %d proposed it (%d, event %d)", first, learned{proposal, first.value})
	case d.nothing != nil && d.nothing.Invocation.Index > first.op.Completion.Index:
		return d.anomaly(Forgotten, key, "process %d learned that decree %q is %d (event %d), and "+
			"later process %d found it undecided (not %d, event %d)", first,
			learned{*d.nothing, first.value})
	}
	return nil
}

// mine is what the proposal proposed that ended without a decision.
func (d *decree) mine() int64 {
	n, _ := d.none.Invocation.Value.Int() // it was read before
	return n
}

func (d *decree) anomaly(class, key, format string, a learned, more ...learned) *checker.Anomaly {
	args := []any{a.op.Invocation.Process, key, a.value, a.op.Invocation.Index}
	ops := []int{a.op.Invocation.Index}
	for _, b := range more {
		args = append(args, b.op.Invocation.Process, b.value, b.op.Invocation.Index)
		ops = append(ops, b.op.Invocation.Index)
	}
	return &checker.Anomaly{Class: class, Key: key, Ops: ops, Words: fmt.Sprintf(format, args...)}
}

// Op is one operation on a decree, with what it answered.
type Op struct {
	Read     bool
	Proposed int64 // unless it is a read
	Answer   Answer
	Value    int64 // that is decided
}

// Answer is what an operation says of a decree.
type Answer uint8

// The answers.
const (
	Unknown Answer = iota // how the operation ended is not known
	Nothing               // nothing is decided yet
	Decided
)

// State is a decree: what is decided, if anything is.
type State struct {
	Value   int64
	Decided bool
}

// Model is a decree as a sequential machine.
func Model() linear.Model[State, Op] {
	return linear.Model[State, Op]{
		Name:     "decree",
		Parse:    parse,
		Step:     step,
		ReadOnly: func(o Op) bool { return o.Read },
		String:   Op.String,
	}
}

func step(s State, o Op) (State, bool) {
	if !o.Read && !s.Decided {
		s = State{o.Proposed, true}
	}
	switch o.Answer {
	case Nothing:
		return s, !s.Decided
	case Decided:
		return s, s.Decided && s.Value == o.Value
	}
	return s, true
}

// parse reads an operation.
func parse(o history.Operation) (op Op, skip bool, err error) {
	switch o.Invocation.F {
	case "read":
		op.Read = true
	case "propose":
		if op.Proposed, err = o.Invocation.Value.Int(); err != nil {
			return op, false, err
		}
	default:
		return op, false, fmt.Errorf("a decree cannot %.40q", o.Invocation.F)
	}
	if o.Kind() != history.OK {
		return op, op.Read, nil
	}
	if v := o.Completion.Value; v == "" || v == history.Null {
		op.Answer = Nothing
		return op, false, nil
	}
	op.Answer = Decided
	op.Value, err = o.Completion.Value.Int()
	return op, false, err
}

// String is the operation in words.
func (o Op) String() string {
	words := "read"
	if !o.Read {
		words = fmt.Sprintf("propose %d", o.Proposed)
	}
	switch o.Answer {
	case Nothing:
		return words + ": nothing is decided"
	case Decided:
		return fmt.Sprintf("%s: decided %d", words, o.Value)
	}
	return words
}
