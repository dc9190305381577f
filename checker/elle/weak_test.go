package elle

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"sunder/checker"
	"sunder/checker/crosscheck"
	"sunder/harness/history"
)

func TestWeakLevels(t *testing.T) {
	fork := []string{"1 [['w','x',1]]", "2 [['r','x',1],['w','y',2]]", "3 [['r','y',2],['r','x',null]]"}
	for _, c := range []struct {
		name  string
		lines []string
		rc    string // the classes that a level reports
		ra    string
		cc    string
	}{
		{"all in order", []string{"1 [['w','x',1],['w','y',1]]", "2 [['r','x',1],['r','y',1]]"}, "", "", ""},
		{"half of a transaction", []string{"1 [['w','x',1],['w','y',1]]", "2 [['r','y',null],['r','x',1]]"},
			"", "unseen-write", "unseen-write"},
		{"the other half later", []string{"1 [['w','x',1],['w','y',1]]", "2 [['r','x',1],['r','y',null]]"},
			"unseen-write", "unseen-write", "unseen-write"},
		{"a write of its own unseen", []string{"1 [['w','x',1]]", "1 [['r','x',null]]"}, "",
			"unseen-write", "unseen-write"},
		{"news without its cause", fork, "", "", "unseen-write"},
		{"two orders of two writes", []string{"1 [['w','x',1]]", "2 [['w','x',2]]",
			"3 [['r','x',1],['r','x',2]]", "4 [['r','x',2],['r','x',1]]"}, "not-read-committed",
			"internal internal not-read-atomic", "internal internal not-causal"},
		{"two orders, each in a process", []string{"1 [['w','x',1]]", "2 [['w','x',2]]", "3 [['r','x',1]]",
			"3 [['r','x',2]]", "4 [['r','x',2]]", "4 [['r','x',1]]"}, "", "", "not-causal"},
		{"a read goes back", []string{"1 [['w','x',1]]", "1 [['w','x',2]]", "2 [['r','x',2]]",
			"2 [['r','x',1]]"}, "", "", "not-causal"},
		{"of a failed one", []string{"1 fail [['w','x',1]]", "2 [['r','x',1]]"}, "G1a", "G1a", "G1a"},
		{"of an open one", []string{"1 open [['w','x',1]]", "2 [['r','x',1]]"}, "", "", ""},
		{"what is overwritten at once", []string{"1 [['w','x',1],['w','x',2]]", "2 [['r','x',1]]"}, "G1b",
			"G1b", "G1b"},
		{"out of nowhere", []string{"2 [['r','x',1]]"}, "phantom-read", "phantom-read", "phantom-read"},
		{"nothing succeeded", []string{"1 open [['w','x',1]]"}, "unknown", "unknown", "unknown"},
		{"a value written twice", []string{"1 [['w','x',1]]", "1 [['w','x',1]]"}, "unknown", "unknown",
			"unknown"},
	} {
		h := sessions(t, c.lines)
		for level, want := range map[string]string{"read-committed": c.rc, "read-atomic": c.ra,
			"causal": c.cc} {
			r := Weak(level).Check(context.Background(), h)
			var classes []string
			for _, x := range r.Anomalies {
				classes = append(classes, x.Class)
			}
			got := strings.Join(classes, " ")
			if r.Verdict == checker.Unknown {
				got = "unknown"
			}
			if got != want {
				t.Errorf("%s, %s: %q, want %q: %s", c.name, level, got, want, r.Reason)
			}
		}
	}
	if r := Weak("strong").Check(context.Background(), checker.History{}); r.Verdict != checker.Unknown {
		t.Errorf("no such level: %v", r.Verdict)
	}
}

// sessions makes a history of transactions "process [kind] text" that run one after the other.
func sessions(t *testing.T, lines []string) checker.History {
	t.Helper()
	var events []history.Event
	for _, l := range lines {
		var p int
		name, text, _ := strings.Cut(l, " ")
		if _, err := fmt.Sscan(name, &p); err != nil {
			t.Fatalf("%q: %v", l, err)
		}
		kind := history.OK
		if rest, is := strings.CutPrefix(text, "fail "); is {
			kind, text = history.Fail, rest
		} else if rest, is := strings.CutPrefix(text, "open "); is {
			kind, text = history.Info, rest
		}
		e := history.Event{Index: len(events), Process: history.Process(p), Kind: history.Invoke, F: "txn",
			Value: history.Value(strings.ReplaceAll(text, "'", `"`))}
		events = append(events, e)
		e.Index, e.Kind = len(events), kind
		events = append(events, e)
	}
	h, err := checker.NewHistory(events)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestSingleReadsAndWrites(t *testing.T) {
	var events []history.Event
	for _, l := range []struct {
		p    history.Process
		f, v string
	}{{1, "write", "1"}, {1, "write", "2"}, {2, "read", "2"}, {2, "read", "1"}} {
		e := history.Event{Index: len(events), Process: l.p, Kind: history.Invoke, F: l.f, Key: "x"}
		if l.f == "write" {
			e.Value = history.Value(l.v)
		}
		events = append(events, e)
		e.Index, e.Kind, e.Value = len(events), history.OK, history.Value(l.v)
		events = append(events, e)
	}
	h, err := checker.NewHistory(events)
	if err != nil {
		t.Fatal(err)
	}
	if r := Weak("causal").Check(context.Background(), h); r.Verdict != checker.Invalid ||
		!strings.Contains(r.Reason, "T6 read") {
		t.Errorf("%v: %s", r.Verdict, r.Reason)
	}
}

// obeys says that an order of transactions, given by rank, is one that a level allows: the axioms of
// Biswas and Enea, word for word. Rank -1 is a transaction that is left out.
func obeys(t *Txns, rank []int, level string) bool {
	writer := make(map[version]int)
	for i, x := range t.All {
		for _, m := range x.Mops {
			if m.Write {
				writer[version{m.Key, m.Value}] = i
			}
		}
	}
	writes := func(i int, key int32) bool {
		return slices.ContainsFunc(t.All[i].Mops, func(m Mop) bool { return m.Write && m.Key == key })
	}
	n := len(t.All)
	knows := make([][]bool, n) // so and wr
	for i := range knows {
		knows[i] = make([]bool, n)
	}
	for i, x := range t.All {
		own := make(map[int32]int64)
		for _, m := range x.Mops {
			if m.Write {
				own[m.Key] = m.Value
				continue
			}
			if !m.Known || rank[i] < 0 {
				continue
			}
			if v, is := own[m.Key]; is {
				if v != m.Value && level != "read-committed" {
					return false
				}
				continue
			}
			if m.Value == nothing {
				continue
			}
			w, is := writer[version{m.Key, m.Value}]
			if !is || rank[w] < 0 || w == i {
				return false
			}
			last := int64(0)
			for _, k := range t.All[w].Mops {
				if k.Write && k.Key == m.Key {
					last = k.Value
				}
			}
			if last != m.Value || rank[w] > rank[i] {
				return false
			}
			knows[w][i] = true
		}
		for j := range i {
			if rank[i] >= 0 && rank[j] >= 0 && t.All[j].Process == x.Process {
				if knows[j][i] = true; rank[j] > rank[i] {
					return false
				}
			}
		}
	}
	if level == "causal" {
		for k := range n {
			for i := range n {
				for j := range n {
					knows[i][j] = knows[i][j] || knows[i][k] && knows[k][j]
				}
			}
		}
	}
	for i, x := range t.All {
		own := make(map[int32]bool)
		for at, m := range x.Mops {
			own[m.Key] = own[m.Key] || m.Write
			if m.Write || !m.Known || own[m.Key] || rank[i] < 0 {
				continue
			}
			from, of := -1, -1 // the initial value
			if m.Value != nothing {
				of = writer[version{m.Key, m.Value}]
				from = rank[of]
			}
			for j := range n {
				if rank[j] < 0 || j == of || j == i || !writes(j, m.Key) {
					continue
				}
				knew := knows[j][i]
				if level == "read-committed" {
					knew = false
					wrote := make(map[int32]bool)
					for _, e := range x.Mops[:at] {
						wrote[e.Key] = wrote[e.Key] || e.Write
						w, is := writer[version{e.Key, e.Value}]
						knew = knew || is && w == j && !wrote[e.Key]
					}
				}
				if knew && rank[j] > from {
					return false
				}
			}
		}
	}
	return true
}

// allowed tries every order of every choice of the open transactions.
func allowed(t *Txns, level string) bool {
	rank := make([]int, len(t.All))
	var try func(i, placed int, used int) bool
	try = func(i, placed, used int) bool {
		if i == len(t.All) {
			return obeys(t, rank, level)
		}
		if t.All[i].Kind != history.OK {
			rank[i] = -1
			if try(i+1, placed, used) {
				return true
			}
		}
		if t.All[i].Kind == history.Fail {
			return false
		}
		for r := range len(t.All) {
			if used>>r&1 == 0 {
				if rank[i] = r; try(i+1, placed+1, used|1<<r) {
					return true
				}
			}
		}
		return false
	}
	return try(0, 0, 0)
}

// loose is a small random history of register transactions, often consistent.
func loose(r *rand.Rand) []string {
	value := map[int][]string{0: {"null"}, 1: {"null"}}
	next := 0
	var lines []string
	retired := make(map[int]bool)
	for range 2 + r.IntN(4) {
		p := r.IntN(3)
		for retired[p] {
			p += 3
		}
		kind := ""
		if r.IntN(6) == 0 {
			kind = []string{"open ", "fail "}[r.IntN(2)]
			retired[p] = kind == "open "
		}
		var steps []string
		for range 1 + r.IntN(3) {
			key := r.IntN(2)
			if r.IntN(2) == 0 {
				next++
				value[key] = append(value[key], fmt.Sprint(next))
				steps = append(steps, fmt.Sprintf("['w',%d,%d]", key, next))
				continue
			}
			seen := value[key][max(0, len(value[key])-1-r.IntN(3)):]
			steps = append(steps, fmt.Sprintf("['r',%d,%s]", key, seen[0]))
		}
		lines = append(lines, fmt.Sprintf("%d %s[%s]", p, kind, strings.Join(steps, ",")))
	}
	return lines
}

func TestAgreesWithTheAxioms(t *testing.T) {
	n, seed := crosscheck.Asked(3_000)
	counts := make(map[string]int)
	for i := range n {
		h := sessions(t, loose(rand.New(rand.NewPCG(seed, uint64(i)))))
		txns, err := Parse(h.Operations)
		if err != nil {
			t.Fatal(err)
		}
		for level := range levels {
			got := Weak(level).Check(context.Background(), h)
			want := checker.Invalid
			if allowed(txns, level) {
				want = checker.Valid
			}
			if got.Verdict == checker.Unknown {
				continue
			}
			counts[fmt.Sprint(level, " ", want)]++
			if got.Verdict != want {
				for i := range txns.All {
					t.Log(txns.txn(int32(i)), txns.All[i].Kind)
				}
				t.Fatalf("seed %d, history %d, %s: %v, want %v: %s", seed, i, level, got.Verdict, want,
					got.Reason)
			}
		}
	}
	t.Log(counts)
	for level := range levels {
		for _, v := range []checker.Verdict{checker.Valid, checker.Invalid} {
			if counts[fmt.Sprint(level, " ", v)] < n/20 {
				t.Errorf("a lopsided sample: %v", counts)
			}
		}
	}
}
