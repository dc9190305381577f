package figures

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"sunder/harness/history"
	"sunder/harness/plan"
	"sunder/nemesis"
)

func TestWindowsHaveFourMomentsAndTheLastProof(t *testing.T) {
	open := kill(1, 30, 0, "n2")
	got := Windows(script([]op{{0, "r", "n1", 0, 50, history.OK}}, kill(0, 10, 20, "n1"), open))
	if len(got) != 2 {
		t.Fatalf("got %d windows", len(got))
	}
	w := got[0]
	if w.Began != 10*ms || w.From != 11*ms || w.To != 20*ms || w.Healed != 21*ms || w.Open {
		t.Errorf("moments %v %v %v %v", w.Began, w.From, w.To, w.Healed)
	}
	if w.Effect != "proven" || fmt.Sprint(w.Proof) != "[pid 3 → 4]" ||
		!w.Touches("n1") || w.Touches("n2") {
		t.Errorf("got %+v", w)
	}
	if w = got[1]; !w.Open || w.To != 50*ms || w.Healed != 50*ms || w.Effect != "" {
		t.Errorf("the open one: %+v", w)
	}
}

func TestWindowsPassOverWhatIsNoFault(t *testing.T) {
	es := []history.Event{
		{Process: history.Nemesis, Kind: history.Invoke, F: "start", Value: `"heal"`},
		{Process: history.Nemesis, Kind: history.Info, F: "end", Value: `{"fault":3}`},
		{Process: 0, Kind: history.Invoke, F: "start", Value: `{"fault":3,"asked":{"kind":"kill"}}`}}
	if got := Windows(es); len(got) != 0 {
		t.Errorf("got %+v", got)
	}
}

// TestAFailedEndKeepsWhatIsKnown: its completion has the invocation's value, which knows nothing.
func TestAFailedEndKeepsWhatIsKnown(t *testing.T) {
	es := script(nil, kill(0, 10, 20, "n1"))
	es[2].Value = history.Marshal(nemesis.Record{Asked: plan.Fault{Kind: "kill"}})
	es[3].Value, es[3].Error = es[2].Value, "no answer from n1"
	w := Windows(es)[0]
	if w.Effect != "" || fmt.Sprint(w.Targets) != "[n1]" ||
		fmt.Sprint(w.Notes) != "[end: no answer from n1]" {
		t.Errorf("got %+v", w)
	}
}

// TestAnInvocationNeedsNoRecord: only completions must have one.
func TestAnInvocationNeedsNoRecord(t *testing.T) {
	es := script(nil, kill(0, 10, 20, "n1"))
	es[0].Value, es[2].Value = `{"fault":0}`, ""
	w := Windows(es)[0]
	if w.Began != 10*ms || w.From != 11*ms || w.To != 20*ms || w.Healed != 21*ms ||
		w.Effect != "proven" {
		t.Errorf("got %+v", w)
	}
}

func TestAnEndWithoutCompletion(t *testing.T) {
	es := script([]op{{0, "r", "n1", 0, 50, history.OK}}, kill(0, 10, 20, "n1"))
	es = slices.DeleteFunc(es, func(e history.Event) bool { return e.Time == 21*ms })
	if w := Windows(es)[0]; !w.Open || w.To != 20*ms || w.Healed != 50*ms {
		t.Errorf("got %+v", w)
	}
}

func TestMaskedNamesTheMask(t *testing.T) {
	r := cut(1, 5, []string{"n1"}, nemesis.Grudge{"n1": {"n2"}})
	r.Effect = nemesis.Masked
	r.Overlap = map[string]map[string][]int{"kill": {"n1": {7, 2}}, "pause": {"n1": {2}}}
	if got := Windows(script(nil, r))[0].Proof; fmt.Sprint(got) != "[by fault 2, 7]" {
		t.Errorf("got %q", got)
	}
}

func TestSides(t *testing.T) {
	five := []string{"n1", "n2", "n3", "n4", "n5"}
	for _, c := range []struct {
		name string
		n    int
		g    nemesis.Grudge
		want string
	}{
		{"nothing is cut", 5, nil, ""},
		{"one", 5, nemesis.Grudge{"n1": {"n2", "n3", "n4", "n5"}, "n2": {"n1"}, "n3": {"n1"},
			"n4": {"n1"}, "n5": {"n1"}}, "n1 no 0/1; n2 n3 n4 n5 yes 2/2"},
		{"deaf only", 5, nemesis.Grudge{"n1": {"n2", "n3", "n4", "n5"}},
			"n1 no 0/1; n2 n3 n4 n5 yes 2/2"},
		{"bridge", 5, nemesis.Grudge{"n1": {"n4", "n5"}, "n2": {"n4", "n5"}, "n4": {"n1", "n2"},
			"n5": {"n1", "n2"}}, "n1 n2 yes 0/1; n3 yes 1/1; n4 n5 yes 1/1"},
		{"halves of four", 4, nemesis.Grudge{"n1": {"n3", "n4"}, "n2": {"n3", "n4"}, "n3": {"n1", "n2"},
			"n4": {"n1", "n2"}}, "n1 n2 no 0/1; n3 n4 no 1/1"},
	} {
		events := script([]op{{0, "r", "n1", 10, 900, history.Info}, {1, "r", "n3", 10, 12, history.OK},
			{2, "r", "n5", 10, 12, history.OK}, {3, "r", "n4", 99, 100, history.OK}}, cut(5, 50, nil, c.g))
		var words []string
		for _, s := range Windows(events)[0].Sides(five[:c.n], newOps(t, events), nil) {
			quorum := map[bool]string{true: "yes", false: "no"}[s.Quorum]
			words = append(words, fmt.Sprintf("%s %s %d/%d", strings.Join(s.Nodes, " "), quorum, s.OK,
				s.Attempted()))
		}
		if got := strings.Join(words, "; "); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

// TestSidesAreJudgedApart: each side has its own latencies, and what anomalies name is counted
// where it was asked, if it was asked while the network was cut.
func TestSidesAreJudgedApart(t *testing.T) {
	events := script([]op{{0, "r", "n1", 1, 2, history.OK}, {0, "r", "n1", 10, 12, history.OK},
		{1, "r", "n1", 11, 17, history.OK}, {2, "r", "n3", 10, 11, history.OK},
		{3, "r", "n2", 12, 40, history.Fail}},
		cut(5, 50, nil, nemesis.Grudge{"n1": {"n2", "n3"}, "n2": {"n1"}, "n3": {"n1"}}))
	blamed := map[int]bool{}
	for _, e := range events {
		if e.Kind == history.Invoke && e.Node == "n1" { // one of them is before the cut
			blamed[e.Index] = true
		}
	}
	sides := Windows(events)[0].Sides([]string{"n1", "n2", "n3"}, newOps(t, events), blamed)
	want := []Side{{[]string{"n1"}, false, Tally{2, 0, 0}, Spread{2, 2 * ms, 6 * ms, 6 * ms}, 2},
		{[]string{"n2", "n3"}, true, Tally{1, 1, 0}, Spread{1, ms, ms, ms}, 0}}
	if !reflect.DeepEqual(sides, want) {
		t.Errorf("got %+v, want %+v", sides, want)
	}
}

func TestHealing(t *testing.T) {
	rs := []Recovery{{0, "n1", 5 * ms, false}, {0, "n2", 9 * ms, false}, {0, "n3", 0, true},
		{1, "n1", 70 * ms, false}}
	for _, c := range []struct {
		nodes           string
		after           int
		never, measured bool
	}{{"n1", 5, false, true}, {"n1 n2", 9, false, true}, {"n2 n3", 9, true, true}, {"n1 n4", 5, false, false}} {
		after, never, measured := Healing(rs, 0, strings.Fields(c.nodes))
		if after != time.Duration(c.after)*ms || never != c.never || measured != c.measured {
			t.Errorf("%s: got %v, %t, %t", c.nodes, after, never, measured)
		}
	}
}

func TestRecoveries(t *testing.T) {
	two := []string{"n1", "n2"}
	for _, c := range []struct {
		name   string
		ops    []op
		faults []nemesis.Record
		want   string
	}{
		{"first ok counts, whenever it was invoked", []op{{0, "r", "n1", 15, 30, history.OK},
			{1, "r", "n1", 22, 40, history.OK}}, []nemesis.Record{kill(0, 10, 20, "n1")}, "0 n1 9ms"},
		{"a fail is no recovery", []op{{0, "r", "n1", 21, 22, history.Fail}},
			[]nemesis.Record{kill(0, 10, 20, "n1")}, "0 n1 never"},
		{"held by another", []op{{0, "r", "n1", 90, 91, history.OK}},
			[]nemesis.Record{kill(0, 10, 20, "n1"), kill(1, 15, 80, "n1")}, "1 n1 10ms"},
		{"the next fault came first", []op{{0, "r", "n1", 90, 91, history.OK}},
			[]nemesis.Record{kill(0, 10, 20, "n1"), kill(1, 30, 80, "n1")}, "0 n1 never, 1 n1 10ms"},
		{"another node's fault is no matter", []op{{0, "r", "n1", 30, 31, history.OK}},
			[]nemesis.Record{kill(0, 10, 20, "n1"), kill(1, 15, 80, "n2")}, "0 n1 10ms, 1 n2 never"},
		{"both ends of a cut", []op{{0, "r", "n1", 30, 31, history.OK},
			{1, "r", "n2", 24, 26, history.OK}},
			[]nemesis.Record{cut(10, 20, nil, nemesis.Grudge{"n1": {"n2"}})}, "0 n1 10ms, 0 n2 5ms"},
	} {
		events := script(c.ops, c.faults...)
		var words []string
		for _, r := range Recoveries(two, newOps(t, events), Windows(events)) {
			took := r.After.String()
			if r.Never {
				took = "never"
			}
			words = append(words, fmt.Sprintf("%d %s %s", r.Window, r.Node, took))
		}
		if got := strings.Join(words, ", "); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}
