package linear

import (
	"fmt"
	"strings"

	"sunder/checker"
)

// opsMax bounds how many operations an anomaly names.
const opsMax = 20

// anomaly says in words what cannot be.
func (l *linear[S, O]) anomaly(key string, c core[O]) checker.Anomaly {
	a := checker.Anomaly{Class: c.class, Key: key}
	guilty := c.guilty
	left := 0
	if len(guilty) > opsMax { // those nearest to the end say most
		left = len(guilty) - opsMax
		guilty = guilty[left:]
	}
	var parts []string
	for _, o := range guilty {
		a.Ops = append(a.Ops, o.Index)
		parts = append(parts, l.say(o))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%q: no order explains these together: %s", key, strings.Join(parts, "; "))
	if left > 0 {
		fmt.Fprintf(&b, " (and %d operations before them)", left)
	}
	for i, e := range c.edges {
		and := ". But"
		if i > 0 {
			and = ", and"
		}
		fmt.Fprintf(&b, "%s %s had completed (event %d) before %s was invoked (event %d)", and,
			l.model.String(e[0].Do), e[0].Return, l.model.String(e[1].Do), e[1].Index)
	}
	a.Words = b.String()
	return a
}

// say is one operation in words.
func (l *linear[S, O]) say(o Op[O]) string {
	if o.Return == Open {
		return fmt.Sprintf("process %d %s (from event %d, no end known)", o.Process,
			l.model.String(o.Do), o.Index)
	}
	return fmt.Sprintf("process %d %s (events %d to %d)", o.Process, l.model.String(o.Do), o.Index,
		o.Return)
}
