package linear

import (
	"fmt"
	"strings"

	"sunder/checker"
	"sunder/checker/collection"
	"sunder/checker/zone"
)

// opsMax bounds how many operations an anomaly names.
const opsMax = 20

// classWords say what each class of anomaly means.
var classWords = map[string]string{
	"not-linearizable": "no order of these operations explains what they answered, " +
		"whatever others did in their time",
	zone.Phantom.String():    "a value was seen that nobody wrote",
	zone.LostUpdate.String(): "two updates replaced the same value",
	zone.Cycle.String():      "updates replaced each other's values in a circle",
	zone.Future.String():     "a value was seen before it was written",
	zone.Stale.String():      "a value was seen again after another had replaced it",
	collection.Phantom:       "a value came out that had not gone in",
	collection.Duplicate:     "a value came out twice",
	collection.Reordered:     "what came out was not what had to come out first",
	collection.FalseEmpty:    "it was found empty, and at no time can it have been",
	collection.Disagree:      "of two reads each misses what the other has",
	collection.Missing:       "an element is not there that was there before",
}

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
	fmt.Fprintf(&b, "key %q: %s: %s", short(key), classWords[c.class], strings.Join(parts, "; "))
	if left > 0 {
		fmt.Fprintf(&b, " (and %d operations before them)", left)
	}
	for i, e := range c.edges {
		and := "; but"
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
