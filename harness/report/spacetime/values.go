package spacetime

import (
	"strings"

	"sunder/harness/history"
)

// written is the value that an operation writes: the argument of a write, the new value of a
// compare-and-set, or none.
func written(o Operation) history.Value {
	switch o.F {
	case "write":
		return o.Value
	case "cas":
		_, to := pair(o.Value)
		return to
	}
	return ""
}

// pair takes [old,new] apart.
func pair(v history.Value) (old, to history.Value) {
	a, b, ok := strings.Cut(strings.Trim(string(v), "[] "), ",")
	if !ok {
		return "", ""
	}
	return history.Value(strings.TrimSpace(a)), history.Value(strings.TrimSpace(b))
}

// asks is what an operation asks for, in short: write 5, cas 3 to 5.
func asks(o Operation) string {
	if old, to := pair(o.Value); o.F == "cas" && to != "" {
		return "cas " + string(old) + " to " + string(to)
	}
	return strings.TrimSpace(o.F + " " + string(o.Value))
}

// told is what came of an operation, in short: ok, 5, nothing, failed, ?.
func told(o Operation) string {
	switch {
	case o.Kind == history.Fail:
		return "failed"
	case o.Kind == history.Info:
		return "?"
	case o.Answer == history.Null:
		return "nothing"
	case o.Answer == "" || o.Answer == o.Value:
		return "ok"
	}
	return string(o.Answer)
}
