package spacetime

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"sunder/harness/history"
)

// reason is why what o was told is impossible, as a clause; empty where two or three operations do
// not show it. It claims nothing that the order of the operations does not prove.
func (t *teller) reason(o Operation) string {
	if o.Kind != history.OK || !t.register(o.Key) {
		return ""
	}
	switch o.F {
	case "read":
		return t.stale(o)
	case "cas":
		return t.twice(o)
	}
	return ""
}

// register says whether a key is a register to which each value is written at most once.
func (t *teller) register(key string) bool {
	times := map[history.Value]int{}
	for _, o := range t.run.Operations {
		if o.Key != key {
			continue
		}
		if o.F != "read" && written(o) == "" {
			return false
		}
		if times[written(o)]++; o.F != "read" && times[written(o)] > 1 {
			return false
		}
	}
	return true
}

// stale is why a read could not see what it saw.
func (t *teller) stale(read Operation) string {
	saw := read.Answer
	if saw != history.Null {
		i := slices.IndexFunc(t.run.Operations, func(o Operation) bool {
			return o.Key == read.Key && written(o) == saw
		})
		if i < 0 {
			return "which nobody wrote"
		}
		if o := t.run.Operations[i]; o.Kind == history.Fail {
			return fmt.Sprintf("although process %d, which was to write that, was told that it failed",
				o.Process)
		}
	}
	placed, known := t.placed(read)
	var by *Operation // the last that shows something newer, a guilty one if there is one
	for i, o := range t.run.Operations {
		if known && o.Key == read.Key && o.Kind == history.OK && o.precedes(read) &&
			t.newer(o, saw, placed) &&
			(by == nil || o.Guilty && !by.Guilty || o.Guilty == by.Guilty && o.End > by.End) {
			by = &t.run.Operations[i]
		}
	}
	if by == nil {
		return ""
	}
	before := ago(read.Start - by.End)
	if by.F == "read" {
		return fmt.Sprintf("although process %d had seen %s, which is newer, %s", by.Process,
			told(*by), before)
	}
	return fmt.Sprintf("although process %d had written %s over it %s", by.Process,
		written(*by), before)
}

// placed is the operation by whose end what a read saw is first known to have been the register's
// value: it wrote it, or saw it. Nil is before all: the register was new.
func (t *teller) placed(read Operation) (by *Operation, known bool) {
	if read.Answer == history.Null {
		return nil, true
	}
	for i, o := range t.run.Operations {
		old, _ := pair(o.Value)
		shows := written(o) == read.Answer || o.F == "cas" && old == read.Answer ||
			o.F == "read" && o.Answer == read.Answer
		if shows && o.Kind == history.OK && o.Key == read.Key && o != read &&
			(by == nil || o.End < by.End) {
			by = &t.run.Operations[i]
		}
	}
	return by, by != nil
}

// newer says whether o, which is ok, wrote or saw a value that was written after placed had ended.
func (t *teller) newer(o Operation, saw history.Value, placed *Operation) bool {
	after := func(w Operation) bool { return placed == nil || placed.precedes(w) }
	if o.F != "read" {
		return written(o) != "" && written(o) != saw && after(o)
	}
	return slices.ContainsFunc(t.run.Operations, func(w Operation) bool {
		return w.Key == o.Key && written(w) == o.Answer && o.Answer != saw && after(w)
	})
}

// twice is why a compare-and-set could not succeed: another had replaced the same value.
func (t *teller) twice(cas Operation) string {
	old, _ := pair(cas.Value)
	for _, o := range t.kept.Operations {
		before, _ := pair(o.Value)
		if o.Guilty && o.F == "cas" && o.Kind == history.OK && o.Key == cas.Key && before == old &&
			o.Value != cas.Value && o.Start <= cas.Start {
			return fmt.Sprintf("although process %d had replaced %s already", o.Process, old)
		}
	}
	return ""
}

// sorted are the names in a set, in order.
func sorted(set map[string]bool) []string { return slices.Sorted(maps.Keys(set)) }

// ago is how long before; of less than a glance there is no telling.
func ago(d time.Duration) string {
	if d < 50*time.Microsecond {
		return "just before"
	}
	return short(d) + " before"
}
