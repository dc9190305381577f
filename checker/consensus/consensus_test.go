package consensus

import (
	"context"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sunder/checker"
	"sunder/checker/linear"
	"sunder/harness/history"
)

// play makes a history of one decree. A line is "PROCESS FUNCTION VALUE" to invoke, and
// "PROCESS ok|fail|info VALUE" to complete.
func play(t testing.TB, lines ...string) checker.History {
	t.Helper()
	var events []history.Event
	open := map[string]history.Event{}
	for _, line := range lines {
		w := strings.Fields(line + " null")
		var e history.Event
		switch w[1] {
		case "ok":
			e = history.Complete(open[w[0]], 0, history.Value(w[2]), nil)
		case "fail":
			e = history.Complete(open[w[0]], 0, "", history.Definite(errors.New("refused")))
		case "info":
			e = history.Complete(open[w[0]], 0, "", errors.New("timeout"))
		default:
			e = history.Event{Kind: history.Invoke, Process: history.Process(w[0][0] - '0'), F: w[1], Key: "k0",
				Value: history.Value(w[2])}
			open[w[0]] = e
		}
		e.Index = len(events)
		events = append(events, e)
	}
	h, err := checker.NewHistory(events)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestAgreement(t *testing.T) {
	for _, c := range []struct {
		name  string
		lines []string
		want  string // class; empty: valid
	}{
		{"a duel", []string{"0 propose 5", "1 propose 6", "0 ok 6", "1 ok 6", "0 read", "0 ok 6"}, ""},
		{"who was not heard won", []string{"0 propose 5", "0 info", "1 propose 6", "1 ok 5"}, ""},
		{"undecided at the same time", []string{"0 propose 5", "1 read", "0 ok 5", "1 ok null"}, ""},
		{"two values", []string{"0 propose 5", "1 propose 6", "0 ok 5", "1 ok 6"}, TwoDecisions},
		{"two values read", []string{"0 propose 5", "1 propose 6", "1 info", "0 ok 5", "2 read", "2 ok 6"},
			TwoDecisions},
		{"invented", []string{"0 propose 5", "0 ok 7"}, NotProposed},
		{"refused, and decided", []string{"0 propose 5", "0 fail", "1 read", "1 ok 5"}, NotProposed},
		{"too early", []string{"1 read", "1 ok 5", "0 propose 5", "0 ok 5"}, BeforeProposed},
		{"forgotten", []string{"0 propose 5", "0 ok 5", "1 read", "1 ok null"}, Forgotten},
		{"answered with nothing", []string{"0 propose 5", "0 ok null"}, Undecided},
		{"forgotten after it was read", []string{"0 propose 5", "1 read", "1 ok 5", "1 read", "1 ok null",
			"0 info"}, Forgotten},
	} {
		r := Agreement().Check(context.Background(), play(t, c.lines...))
		class := ""
		if len(r.Anomalies) > 0 {
			class = r.Anomalies[0].Class
		}
		if class != c.want || (r.Verdict == checker.Valid) != (c.want == "") || strings.Contains(r.Reason, "%!") {
			t.Errorf("%s: %s %q (%s), want %q", c.name, r.Verdict, class, r.Reason, c.want)
		}
	}
}

func TestWhatShowsNothingIsUnknown(t *testing.T) {
	for _, lines := range [][]string{
		nil,
		{"0 propose 5", "0 info", "1 read", "1 ok null"},
		{"0 write 5", "0 ok 5"},
		{"0 propose x", "0 ok 5"},
		{"0 propose 5", "0 ok x"},
	} {
		if r := Agreement().Check(context.Background(), play(t, lines...)); r.Verdict != checker.Unknown {
			t.Errorf("%s: %s", lines, r.Verdict)
		}
	}
}

// TestAgreementIsLinearizability holds the rules against the search for an order.
func TestAgreementIsLinearizability(t *testing.T) {
	seen := map[checker.Verdict]int{}
	rapid.Check(t, func(t *rapid.T) {
		var events []history.Event
		open := map[history.Process]history.Event{}
		last := history.Process(4)
		threads := []history.Process{0, 1, 2, 3}
		for range rapid.IntRange(0, 16).Draw(t, "events") {
			at := rapid.IntRange(0, 3).Draw(t, "thread")
			p := threads[at]
			e, busy := open[p]
			switch {
			case !busy:
				e = history.Event{Kind: history.Invoke, Process: p, F: "read", Key: "k0"}
				if rapid.Bool().Draw(t, "propose") {
					e.F, e.Value = "propose", history.Int(rapid.Int64Range(1, 3).Draw(t, "value"))
				}
				open[p] = e
			default:
				answer := history.Int(rapid.SampledFrom([]int64{1, 1, 1, 2, 3}).Draw(t, "answer"))
				if rapid.IntRange(0, map[string]int{"read": 2, "propose": 20}[e.F]).Draw(t, "nothing") == 0 {
					answer = history.Null
				}
				var err error
				switch rapid.IntRange(0, 5).Draw(t, "end") {
				case 0:
					err = errors.New("timeout")
					threads[at] = last
					last++
				case 1:
					err = history.Definite(errors.New("refused"))
				}
				delete(open, p)
				e = history.Complete(e, 0, answer, err)
			}
			e.Index = len(events)
			events = append(events, e)
		}
		h, err := checker.NewHistory(events)
		if err != nil {
			t.Fatal(err)
		}
		got := Agreement().Check(context.Background(), h)
		want := linear.New(Model(), linear.Budget{}).Check(context.Background(), h)
		if got.Reason == "nobody learned a decision" {
			got.Verdict = checker.Valid // as far as it goes
		}
		if got.Verdict != want.Verdict && want.Reason != "no operation to judge" {
			t.Fatalf("agreement says %s (%s), the search %s (%s)", got.Verdict, got.Reason, want.Verdict,
				want.Reason)
		}
		seen[got.Verdict]++
	})
	if seen[checker.Valid] == 0 || seen[checker.Invalid] == 0 {
		t.Errorf("only %v", seen)
	}
}
