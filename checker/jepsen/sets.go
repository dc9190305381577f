package jepsen

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"sunder/checker"
	"sunder/harness/history"
)

// Set is a checker of sets that are read at the end: add takes an element, the last ok read answers
// a list of all; where reads name their nodes, the last of each node does. What was acknowledged is
// there; what is there was attempted; nothing is there twice. A recovered element was added by an
// operation of unknown outcome.
func Set() checker.Checker {
	return check{name: "set", each: true, look: func(h checker.History, r *report) error {
		added := make(map[element]history.Operation)
		last := make(map[string]history.Operation) // by node
		err := clients(h, func(o history.Operation) error {
			switch {
			case o.Invocation.F == "add":
				added[element(o.Invocation.Value)] = o
				r.counts["attempted"]++
			case o.Invocation.F == "read" && o.Kind() == history.OK:
				last[o.Invocation.Node] = o
			case o.Invocation.F != "read":
				return grows(o)
			}
			return nil
		})
		if err != nil {
			return err
		}
		if len(last) == 0 {
			r.vacuous = "no read succeeded"
		}
		if len(last) > 1 {
			delete(last, "")
		}
		recovered := make(map[element]bool)
		for _, node := range slices.Sorted(maps.Keys(last)) {
			if err := finalRead(last[node], added, recovered, r); err != nil {
				return err
			}
		}
		r.counts["recovered"] += len(recovered)
		return nil
	}}
}

// grows says that an operation is none of a set that only grows.
func grows(o history.Operation) error {
	return fmt.Errorf("a set that only grows cannot %.40q: linear-set knows remove", o.Invocation.F)
}

// finalRead compares a last read with what was added.
func finalRead(read history.Operation, added map[element]history.Operation,
	recovered map[element]bool, r *report) error {
	list, err := elements(read.Completion.Value)
	if err != nil {
		return err
	}
	at := read.Invocation.Index
	present := make(map[element]int)
	for _, e := range list {
		present[e]++
		o, attempted := added[e]
		switch {
		case present[e] == 2:
			r.tell("duplicate", string(e), []int{at}, "the final read (event %d) holds %s twice", at, e)
		case !attempted:
			r.tell("unexpected", string(e), []int{at},
				"the final read (event %d) holds %s, which nobody added", at, e)
		case o.Kind() == history.Fail:
			r.tell("unexpected", string(e), []int{o.Invocation.Index, at},
				"the final read (event %d) holds %s, whose add (event %d) failed", at, e, o.Invocation.Index)
		case o.Kind() == history.Info:
			recovered[e] = true
		}
	}
	for _, o := range inOrder(added) {
		e := element(o.Invocation.Value)
		if o.Kind() == history.OK && present[e] == 0 && o.Completion.Index < at {
			r.tell("lost", string(e), []int{o.Invocation.Index, at},
				"%s was added (event %d) and is not in the final read (event %d)", e, o.Invocation.Index, at)
		}
	}
	return nil
}

func inOrder(added map[element]history.Operation) []history.Operation {
	var out []history.Operation
	for _, o := range added {
		out = append(out, o)
	}
	slices.SortFunc(out, func(a,
		b history.Operation) int {
		return a.Invocation.Index - b.Invocation.Index
	})
	return out
}

// fate is what reads say of one element.
type fate struct {
	add                     history.Operation
	known                   *history.Event // the first proof that it is in the set
	lastPresent, lastAbsent *history.Event // the latest invocations of reads with it, and without
}

// SetFull is a checker of sets that are read all the time: an element that is known to be there,
// because its add was acknowledged or a read showed it, must not be missing from the last read
// that says anything. With linearizable it must not be missing from any later read.
func SetFull(linearizable bool) checker.Checker {
	return check{name: "set-full", final: linearizable, each: true, look: func(h checker.History,
		r *report) error {
		fates := make(map[element]*fate)
		var order []element
		var reads []history.Operation
		err := clients(h, func(o history.Operation) error {
			switch e := element(o.Invocation.Value); {
			case o.Invocation.F == "add" && (fates[e] == nil || fates[e].add.Kind() == history.Fail):
				if fates[e] == nil {
					order = append(order, e)
				}
				f := &fate{add: o}
				if o.Kind() == history.OK {
					f.known = o.Completion
				}
				fates[e] = f
			case o.Invocation.F == "read" && o.Kind() == history.OK:
				reads = append(reads, o)
			case o.Invocation.F != "read" && o.Invocation.F != "add":
				return grows(o)
			}
			return nil
		})
		if err != nil {
			return err
		}
		for _, o := range reads {
			if err := observe(o, fates, order, r); err != nil {
				return fmt.Errorf("event %d: %w", o.Invocation.Index, err)
			}
		}
		sentence(fates, order, linearizable, r)
		return nil
	}}
}

// observe takes one read into account.
func observe(o history.Operation, fates map[element]*fate, order []element, r *report) error {
	list, err := elements(o.Completion.Value)
	if err != nil {
		return err
	}
	at := o.Invocation.Index
	present := make(map[element]int, len(list))
	for _, e := range list {
		if present[e]++; present[e] == 2 {
			r.tell("duplicate", string(e), []int{at}, "a read (event %d) holds %s twice", at, e)
		}
		f := fates[e]
		if f == nil {
			r.tell("unexpected", string(e), []int{at}, "a read (event %d) holds %s, which nobody added",
				at, e)
			continue
		}
		if f.add.Kind() == history.Fail {
			r.tell("unexpected", string(e), []int{f.add.Invocation.Index, at},
				"a read (event %d) holds %s, whose add (event %d) failed", at, e, f.add.Invocation.Index)
		}
		if f.known == nil || o.Completion.Index < f.known.Index {
			f.known = o.Completion
		}
	}
	for _, e := range order {
		f := fates[e]
		last := &f.lastAbsent
		if present[e] > 0 {
			last = &f.lastPresent
		}
		if *last == nil || (*last).Index < at {
			*last = o.Invocation
		}
	}
	return nil
}

// sentence says of each element whether it is stable, lost, stale or was never read.
func sentence(fates map[element]*fate, order []element, linearizable bool, r *report) {
	index := func(e *history.Event) int {
		if e == nil {
			return -1
		}
		return e.Index
	}
	for _, e := range order {
		f := fates[e]
		present, absent := index(f.lastPresent), index(f.lastAbsent)
		ops := []int{f.add.Invocation.Index, absent}
		switch {
		case f.known != nil && present < absent && f.known.Index < absent:
			r.tell("lost", string(e), ops,
				"%s was known to be there (event %d), and a read (event %d) misses it for good",
				e, f.known.Index, absent)
		case present <= absent:
			r.counts["never-read"]++
		default:
			r.counts["stable"]++
			if f.known == nil || f.lastAbsent == nil || f.lastAbsent.Index < f.known.Index {
				continue
			}
			r.counts["stale"]++
			if linearizable {
				r.counts["stale"]--
				r.tell("stale", string(e), ops,
					"%s was known to be there (event %d), and a read (event %d) missed it %v later",
					e, f.known.Index, absent, (f.lastAbsent.Time - f.known.Time).Round(time.Millisecond))
			}
		}
	}
	if r.counts["stable"] == 0 {
		r.vacuous = "no element was read for good"
	}
}
