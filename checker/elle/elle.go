// Package elle judges transactions in the way of Elle (Kingsbury and Alvaro, VLDB 2020): from what
// they read and wrote it infers which came before which, and a cycle in that is an anomaly.
//
// Lists that are appended to say most: a read shows the order of all versions before it. Registers
// say less. Every value is to be written once; otherwise nothing can be inferred.
package elle

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"sunder/checker"
	"sunder/harness/history"
)

// Append is a checker of transactions that append to lists and read them: [append, key, value] and
// [r, key, list]. model is one of Models.
func Append(model string) checker.Checker { return elle{"list-append", model, (*analysis).appends} }

// Register is a checker of transactions on registers: [w, key, value] and [r, key, value].
func Register(model string) checker.Checker {
	return elle{"rw-register", model, (*analysis).registers}
}

type elle struct {
	name, model string
	analyse     func(*analysis)
}

// figures is what a check counts.
type figures struct {
	Transactions int            `json:"transactions"`
	Keys         int            `json:"keys"`
	Arcs         int            `json:"arcs"`
	Found        map[string]int `json:"found,omitempty"` // anomalies by class
	Violated     []string       `json:"violated,omitempty"`
}

func (e elle) Name() string { return e.name }

// Stream implements checker.Streamer: what is yet to come only adds to what came before what.
func (e elle) Stream() checker.Stream { return checker.Again(e) }

func (e elle) Check(_ context.Context, h checker.History) checker.Result {
	r := checker.Result{Name: e.name, Verdict: checker.Unknown}
	if !slices.Contains(Models(), e.model) {
		r.Reason = fmt.Sprintf("no consistency model %.40q", e.model)
		return r
	}
	t, err := Parse(h.Operations)
	if err != nil {
		r.Reason = err.Error()
		return r
	}
	return e.judge(r, t)
}

func (e elle) judge(r checker.Result, t *Txns) checker.Result {
	a, twice := newAnalysis(t)
	if a == nil {
		r.Reason = twice
		return r
	}
	e.analyse(a)
	nodes := a.realtime()
	a.processes()
	g := newGraph(nodes, a.arcs)
	cycles := g.cycles(len(t.All))
	f := figures{Transactions: len(t.All), Keys: len(t.Keys), Arcs: len(a.arcs), Found: a.counts}
	for _, c := range cycles {
		f.Found[c.class]++
	}
	r.Verdict, f.Violated = checker.Valid, violated(f.Found)
	for _, x := range a.anomalies {
		r.Anomalies = append(r.Anomalies, a.plain(x))
	}
	for _, c := range cycles {
		r.Anomalies = append(r.Anomalies, a.cyclic(c))
	}
	r.Anomalies = slices.DeleteFunc(r.Anomalies, func(x checker.Anomaly) bool {
		return !forbids(e.model, x.Class)
	})
	r.Details = f
	if len(r.Anomalies) > 0 {
		r.Verdict, r.Reason = checker.Invalid, r.Anomalies[0].Class+": "+r.Anomalies[0].Words
		r.Pictures = a.draw(cycles)
	} else if !slices.ContainsFunc(t.All, func(x Txn) bool { return x.Kind == history.OK }) {
		r.Verdict, r.Reason = checker.Unknown, "no transaction succeeded"
	}
	return r
}

// realtime draws arcs from each transaction to those invoked after it completed, through one node
// for every completion: the last before an invocation leads there.
func (a *analysis) realtime() (nodes int) {
	type end struct {
		at  int
		txn int32
	}
	var ends []end
	for i := range a.t.All {
		if t := &a.t.All[i]; t.Kind == history.OK {
			ends = append(ends, end{t.Return, int32(i)})
		}
	}
	slices.SortFunc(ends, func(x, y end) int { return x.at - y.at })
	base := int32(len(a.t.All))
	for k, e := range ends {
		a.arcs = append(a.arcs, arc{e.txn, base + int32(k), realtime})
		if k > 0 {
			a.arcs = append(a.arcs, arc{base + int32(k) - 1, base + int32(k), realtime})
		}
	}
	k := 0
	for i := range a.t.All { // in order of invocation
		for k < len(ends) && ends[k].at < a.t.All[i].Call {
			k++
		}
		if k > 0 && a.t.All[i].Kind != history.Fail {
			a.arcs = append(a.arcs, arc{base + int32(k) - 1, int32(i), realtime})
		}
	}
	return len(a.t.All) + len(ends)
}

// processes draws arcs from each transaction to the next of its process.
func (a *analysis) processes() {
	last := make(map[history.Process]int32)
	for i := range a.t.All {
		t := &a.t.All[i]
		if t.Kind == history.Fail {
			continue
		}
		if before, is := last[t.Process]; is {
			a.arcs = append(a.arcs, arc{before, int32(i), process})
		}
		last[t.Process] = int32(i)
	}
}

// plain is an anomaly that is no cycle.
func (a *analysis) plain(x anomaly) checker.Anomaly {
	out := checker.Anomaly{Class: x.class, Key: a.t.Keys[x.key], Words: x.words}
	for _, i := range x.txns {
		out.Ops = append(out.Ops, a.t.All[i].Index)
	}
	var b strings.Builder
	b.WriteString(x.words)
	for _, i := range x.txns {
		fmt.Fprintf(&b, "; %s", a.t.txn(i))
	}
	out.Words = b.String()
	return out
}
