package elle

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"sunder/checker"
	"sunder/harness/history"
)

// txns makes a history of transactions that run one after the other, each on a process of its own,
// unless a line begins with "open", "fail", or "with" (invoked together with the one before).
func txns(t *testing.T, lines ...string) checker.History {
	t.Helper()
	var events []history.Event
	add := func(p int, k history.Kind, v string) {
		events = append(events, history.Event{Index: len(events), Process: history.Process(p), Kind: k,
			F: "txn", Value: history.Value(v)})
	}
	for i, l := range lines {
		kind := history.OK
		word, rest, _ := strings.Cut(l, " ")
		switch word {
		case "open":
			kind = history.Info
		case "fail":
			kind = history.Fail
		case "with":
			last := events[len(events)-1]
			events = events[:len(events)-1]
			add(i, history.Invoke, rest)
			last.Index = len(events)
			events = append(events, last)
			add(i, history.OK, rest)
			continue
		default:
			rest = l
		}
		add(i, history.Invoke, rest)
		add(i, kind, rest)
	}
	h, err := checker.NewHistory(events)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestAnomalies(t *testing.T) {
	a := func(s string) string { return strings.ReplaceAll(s, "'", `"`) }
	for _, c := range []struct {
		name     string
		register bool
		lines    []string
		want     string // the classes, or unknown
	}{
		{"legal", false, []string{"[['append','x',1]]", "[['r','x',[1]],['append','x',2]]",
			"[['r','x',[1,2]]]"}, ""},
		{"a failed write read", false, []string{"fail [['append','x',1]]", "[['r','x',[1]]]"}, "G1a"},
		{"half a transaction read", false, []string{"[['append','x',1],['append','x',2]]",
			"[['r','x',[1]]]",
			"[['r','x',[1,2]]]"}, "G1b G-single"},
		{"out of nowhere", false, []string{"[['r','x',[9]]]"}, "phantom-read"},
		{"two orders", false, []string{"[['append','x',1]]", "[['append','x',2]]", "[['r','x',[1,2]]]",
			"[['r','x',[2]]]"}, "incompatible-order"},
		{"twice in the list", false, []string{"[['append','x',1]]", "[['r','x',[1,1]]]"},
			"duplicate-elements"},
		{"blind to itself", false, []string{"[['append','x',1],['r','x',[]]]"}, "internal"},
		{"an append lost", false, []string{"[['append','x',1]]", "[['r','x',[]]]"}, "G-single-realtime"},
		{"a lost update", false, []string{"[['r','x',[]],['append','x',1]]",
			"with [['r','x',[]],['append','x',2]]", "[['r','x',[1,2]]]"}, "G-single"},
		{"write skew", false, []string{"[['r','x',[]],['append','y',1]]",
			"with [['r','y',[]],['append','x',1]]", "[['r','x',[1]],['r','y',[1]]]"}, "G2-item"},
		{"information in a circle", false, []string{"[['append','x',1],['r','y',[1]]]",
			"with [['append','y',1],['r','x',[1]]]"}, "G1c"},
		{"writes in a circle", false, []string{"[['append','x',1],['append','y',2]]",
			"with [['append','x',2],['append','y',1]]", "[['r','x',[1,2]],['r','y',[1,2]]]"}, "G0"},
		{"a value written twice", false, []string{"[['append','x',1]]", "[['append','x',1]]"}, "unknown"},
		{"no transaction", false, []string{"[['pop','x',1]]"}, "unknown"},
		{"nothing succeeded", false, []string{"open [['append','x',1]]"}, "unknown"},
		{"registers", true, []string{"[['w','x',1]]", "[['r','x',1],['w','x',2]]", "[['r','x',2]]"}, ""},
		{"a failed write read from a register", true, []string{"fail [['w','x',1]]", "[['r','x',1]]"},
			"G1a"},
		{"a register is blind to itself", true, []string{"[['w','x',1],['r','x',null]]"}, "internal"},
		{"a stale register", true, []string{"[['w','x',1]]", "[['r','x',null]]"}, "G-single-realtime"},
		{"skew of registers", true, []string{"[['r','x',null],['w','y',1]]",
			"with [['r','y',null],['w','x',1]]"},
			"G2-item"},
	} {
		lines := make([]string, len(c.lines))
		for i, l := range c.lines {
			lines[i] = a(l)
		}
		check := Append("strict-serializable")
		if c.register {
			check = Register("strict-serializable")
		}
		r := check.Check(context.Background(), txns(t, lines...))
		var classes []string
		for _, x := range r.Anomalies {
			classes = append(classes, x.Class)
		}
		got := strings.Join(classes, " ")
		if r.Verdict == checker.Unknown {
			got = "unknown"
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q: %s", c.name, got, c.want, r.Reason)
		}
	}
}

func TestModelsForbidMoreAndMore(t *testing.T) {
	for _, c := range []struct{ class, weakest string }{
		{"G0", "read-uncommitted"}, {"G1a", "read-committed"}, {"G1c", "read-committed"},
		{"internal", "read-atomic"}, {"G-single", "snapshot-isolation"}, {"G2-item", "repeatable-read"},
		{"G0-process", "strong-session-serializable"}, {"G-single-realtime", "strict-serializable"},
	} {
		v := violated(map[string]int{c.class: 1})
		if len(v) == 0 || v[0] != c.weakest || v[len(v)-1] != "strict-serializable" {
			t.Errorf("%s violates %v, want from %s on", c.class, v, c.weakest)
		}
	}
	if forbids("snapshot-isolation", "G2-item") {
		t.Error("snapshot isolation forbids write skew")
	}
}

func FuzzParse(f *testing.F) {
	f.Add(`[["append","x",1],["r",5,[1,2]],["r","y",null]]`)
	f.Fuzz(func(t *testing.T, text string) {
		inv := history.Event{Kind: history.Invoke, F: "txn", Value: history.Value(text)}
		ok := inv
		ok.Kind, ok.Index = history.OK, 1
		parsed, err := Parse([]history.Operation{{Invocation: &inv, Completion: &ok}})
		if err != nil {
			return
		}
		_ = fmt.Sprint(parsed.txn(0))
		h := checker.History{Operations: []history.Operation{{Invocation: &inv, Completion: &ok}}}
		Append("serializable").Check(context.Background(), h)
		Register("serializable").Check(context.Background(), h)
	})
}
