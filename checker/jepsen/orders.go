package jepsen

import (
	"fmt"

	"sunder/checker"
	"sunder/harness/history"
)

// LongFork is a checker that all reads agree on the order of writes (Cerone et al., CONCUR 2015,
// parallel snapshot isolation allows that they do not). read answers a list of [r, key, value];
// each key is written once, so a read saw its write or did not. Of two reads of the same keys one
// saw all that the other did.
func LongFork() checker.Checker {
	return check{name: "long-fork", final: true, look: func(h checker.History, r *report) error {
		var reads []snapshot
		err := clients(h, func(o history.Operation) error {
			if o.Invocation.F != "read" && o.Invocation.F != "txn" || o.Kind() != history.OK {
				return nil
			}
			var steps [][]element
			if err := o.Completion.Value.Decode(&steps); err != nil {
				return err
			}
			s := snapshot{at: o.Invocation.Index, saw: make(map[element]bool)}
			for _, m := range steps {
				if len(m) != 3 {
					return fmt.Errorf("read value %.40q: no [r, key, value]", string(o.Completion.Value))
				}
				if m[0] == `"r"` {
					s.saw[m[1]] = m[2] != "null"
				}
			}
			if len(s.saw) > 1 {
				reads = append(reads, s)
			}
			return nil
		})
		for i, a := range reads {
			for _, b := range reads[:i] {
				if x, y, fork := a.forks(b); fork {
					r.tell("long-fork", "", []int{b.at, a.at},
						"one read (event %d) saw key %s and not %s, another (event %d) %s and not %s", a.at, x, y,
						b.at, y, x)
				}
			}
		}
		if r.counts["reads"] = len(reads); len(reads) < 2 {
			r.vacuous = "fewer than two reads succeeded"
		}
		return err
	}}
}

// snapshot is which of some keys one read saw written.
type snapshot struct {
	at  int
	saw map[element]bool
}

// forks finds a key that only a saw and one that only b did.
func (a snapshot) forks(b snapshot) (x, y element, fork bool) {
	for k, saw := range a.saw {
		other, asked := b.saw[k]
		switch {
		case !asked || saw == other:
		case saw && (x == "" || k < x):
			x = k
		case other && (y == "" || k < y):
			y = k
		}
	}
	return x, y, x != "" && y != ""
}

// CausalReverse is a checker that a read that saw a write also saw all writes that had completed
// before that one was invoked (strict serializability; cockroach's comments test). write takes a
// value, read answers a list of all.
func CausalReverse() checker.Checker {
	return check{name: "causal-reverse", final: true, look: func(h checker.History, r *report) error {
		var writes, reads []history.Operation
		calls := make(map[element]int)
		err := clients(h, func(o history.Operation) error {
			switch {
			case o.Invocation.F == "write":
				writes = append(writes, o)
				calls[element(o.Invocation.Value)] = o.Invocation.Index
			case o.Invocation.F == "read" && o.Kind() == history.OK:
				reads = append(reads, o)
			}
			return nil
		})
		for _, o := range reads {
			list, bad := elements(o.Completion.Value)
			if bad != nil {
				return fmt.Errorf("event %d: %w", o.Invocation.Index, bad)
			}
			missing(o, list, writes, calls, r)
		}
		if r.counts["reads"] = len(reads); len(reads) == 0 {
			r.vacuous = "no read succeeded"
		}
		return err
	}}
}

// missing tells writes that a read must have seen because it saw a later one.
func missing(read history.Operation, list []element, writes []history.Operation,
	calls map[element]int, r *report) {
	saw := make(map[element]bool, len(list))
	latest, of := -1, element("")
	for _, e := range list {
		saw[e] = true
		if call, known := calls[e]; known && call > latest {
			latest, of = call, e
		}
	}
	for _, w := range writes {
		if e := element(w.Invocation.Value); w.Kind() == history.OK && w.Completion.Index < latest &&
			!saw[e] {
			r.tell("causal-reverse", "", []int{w.Invocation.Index, latest, read.Invocation.Index},
				"a read (event %d) saw %s and not %s, written (event %d) before %s was begun (event %d)",
				read.Invocation.Index, of, e, w.Completion.Index, of, latest)
		}
	}
}

// Monotonic is a checker that what one process reads of a key never gets smaller. Reads that name
// their node are compared with others that name it.
func Monotonic() checker.Checker {
	return check{name: "monotonic", final: true, look: func(h checker.History, r *report) error {
		type reader struct {
			process   history.Process
			key, node string
		}
		type seen struct {
			n  int64
			at int
		}
		last := make(map[reader]seen)
		err := clients(h, func(o history.Operation) error {
			if o.Invocation.F != "read" || o.Kind() != history.OK || o.Completion.Value == history.Null {
				return nil
			}
			n, err := o.Completion.Value.Int()
			if err != nil {
				return err
			}
			who, at := reader{o.Invocation.Process, o.Invocation.Key, o.Invocation.Node},
				o.Invocation.Index
			if before, has := last[who]; has && n < before.n {
				r.tell("non-monotonic", "", []int{before.at, at},
					"process %d read %d (event %d) and then %d (event %d)",
					who.process, before.n, before.at, n, at)
			}
			last[who] = seen{n, at}
			r.counts["reads"]++
			return nil
		})
		if r.counts["reads"] == 0 {
			r.vacuous = "no read succeeded"
		}
		return err
	}}
}

// G2 is a checker that of the inserts of one key at most one succeeds (Adya's G2: each would have
// seen the other's absence). insert takes [key, ...], or stands under the key.
func G2() checker.Checker {
	return check{name: "g2", final: true, look: func(h checker.History, r *report) error {
		first := make(map[string]int)
		err := clients(h, func(o history.Operation) error {
			if o.Invocation.F != "insert" || o.Kind() != history.OK {
				return nil
			}
			key, at := o.Invocation.Key, o.Invocation.Index
			if key == "" {
				list, err := elements(o.Invocation.Value)
				if err != nil || len(list) == 0 {
					return fmt.Errorf("read value %.40q: no [key, ...]", string(o.Invocation.Value))
				}
				key = string(list[0])
			}
			if before, has := first[key]; has {
				r.tell("G2", key, []int{before, at}, "two inserts for key %s succeeded: events %d and %d",
					key, before, at)
			} else {
				first[key] = at
			}
			r.counts["inserts"]++
			return nil
		})
		if r.counts["inserts"] == 0 {
			r.vacuous = "no insert succeeded"
		}
		return err
	}}
}
