package page_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"sunder/harness/history"
	"sunder/harness/plan"
	"sunder/harness/report"
	"sunder/harness/report/page"
	"sunder/harness/report/reporttest"
	"sunder/harness/report/spacetime"
	"sunder/nodes"
)

var keep = flag.String("keep", "", "a directory to write the fabricated pages to, to look at them")

func write(t testing.TB, run report.Run) string {
	t.Helper()
	var b bytes.Buffer
	if err := page.Write(&b, run); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestPageHasEverything(t *testing.T) {
	for name, run := range map[string]report.Run{
		"valid": reporttest.Run(false), "invalid": reporttest.Run(true),
		"empty": {}, "no faults": quiet(), "long": long(300_000)} {
		text := write(t, run)
		for _, want := range map[string][]string{
			"valid": {"<h1>valid</h1>", "--plan", "term 12", "412 packets", "id=\"recovery\"", "masked"},
			"invalid": {"<h1>invalid</h1>", "stale-read", "read → 90001 at n1", "srcdoc=",
				"How it came about", "although process 10002 had seen 90002", "leads term 2",
				"<td>no</td><td>no</td>" /* neither a majority nor consistent */},
			"empty":     {"<h1>unknown</h1>", "No fault was injected."},
			"no faults": {"<h1>valid</h1>", "No fault was injected."},
		}[name] {
			if !strings.Contains(text, want) {
				t.Errorf("%s: %q is missing", name, want)
			}
		}
		if *keep != "" {
			file := filepath.Join(*keep, strings.ReplaceAll(name, " ", "-")+".html")
			if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// quiet is a run without faults.
func quiet() report.Run {
	run := reporttest.Run(false)
	var events []history.Event
	for _, e := range run.Events {
		if e.Process != history.Nemesis {
			e.Index = len(events)
			events = append(events, e)
		}
	}
	verdict, why := run.Results.Verdict, run.Results.Why
	run.Events, run.Plan.Faults = events, nil
	run.Results = report.New(run.Plan, events)
	run.Results.Verdict, run.Results.Why = verdict, why
	return run
}

// Elements and attributes that a page may be made of: none of them loads or runs anything, but the
// frame of a picture, which has a sandbox.
const (
	elements = "html head meta title style body svg path text rect header p span h1 dl div dt dd " +
		"main section h2 article h3 details summary iframe code pre figure figcaption ul li " +
		"table thead tr th tbody td b small footer a"
	attributes = "lang charset http-equiv content name class viewbox height role aria-label " +
		"aria-hidden d x y width rx transform id href sandbox title srcdoc"
)

// foreign are the elements and attributes of a page that it should not have.
func foreign(text string) (found []string) {
	z := html.NewTokenizer(strings.NewReader(text))
	for z.Next() != html.ErrorToken {
		t := z.Token()
		if t.Type != html.StartTagToken && t.Type != html.SelfClosingTagToken {
			continue
		}
		if !slices.Contains(strings.Fields(elements), t.Data) {
			found = append(found, "<"+t.Data+">")
		}
		for _, a := range t.Attr {
			if !slices.Contains(strings.Fields(attributes), a.Key) ||
				a.Key == "href" && strings.Contains(a.Val, ":") {
				found = append(found, fmt.Sprintf("<%s %s=%q>", t.Data, a.Key, a.Val))
			}
		}
	}
	return found
}

func TestWhatOthersSayStaysText(t *testing.T) {
	const evil = `"'><script>alert(1)</script><img src=x onerror=alert(1)>` +
		"\u2028`${x}{{.}}</style></title></svg>"
	run := reporttest.Run(true)
	for i := range run.Events {
		e := &run.Events[i]
		if e.Process != history.Nemesis {
			e.F, e.Key, e.Node, e.Error = e.F+evil, e.Key+evil, e.Node+evil, evil
			e.Value = history.Marshal(evil)
		}
	}
	for i := range run.Results.Anomalies {
		a := &run.Results.Anomalies[i]
		a.Class, a.Key, a.Node, a.Words = evil, a.Key+evil, evil, evil
	}
	for i := range run.Results.Faults {
		f := &run.Results.Faults[i]
		f.Kind, f.What, f.Effect = evil, evil, evil
		f.Proof, f.Notes, f.Targets = []string{evil}, []string{evil}, []string{evil}
	}
	for i := range run.Results.Checkers {
		c := &run.Results.Checkers[i]
		c.Name, c.Verdict, c.Reason, c.Details = evil, evil, evil, []byte(evil)
	}
	for i := range run.Logs {
		run.Logs[i] = report.Log{Node: evil, Name: evil, Tail: evil}
	}
	run.Results.Why, run.Results.System, run.Results.Store = evil, evil, evil
	run.Results.Latencies[0].F, run.Results.HistoryHash = evil, evil
	run.Plan.Options = map[string]string{evil: evil}
	run.Origin.Args, run.Origin.Revision = []string{evil}, evil
	run.Origin.Notes = map[string]string{evil: evil}
	run.Pictures[0].Name = evil
	s := run.Story
	s.Class, s.Words, s.Plan = evil, evil, evil
	s.Nodes = append(s.Nodes, evil)
	s.Lives = append(s.Lives, spacetime.Life{Node: evil, At: s.Operations[0].Start, Why: evil})
	for i := range s.Messages {
		s.Messages[i].Label, s.Messages[i].Kind, s.Messages[i].To = evil, evil, evil
	}
	for i := range s.Faults {
		s.Faults[i].Kind, s.Faults[i].What, s.Faults[i].Nodes = evil, evil, []string{evil}
	}
	for i := range s.Operations {
		o := &s.Operations[i]
		o.F, o.Key, o.Value, o.Answer = evil, evil, evil, evil
	}
	for i := range s.Facts {
		s.Facts[i].Peer = evil
	}
	if found := foreign(write(t, run)); len(found) > 0 {
		t.Errorf("%d came into the page: %.2000q", len(found), found)
	}
	if found := foreign(`<p onclick="x"><img>`); len(found) != 2 {
		t.Errorf("the test is blind: %q", found)
	}
}

func TestPageLoadsNothing(t *testing.T) {
	text := write(t, reporttest.Run(true))
	if !strings.Contains(text, `content="default-src &#39;none&#39;;`) {
		t.Error("the policy allows something")
	}
	if strings.Contains(text, "unsafe-inline&#39; &#39;") || strings.Count(text, "&#39;sha256-") != 1 {
		t.Error("other scripts than the picture's may run")
	}
	for _, bad := range []string{"http://", "https://", "url(", "@import", "//cdn"} {
		if strings.Contains(text, bad) {
			t.Errorf("%q is in the page", bad)
		}
	}
	run := reporttest.Run(true)
	run.Pictures[0].HTML = "<script>" + strings.Repeat("x", 2<<20) + "</script>"
	text = write(t, run)
	if len(text) > 1<<20 || !strings.Contains(text, "too large to stand here") ||
		strings.Contains(text, "sha256-") {
		t.Errorf("a picture of 2 MiB made a page of %d bytes", len(text))
	}
}

// long is a run of hours with n operations, faults every few seconds, and endless elections.
func long(n int) report.Run {
	run := reporttest.Run(true)
	events := run.Events
	span := events[len(events)-1].Time
	run.Events, run.Observed = make([]history.Event, 0, 2*n), nil
	for round := 0; len(run.Events) < 2*n; round++ {
		for _, e := range events {
			e.Index = len(run.Events)
			e.Time += time.Duration(round) * (span + time.Second)
			if e.Process != history.Nemesis {
				e.Process += history.Process(round * 20_000)
				if round%2 == 1 && e.Kind == history.OK {
					e.Time += time.Duration(e.Index % 977 * int(time.Millisecond))
				}
			}
			run.Events = append(run.Events, e)
		}
	}
	end := run.Events[len(run.Events)-1].Time
	for i := range 100_000 {
		run.Observed = append(run.Observed, nodes.Observed{Node: nodes.ID(1 + i%5), Seq: uint64(i),
			Time: end / 100_000 * time.Duration(i), Observation: nodes.Observation{Term: uint64(i),
				Fact: []nodes.Fact{nodes.BecameCandidate, nodes.BecameLeader, nodes.BecameFollower}[i%3]}})
	}
	for n := range 64 {
		tail := strings.Repeat("a line of a log\n", 1<<14)
		run.Logs = append(run.Logs, report.Log{Node: fmt.Sprint(n), Tail: tail})
	}
	old := run.Results
	run.Results = report.New(run.Plan, run.Events)
	run.Results.Verdict, run.Results.Anomalies = old.Verdict, old.Anomalies
	for range 1000 {
		run.Results.Anomalies = append(run.Results.Anomalies, old.Anomalies...)
	}
	return run
}

func TestPageStaysSmall(t *testing.T) {
	const most = 3 << 20
	size := len(write(t, long(300_000)))
	t.Logf("300,000 operations: %d bytes", size)
	if size > most {
		t.Errorf("%d bytes, want at most %d", size, most)
	}
}

// FuzzWrite draws what could stand in a foreign or damaged history.
func FuzzWrite(f *testing.F) {
	f.Add([]byte(`{"index":0,"time":1,"process":0,"type":"invoke","f":"w","key":"k","value":5}`), 3, 1)
	f.Add([]byte(`{"index":0,"time":-9223372036854775808,"process":-7,"type":"info","f":"r"}`), -1, 0)
	f.Fuzz(func(t *testing.T, text []byte, concurrency, guilty int) {
		events, _, err := history.Read(bytes.NewReader(text))
		if err != nil {
			return
		}
		p := plan.Plan{Nodes: 3, Concurrency: concurrency % (plan.ConcurrencyMax + 1)}
		r := report.New(p, events)
		r.Anomalies = []report.Anomaly{{Ops: []int{guilty, 0}}}
		write(t, report.Run{Plan: p, Events: events, Results: r})
	})
}

func BenchmarkWrite(b *testing.B) {
	run := long(1_000_000)
	for b.Loop() {
		write(b, run)
	}
}
