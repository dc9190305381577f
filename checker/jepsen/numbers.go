package jepsen

import (
	"sunder/checker"
	"sunder/harness/history"
)

// UniqueIDs is a checker that generate never answers the same value twice.
func UniqueIDs() checker.Checker {
	return check{name: "unique-ids", final: true, look: func(h checker.History, r *report) error {
		first := make(map[element]int)
		err := clients(h, func(o history.Operation) error {
			if o.Invocation.F != "generate" || o.Kind() != history.OK {
				return nil
			}
			v, at := element(o.Completion.Value), o.Invocation.Index
			if before, seen := first[v]; seen {
				r.tell("duplicate", string(v), []int{before, at}, "%s was generated twice: events %d and %d",
					v, before, at)
			} else {
				first[v] = at
			}
			r.counts["generated"]++
			return nil
		})
		if r.counts["generated"] == 0 {
			r.vacuous = "nothing was generated"
		}
		return err
	}}
}

// Counter is a checker of bounds on a counter from 0 that is only added to: a read answers at least
// what had been acknowledged before it was invoked, and at most what had been attempted when it
// completed. That is necessary, not sufficient (linear.Counter is both). Negative adds widen both
// bounds.
func Counter() checker.Checker {
	return check{name: "counter", final: true, each: true, look: func(h checker.History,
		r *report) error {
		kind := make(map[int]history.Kind)
		lower := make(map[history.Process]int64)
		for _, o := range h.Operations {
			kind[o.Invocation.Index] = o.Kind()
		}
		var b bounds
		for i := range h.Events {
			e := &h.Events[i]
			if e.Process == history.Nemesis {
				continue
			}
			switch {
			case e.F == "add" && (e.Kind == history.Invoke && kind[e.Index] != history.Fail ||
				e.Kind == history.OK):
				n, err := e.Value.Int()
				if err != nil {
					return err
				}
				b.add(n, e.Kind)
			case e.F == "read" && e.Kind == history.Invoke:
				lower[e.Process] = b.low
			case e.F == "read" && e.Kind == history.OK:
				n, err := e.Value.Int()
				if err != nil {
					return err
				}
				r.counts["reads"]++
				if n < lower[e.Process] || n > b.high {
					r.tell("out-of-bounds", "", []int{e.Index},
						"a read answered %d (event %d), but the sum was at least %d and at most %d",
						n, e.Index, lower[e.Process], b.high)
				}
			}
		}
		if r.counts["reads"] == 0 {
			r.vacuous = "no read succeeded"
		}
		return nil
	}}
}

// bounds are the least and the greatest sum there can be.
type bounds struct{ low, high int64 }

func (b *bounds) add(n int64, k history.Kind) {
	if (n >= 0) == (k == history.OK) {
		b.low += n
	} else {
		b.high += n
	}
}

// Bank is a checker of transfers between accounts: a read answers an object from account to
// balance, the same accounts with the same total each time, and nothing negative unless that is
// allowed. A total of 0 stands for that of the first read.
func Bank(total int64, negative bool) checker.Checker {
	return check{name: "bank", final: true, each: true, look: func(h checker.History,
		r *report) error {
		var accounts map[string]*int64
		seen := 0 // the event from which on it is known that they are open
		err := clients(h, func(o history.Operation) error {
			if o.Invocation.F != "read" || o.Kind() != history.OK {
				return nil
			}
			var read map[string]*int64
			if err := o.Completion.Value.Decode(&read); err != nil {
				return err
			}
			r.counts["reads"]++
			if read == nil { // a bank that is not open yet
				if ops := []int{o.Invocation.Index}; accounts != nil && ops[0] > seen {
					r.tell("wrong-accounts", "", ops, "a read (event %d) has no accounts, others have %d",
						ops[0], len(accounts))
				}
				return nil
			}
			sum := r.balances(o.Invocation.Index, read, negative)
			if accounts == nil {
				accounts, seen = read, o.Completion.Index
				if total == 0 {
					total = sum
				}
			}
			ops := []int{o.Invocation.Index}
			if len(read) != len(accounts) {
				r.tell("wrong-accounts", "", ops, "a read (event %d) has %d accounts, others have %d", ops[0],
					len(read), len(accounts))
			}
			for name := range read {
				if _, known := accounts[name]; !known {
					r.tell("wrong-accounts", "", ops,
						"a read (event %d) has an account %.40q that others have not", ops[0], name)
					break
				}
			}
			if sum != total {
				r.tell("wrong-total", "", ops, "a read (event %d) sums up to %d, not %d", ops[0], sum, total)
			}
			return nil
		})
		if accounts == nil {
			r.vacuous = "no read saw accounts"
		}
		return err
	}}
}

// balances is the sum of a read, and tells what is wrong with single accounts.
func (r *report) balances(at int, read map[string]*int64, negative bool) (sum int64) {
	nulls, below := 0, 0
	for _, n := range read {
		if n == nil {
			nulls++
			continue
		}
		sum += *n
		if *n < 0 {
			below++
		}
	}
	if nulls > 0 {
		r.tell("null-balance", "", []int{at}, "a read (event %d) has %d accounts without a balance", at,
			nulls)
	}
	if below > 0 && !negative {
		r.tell("negative-balance", "", []int{at}, "a read (event %d) has %d accounts below zero", at,
			below)
	}
	return sum
}
