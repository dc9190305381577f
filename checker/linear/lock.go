package linear

import (
	"fmt"

	"sunder/checker"
	"sunder/harness/history"
)

// hold is the state of a lock: who holds it (0: nobody), and the greatest token known.
type hold struct{ owner, token int64 }

// grab is an operation on a lock.
type grab struct {
	f     string // acquire, release or read
	owner int64  // who asks, or what a read answered
	token int64  // that an acquire answered
	knows bool   // token means something
}

func (g grab) String() string {
	switch {
	case g.f == "read" && g.owner == 0:
		return "read free"
	case g.knows:
		return fmt.Sprintf("acquire by %d, answered %d", g.owner, g.token)
	}
	return fmt.Sprintf("%s by %d", g.f, g.owner)
}

// Lock is a checker of locks with fencing tokens: acquire (or lock) takes an owner's number and
// answers a token, release (or unlock) takes the owner, read answers the owner or null. Whoever
// holds the lock may acquire it again. Each new holder's token is greater than all before, so
// that a resource can turn away a holder of the past.
func Lock(b Budget) checker.Checker {
	return New(Model[hold, grab]{
		Name:  "lock",
		Parse: parseGrab,
		Step: func(s hold, g grab) (hold, bool) {
			switch g.f {
			case "read":
				return s, s.owner == g.owner
			case "release":
				return hold{0, s.token}, s.owner == g.owner
			}
			ok := s.owner == 0 || s.owner == g.owner
			if g.knows {
				ok = ok && (g.token > s.token || s.owner != 0 && g.token == s.token)
				s.token = g.token
			}
			return hold{g.owner, s.token}, ok
		},
		ReadOnly: func(g grab) bool { return g.f == "read" },
		String:   grab.String,
	}, b)
}

func parseGrab(o history.Operation) (g grab, skip bool, err error) {
	ok := o.Kind() == history.OK
	switch f := o.Invocation.F; f {
	case "read":
		g.f = "read"
		if !ok {
			return g, true, nil
		}
		g.owner, _, err = intOrNull(o.Completion.Value)
	case "acquire", "lock":
		g.f = "acquire"
		if g.owner, err = o.Invocation.Value.Int(); err == nil && ok {
			g.knows = true
			g.token, err = o.Completion.Value.Int()
		}
	case "release", "unlock":
		g.f = "release"
		g.owner, err = o.Invocation.Value.Int()
	default:
		err = fmt.Errorf("a lock cannot %.40q", f)
	}
	return g, false, err
}
