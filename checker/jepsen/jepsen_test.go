package jepsen

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"sunder/checker"
	"sunder/harness/history"
)

// script makes a history of lines "process kind function value [key [node]]"; a key of - is none.
func script(t *testing.T, lines string) checker.History {
	t.Helper()
	var events []history.Event
	for _, l := range strings.Split(strings.TrimSpace(lines), "\n") {
		e := history.Event{Index: len(events), Time: time.Duration(len(events)) * time.Second}
		var kind string
		if n, err := fmt.Sscan(l, &e.Process, &kind, &e.F, &e.Value, &e.Key, &e.Node); n < 4 {
			t.Fatalf("%q: %v", l, err)
		}
		e.Key = strings.TrimPrefix(e.Key, "-")
		for k := history.Invoke; k <= history.Info; k++ {
			if k.String() == kind {
				e.Kind = k
			}
		}
		events = append(events, e)
	}
	h, err := checker.NewHistory(events)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// done is an operation with nothing else at the time.
func done(f, ask, answer string) string {
	return fmt.Sprintf("0 invoke %s %s\n0 ok %s %s\n", f, ask, f, answer)
}

func ended(process int, kind, f, ask string) string {
	return fmt.Sprintf("%d invoke %s %s\n%d %s %s %s\n", process, f, ask, process, kind, f, ask)
}

func TestCheckers(t *testing.T) {
	read := func(list string) string { return done("read", "null", list) }
	add := func(e string) string { return done("add", e, e) }
	in := func(e string) string { return done("enqueue", e, e) }
	out := func(e string) string { return done("dequeue", "null", e) }
	for _, c := range []struct {
		checker checker.Checker
		name    string
		lines   string
		want    string // verdict, or the class of the first anomaly
	}{
		{Set(), "all there", add("1") + add("2") + read("[2,1]"), "valid"},
		{Set(), "lost", add("1") + add("2") + read("[2]"), "lost"},
		{Set(), "out of nowhere", add("1") + read("[1,7]"), "unexpected"},
		{Set(), "twice", add("1") + read("[1,1]"), "duplicate"},
		{Set(), "of a failed add", add("2") + ended(1, "fail", "add", "1") + read("[1,2]"), "unexpected"},
		{Set(), "recovered", add("2") + ended(1, "info", "add", "1") + read("[1,2]"), "valid"},
		{Set(), "added after the read", read("[]") + add("1"), "valid"},
		{Set(), "never read", add("1"), "unknown"},
		{Set(), "with a removal", add("1") + done("remove", "1", "1") + read("[]"), "unknown"},
		{SetFull(true), "with a removal", add("1") + done("remove", "1", "1") + read("[1]"), "unknown"},
		{Set(), "lost on another key", add("1 a") + done("read", "null a", "[1] a") +
			add("2 b") + done("read", "null b", "[] b"), "lost"},
		{Set(), "an element on two keys", add("1 a") + done("read", "null a", "[1] a") +
			add("1 b") + done("read", "null b", "[1] b"), "valid"},
		{Set(), "one key is read", add("1 a") + add("1 b") + done("read", "null b", "[1] b"), "valid"},
		{Set(), "lost on the first node", add("1") + done("read", "null - n1", "[] - n1") +
			done("read", "null - n2", "[1] - n2"), "lost"},
		{Set(), "an early read without a node", read("[]") + add("1") +
			done("read", "null - n1", "[1] - n1"), "valid"},
		{SetFull(true), "stable", add("1") + read("[1]"), "valid"},
		{SetFull(true), "lost", add("1") + read("[1]") + read("[]"), "lost"},
		{SetFull(true), "stale", add("1") + read("[]") + read("[1]"), "stale"},
		{SetFull(false), "late", add("1") + read("[]") + read("[1]"), "valid"},
		{SetFull(false), "twice", add("1") + read("[1,1]"), "duplicate"},
		{SetFull(false), "out of nowhere", add("1") + read("[1,2]"), "unexpected"},
		{SetFull(false), "of a failed add", add("2") + ended(1, "fail", "add", "1") + read("[1,2]"),
			"unexpected"},
		{SetFull(true), "failed, then added again", ended(1, "fail", "add", "1") + add("1") + read("[1]"),
			"valid"},
		{SetFull(false), "never read", add("1"), "unknown"},
		{SetFull(true), "open add seen, then not",
			ended(1, "info", "add", "1") + read("[1]") + read("[]"), "lost"},
		{Queue(), "in and out", in("1") + out("1"), "valid"},
		{Queue(), "out before in", out("1") + in("1"), "unexpected"},
		{Queue(), "out twice", in("1") + out("1") + out("1"), "unexpected"},
		{Queue(), "in twice, out twice", in("1") + in("1") + out("1") + out("1"), "valid"},
		{Queue(), "of a failed enqueue", ended(1, "fail", "enqueue", "1") + out("1"), "unexpected"},
		{Queue(), "empty", in("1"), "unknown"},
		{TotalQueue(), "drained", in("1") + in("2") + done("drain", "null", "[1,2]"), "valid"},
		{TotalQueue(), "lost", in("1") + in("2") + out("2") + done("drain", "null", "[]"), "lost"},
		{TotalQueue(), "lost, and seen empty", in("1") + in("2") + out("2") + out("null"), "lost"},
		{TotalQueue(), "left", in("1") + out("1") + in("2") + out("null") + in("3"), "lost"},
		{TotalQueue(), "enqueued after it was empty", in("1") + out("1") + out("null") + in("2"), "valid"},
		{TotalQueue(), "not drained", in("1") + in("2") + out("2"), "unknown"},
		{TotalQueue(), "perhaps taken",
			in("1") + in("2") + ended(1, "info", "dequeue", "null") + out("2") + out("null"), "valid"},
		{TotalQueue(), "one perhaps taken, two missing", in("1") + in("2") + in("3") +
			ended(1, "info", "dequeue", "null") + out("3") + out("null"), "lost"},
		{TotalQueue(), "out twice", in("1") + out("1") + out("1"), "duplicated"},
		{TotalQueue(), "out of nowhere", in("1") + out("1") + out("2"), "unexpected"},
		{TotalQueue(), "recovered", ended(1, "info", "enqueue", "1") + out("1"), "valid"},
		{TotalQueue(), "drain without end",
			in("1") + out("1") + ended(1, "info", "drain", "null"), "unknown"},
		{UniqueIDs(), "unique", done("generate", "null", "1") + done("generate", "null", "2"), "valid"},
		{UniqueIDs(), "twice", done("generate", "null", "1") + done("generate", "null", "1"),
			"duplicate"},
		{UniqueIDs(), "none", ended(1, "info", "generate", "null"), "unknown"},
		{Counter(), "exact", add("2") + add("3") + read("5"), "valid"},
		{Counter(), "too little", add("2") + add("3") + read("4"), "out-of-bounds"},
		{Counter(), "too much", add("2") + read("3"), "out-of-bounds"},
		{Counter(), "perhaps", ended(1, "info", "add", "2") + read("2") + read("0"), "valid"},
		{Counter(), "failed", ended(1, "fail", "add", "2") + read("2"), "out-of-bounds"},
		{Counter(), "down", add("5") + ended(1, "info", "add", "-3") + read("2"), "valid"},
		{Counter(), "too far down", add("5") + add("-3") + read("5"), "out-of-bounds"},
		{Counter(), "never read", add("1"), "unknown"},
		{Counter(), "two counters", add("2 a") + add("3 b") + done("read", "null a", "2 a") +
			done("read", "null b", "3 b"), "valid"},
		{Counter(), "the other's sum", add("2 a") + add("3 b") + done("read", "null a", "2 a") +
			done("read", "null b", "5 b"), "out-of-bounds"},
		{Bank(10, false), "kept", read(`{"a":4,"b":6}`) + read(`{"a":10,"b":0}`), "valid"},
		{Bank(10, false), "lost money", read(`{"a":4,"b":5}`), "wrong-total"},
		{Bank(0, false), "of the first read", read(`{"a":4,"b":5}`) + read(`{"a":9,"b":1}`),
			"wrong-total"},
		{Bank(10, false), "debt", read(`{"a":-1,"b":11}`), "negative-balance"},
		{Bank(10, true), "allowed debt", read(`{"a":-1,"b":11}`), "valid"},
		{Bank(10, false), "no balance", read(`{"a":null,"b":10}`), "null-balance"},
		{Bank(10, false), "an account more", read(`{"a":10}`) + read(`{"a":5,"b":5}`), "wrong-accounts"},
		{Bank(10, false), "open at last", read(`null`) + read(`{"a":4,"b":6}`), "valid"},
		{Bank(10, false), "closed again", read(`{"a":4,"b":6}`) + read(`null`), "wrong-accounts"},
		{Bank(10, false), "never open", read(`null`), "unknown"},
		{Bank(10, false), "no object", read(`7`), "unknown"},
		{LongFork(), "one order", read(`[["r",0,1],["r",1,null]]`) + read(`[["r",1,1],["r",0,1]]`),
			"valid"},
		{LongFork(), "two orders", read(`[["r",0,1],["r",1,null]]`) + read(`[["r",1,1],["r",0,null]]`),
			"long-fork"},
		{LongFork(), "one read", read(`[["r",0,1],["r",1,null]]`), "unknown"},
		{CausalReverse(), "in order", done("write", "1", "1") + done("write", "2", "2") + read("[1]"),
			"valid"},
		{CausalReverse(), "reversed", done("write", "1", "1") + done("write", "2", "2") + read("[2]"),
			"causal-reverse"},
		{CausalReverse(), "concurrent",
			"0 invoke write 1\n1 invoke write 2\n0 ok write 1\n1 ok write 2\n" + read("[2]"), "valid"},
		{Monotonic(), "up", read("1") + read("2"), "valid"},
		{Monotonic(), "down", read("2") + read("1"), "non-monotonic"},
		{Monotonic(), "down on another node", done("read", "null - n1", "2 - n1") +
			done("read", "null - n2", "1 - n2"), "valid"},
		{Monotonic(), "down on one node", done("read", "null - n1", "2 - n1") +
			done("read", "null - n2", "1 - n2") + done("read", "null - n1", "1 - n1"), "non-monotonic"},
		{G2(), "one", done("insert", "[1,[1,null]]", "[1,[1,null]]") + ended(1, "fail", "insert",
			"[1,[null,2]]"),
			"valid"},
		{G2(), "both", done("insert", "[1,[1,null]]", "1") + done("insert", "[1,[null,2]]", "1"), "G2"},
	} {
		r := c.checker.Check(context.Background(), script(t, c.lines))
		got := r.Verdict.String()
		if len(r.Anomalies) > 0 {
			got = r.Anomalies[0].Class
		}
		if got != c.want || (r.Verdict == checker.Invalid) != (len(r.Anomalies) > 0) {
			t.Errorf("%s, %s: %s, want %s: %s", r.Name, c.name, got, c.want, r.Reason)
		}
	}
}

// FuzzElements holds the short way of reading an array against encoding/json.
func FuzzElements(f *testing.F) {
	for _, seed := range []string{"[1,20,300]", "[0]", "[10,0]", "[]", "[1,]", "[,1]", "[1,,2]", "[01]", "[1 ]",
		"[-1]", "[1.5]", "1]", "[1", "[\"a\",[2]]", "null", "[1,2]]"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		list, plain := naturals(text)
		if !plain {
			return
		}
		var want []element
		if err := history.Value(text).Decode(&want); err != nil || !slices.Equal(list, want) {
			t.Errorf("%q is read as %v, JSON says %v, %v", text, list, want, err)
		}
	})
}
