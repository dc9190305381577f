package linear

import (
	"fmt"

	"sunder/checker"
	"sunder/harness/history"
)

// RegisterOp is one operation on a register of integers.
type RegisterOp struct {
	Kind     RegisterKind
	Old, New int64 // what a read answered or a cas expected; what a write or cas left behind
	Null     bool  // the read found nothing, or the cas expected nothing
}

// RegisterKind is what a RegisterOp does.
type RegisterKind uint8

// The operations on a register.
const (
	Read RegisterKind = iota + 1
	Write
	CAS
)

// String is the operation in words.
func (o RegisterOp) String() string {
	old := fmt.Sprint(o.Old)
	if o.Null {
		old = "nothing"
	}
	switch o.Kind {
	case Read:
		return "read " + old
	case Write:
		return fmt.Sprintf("write %d", o.New)
	case CAS:
		return fmt.Sprintf("cas %s to %d", old, o.New)
	}
	return "none"
}

// RegisterState is the content of a register: nothing until it is first written.
type RegisterState struct {
	Value   int64
	Written bool
}

// Register is a checker of registers with integers: read answers an integer or null, write takes
// an integer, cas takes [old, new] with null for a register never written. A failed cas proves
// nothing and is dropped, as in Jepsen.
func Register(b Budget) checker.Checker { return New(RegisterModel(), b) }

// RegisterModel is the model behind Register.
func RegisterModel() Model[RegisterState, RegisterOp] {
	return Model[RegisterState, RegisterOp]{
		Name:       "register",
		Parse:      ParseRegister,
		Step:       stepRegister,
		ReadOnly:   func(o RegisterOp) bool { return o.Kind == Read },
		Overwrites: func(o RegisterOp) bool { return o.Kind != Read },
		String:     RegisterOp.String,
		Prune:      pruneUnobserved,
	}
}

func stepRegister(s RegisterState, o RegisterOp) (RegisterState, bool) {
	if o.Kind != Write && (s.Written == o.Null || s.Written && s.Value != o.Old) {
		return s, false
	}
	if o.Kind == Read {
		return s, true
	}
	return RegisterState{o.New, true}, true
}

// ParseRegister reads a register operation.
func ParseRegister(o history.Operation) (op RegisterOp, skip bool, err error) {
	switch f := o.Invocation.F; f {
	case "read":
		if o.Kind() != history.OK {
			return op, true, nil
		}
		op.Kind = Read
		op.Old, op.Null, err = intOrNull(o.Completion.Value)
	case "write":
		op.Kind = Write
		op.New, err = o.Invocation.Value.Int()
	case "cas":
		op.Kind = CAS
		var pair []*int64
		if err = o.Invocation.Value.Decode(&pair); err != nil {
			return op, false, err
		}
		if len(pair) != 2 || pair[1] == nil {
			return op, false, fmt.Errorf("read value %.40q: not [old, new]", string(o.Invocation.Value))
		}
		op.New = *pair[1]
		if op.Null = pair[0] == nil; !op.Null {
			op.Old = *pair[0]
		}
	default:
		err = fmt.Errorf("a register cannot %.40q", f)
	}
	return op, false, err
}

func intOrNull(v history.Value) (n int64, null bool, err error) {
	if v == "" || v == history.Null {
		return 0, true, nil
	}
	n, err = v.Int()
	return n, false, err
}

// pruneUnobserved drops info writes and compare-and-sets whose value nobody ever saw. It is exact
// only where each value is written at most once, and does nothing where one is written twice: an
// operation that saw the value might then have seen another's. What was seen by an info that is
// itself dropped does not count as seen.
func pruneUnobserved(ops []Op[RegisterOp]) []Op[RegisterOp] {
	writer := make(map[int64]int)
	for i, o := range ops {
		if o.Do.Kind == Read {
			continue
		}
		if _, twice := writer[o.Do.New]; twice {
			return ops
		}
		writer[o.Do.New] = i
	}
	keep := make([]bool, len(ops))
	var queue []int
	mark := func(i int) {
		if !keep[i] {
			keep[i] = true
			queue = append(queue, i)
		}
	}
	for i, o := range ops {
		if o.Return != Open {
			mark(i)
		}
	}
	for len(queue) > 0 {
		o := ops[queue[0]].Do
		queue = queue[1:]
		if o.Kind == Write || o.Null {
			continue
		}
		if w, written := writer[o.Old]; written {
			mark(w)
		}
	}
	kept := ops[:0:0]
	for i, o := range ops {
		if keep[i] {
			kept = append(kept, o)
		}
	}
	return kept
}
