package linear

import (
	"fmt"
	"strings"

	"sunder/checker"
	"sunder/harness/history"
)

// step is an operation on one of the objects in this file.
type step struct {
	f     string
	arg   string // a JSON value
	known bool   // the answer is known; it is arg of a function that only answers
}

func (s step) String() string {
	if s.known && s.arg != "" {
		return s.f + " " + s.arg
	}
	return strings.TrimSpace(s.f + " " + s.arg)
}

// object is a model whose functions either take a value (asks) or answer one (answers). Its state
// is text.
type object struct {
	name    string
	asks    map[string]string // from the names in histories to those in do
	answers map[string]string
	reads   map[string]bool // those of answers that change nothing
	do      func(s string, o step) (string, bool)
}

func (x object) model() Model[string, step] {
	return Model[string, step]{
		Name:     x.name,
		Parse:    x.parse,
		Step:     x.do,
		ReadOnly: func(o step) bool { return x.reads[o.f] },
		String:   step.String,
	}
}

func (x object) parse(o history.Operation) (s step, skip bool, err error) {
	in := o.Invocation
	if f, is := x.asks[in.F]; is {
		return step{f: f, arg: string(in.Value), known: true}, false, nil
	}
	f, is := x.answers[in.F]
	if !is {
		return s, false, fmt.Errorf("a %s cannot %.40q", x.name, in.F)
	}
	if o.Kind() != history.OK {
		return step{f: f}, x.reads[f], nil
	}
	return step{f: f, arg: string(o.Completion.Value), known: true}, false, nil
}

// Mutex is a checker of locks: acquire (or lock) and release (or unlock), without a notion of who
// holds it, as in Knossos.
func Mutex(b Budget) checker.Checker {
	return New(Model[bool, step]{
		Name: "mutex",
		Parse: func(o history.Operation) (step, bool, error) {
			switch f := o.Invocation.F; f {
			case "acquire", "lock":
				return step{f: "acquire"}, false, nil
			case "release", "unlock":
				return step{f: "release"}, false, nil
			default:
				return step{}, false, fmt.Errorf("a mutex cannot %.40q", f)
			}
		},
		Step: func(held bool, o step) (bool, bool) {
			return !held, held == (o.f == "release")
		},
		Overwrites: true,
	}, b)
}

// KV is a checker of registers of strings: put (or write), append, and get (or read), which answers
// the empty string before the first put.
func KV(b Budget) checker.Checker {
	m := object{
		name:    "key-value store",
		asks:    map[string]string{"put": "put", "write": "put", "append": "append"},
		answers: map[string]string{"get": "get", "read": "get"},
		reads:   map[string]bool{"get": true},
		do: func(s string, o step) (string, bool) {
			switch o.f {
			case "put":
				return unquote(o.arg), true
			case "append":
				return s + unquote(o.arg), true
			}
			return s, s == unquote(o.arg)
		},
	}.model()
	m.narrow = func(ops []Op[step]) func(string, step) (string, bool) {
		return narrowAppends(ops, m.Step)
	}
	return New(m, b)
}

// unquote is the text that a JSON string says; null and nothing say none. Other values stand for
// themselves.
func unquote(v string) string {
	if v == "" || v == string(history.Null) {
		return ""
	}
	var s string
	if history.Value(v).Decode(&s) == nil {
		return s
	}
	return v
}
