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
		Parse:      parseRegister,
		Step:       stepRegister,
		ReadOnly:   func(o RegisterOp) bool { return o.Kind == Read },
		Overwrites: true,
		String:     RegisterOp.String,
		quick:      quickRegister,
		part:       partOfRegister,
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

// parseRegister reads a register operation.
func parseRegister(o history.Operation) (op RegisterOp, skip bool, err error) {
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
