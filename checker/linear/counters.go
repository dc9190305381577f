package linear

import (
	"fmt"

	"sunder/checker"
	"sunder/harness/history"
)

// tally is an operation on a counter.
type tally struct {
	adds  int64
	sum   int64 // what it answered, after adds
	knows bool  // sum means something
}

func (o tally) String() string {
	switch {
	case o.adds == 0:
		return fmt.Sprintf("read %d", o.sum)
	case o.knows:
		return fmt.Sprintf("add %d, answered %d", o.adds, o.sum)
	}
	return fmt.Sprintf("add %d", o.adds)
}

// Counter is a checker of counters from 0: add takes an integer and answers the sum, or the same
// integer where the system answers none; read answers the sum.
func Counter(b Budget, answersSum bool) checker.Checker {
	return New(Model[int64, tally]{
		Name: "counter",
		Parse: func(o history.Operation) (t tally, skip bool, err error) {
			switch f := o.Invocation.F; f {
			case "read":
				if o.Kind() != history.OK {
					return t, true, nil
				}
				t.knows = true
				t.sum, err = o.Completion.Value.Int()
			case "add":
				t.adds, err = o.Invocation.Value.Int()
				if err == nil && answersSum && o.Kind() == history.OK {
					t.knows = true
					t.sum, err = o.Completion.Value.Int()
				}
			default:
				err = fmt.Errorf("a counter cannot %.40q", f)
			}
			return t, false, err
		},
		Step: func(s int64, t tally) (int64, bool) {
			s += t.adds
			return s, !t.knows || s == t.sum
		},
		ReadOnly: func(t tally) bool { return t.adds == 0 },
		String:   tally.String,
	}, b)
}
