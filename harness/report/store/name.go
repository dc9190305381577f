package store

import (
	"strings"

	"sunder/harness/plan"
)

// nameMax keeps a name below every file system's limit, escapes and suffixes included.
const nameMax = 100

// TestName is the name under which runs of p are kept: raft-register-docker, with the planted bug
// where there is one.
func TestName(p plan.Plan) string {
	name := p.System + "-" + p.Workload + "-" + p.Environment
	if p.Bug != "" {
		name += "-" + p.Bug
	}
	if name = clean(name); name == latest {
		return latest + "_"
	}
	return name
}

// clean makes one path element of any text: letters, digits and ._- stay, all else becomes _. It
// never is empty, hidden, or a way up.
func clean(s string) string {
	s = strings.Map(func(c rune) rune {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
			return c
		case c == '.', c == '_', c == '-':
			return c
		}
		return '_'
	}, s)
	s = s[:min(len(s), nameMax)]
	if s == "" || s[0] == '.' {
		s = "_" + strings.TrimPrefix(s, ".")
	}
	return s
}
