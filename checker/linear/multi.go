package linear

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"sunder/checker"
	"sunder/harness/history"
)

// unit separates the parts of a line. No JSON holds it.
const unit = "\x1f"

// MultiRegister is a checker of transactions on registers: txn takes and answers a list of
// [function, key, value], the function being read (or r) or write (or w). initial is the value of a
// register that was never written, such as null or 0. A read of null answers nothing, and is none.
func MultiRegister(b Budget, initial history.Value) checker.Checker {
	return New(Model[string, string]{
		Name:  "multi-register",
		Parse: parseTxn,
		Step: func(s, txn string) (string, bool) {
			return applyTxn(s, txn, string(initial))
		},
		ReadOnly: func(txn string) bool { return !strings.Contains("\n"+txn, "\nw") },
		String: func(txn string) string {
			return strings.NewReplacer("\n", ", ", unit, " ").Replace(strings.TrimSpace(txn))
		},
	}, b)
}

// parseTxn writes a transaction as lines of r or w, key, and value: comparable text.
func parseTxn(o history.Operation) (txn string, skip bool, err error) {
	v := o.Invocation.Value
	ok := o.Kind() == history.OK
	if ok {
		v = o.Completion.Value
	}
	var steps [][]rawJSON
	if err := v.Decode(&steps); err != nil {
		return "", false, err
	}
	var b strings.Builder
	writes := false
	for _, s := range steps {
		if len(s) != 3 {
			return "", false, fmt.Errorf("read value %.40q: no [function, key, value]", string(v))
		}
		switch s[0] {
		case `"read"`, `"r"`:
			if ok && s[2] != "null" {
				fmt.Fprintf(&b, "r\x1f%s\x1f%s\n", s[1], s[2])
			}
		case `"write"`, `"w"`:
			writes = true
			fmt.Fprintf(&b, "w\x1f%s\x1f%s\n", s[1], s[2])
		default:
			return "", false, fmt.Errorf("a multi-register cannot %.40s", s[0])
		}
	}
	return b.String(), b.Len() == 0 || !ok && !writes, nil
}

func applyTxn(s, txn, initial string) (string, bool) {
	state := make(map[string]string)
	for line := range strings.Lines(s) {
		key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), unit)
		state[key] = value
	}
	for line := range strings.Lines(txn) {
		part := strings.SplitN(strings.TrimSuffix(line, "\n"), unit, 3)
		if part[0] == "w" {
			state[part[1]] = part[2]
			continue
		}
		at, written := state[part[1]]
		if !written {
			at = initial
		}
		if at != part[2] {
			return s, false
		}
	}
	var b strings.Builder
	for _, key := range slices.Sorted(maps.Keys(state)) {
		fmt.Fprintf(&b, "%s\x1f%s\n", key, state[key])
	}
	return b.String(), true
}
