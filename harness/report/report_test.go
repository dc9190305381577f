package report_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"sunder/harness/history"
	"sunder/harness/report"
	"sunder/harness/report/reporttest"
)

// TestGolden shows what people read: each case is results.json, and what is made of it. If it
// fails, run it with -rewrite, and commit the difference only if you understand it.
func TestGolden(t *testing.T) {
	datadriven.RunTest(t, "testdata/results", func(t *testing.T, d *datadriven.TestData) string {
		var r report.Results
		if err := json.Unmarshal([]byte(d.Input), &r); err != nil {
			d.Fatalf(t, "%v", err)
		}
		columns := 80
		d.MaybeScanArgs(t, "columns", &columns)
		var b strings.Builder
		err := map[string]func() error{
			"text":    func() error { return report.Text(&b, r, columns, d.HasArg("color")) },
			"junit":   func() error { return report.JUnit(&b, r) },
			"summary": func() error { return report.Summary(&b, r) },
		}[d.Cmd]()
		if err != nil {
			d.Fatalf(t, "%v", err)
		}
		return strings.ReplaceAll(b.String(), "\x1b", "<esc>")
	})
}

func TestResultsSurviveTheirJSON(t *testing.T) {
	want := reporttest.Run(true).Results
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got report.Results
	if err := json.Unmarshal(text, &got); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v: got %+v\nwant %+v", err, got, want)
	}
}

func TestResultsHaveWhatIsPromised(t *testing.T) {
	text, err := json.Marshal(report.New(reporttest.Run(false).Plan, nil))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"verdict", "seed", "environment", "system", "workload", "ok", "fail",
		"info", "history_hash", "store", "faults", "anomalies", "checkers"} {
		field := `"` + name + `":`
		if s := string(text); !strings.Contains(s, field) || strings.Contains(s, field+"null") {
			t.Errorf("%s is missing or null in %s", name, text)
		}
	}
}

func TestHashIsBlindToTimeOnly(t *testing.T) {
	base := func() []history.Event {
		return []history.Event{{Kind: history.Invoke, F: "read", Key: "k"},
			{Index: 1, Kind: history.OK, F: "read", Key: "k", Value: "5"}}
	}
	same, want := base(), report.Hash(base())
	same[0].Time, same[1].Time = 7, 9
	if report.Hash(same) != want {
		t.Error("another time gave another hash")
	}
	for name, change := range map[string]func([]history.Event){
		"value":   func(es []history.Event) { es[1].Value = "6" },
		"key":     func(es []history.Event) { es[0].Key = "x" },
		"kind":    func(es []history.Event) { es[1].Kind = history.Info },
		"error":   func(es []history.Event) { es[1].Error = "x" },
		"process": func(es []history.Event) { es[0].Process = 1 },
		"node":    func(es []history.Event) { es[0].Node = "n1" },
		"order":   func(es []history.Event) { es[0], es[1] = es[1], es[0] },
	} {
		es := base()
		if change(es); report.Hash(es) == want {
			t.Errorf("another %s gave the same hash", name)
		}
	}
}

func TestJUnitNeverPassesUnknown(t *testing.T) {
	for _, verdict := range []string{"", "unknown", "okay", "VALID", "invalid"} {
		for _, r := range []report.Results{{Verdict: verdict},
			{Verdict: "valid", Checkers: []report.Check{{Name: "c", Verdict: verdict}}}} {
			var b bytes.Buffer
			if err := report.JUnit(&b, r); err != nil {
				t.Fatal(err)
			}
			var s struct {
				Failures int `xml:"failures,attr"`
				Errors   int `xml:"errors,attr"`
			}
			if err := xml.Unmarshal(b.Bytes(), &s); err != nil || s.Failures+s.Errors != 1 {
				t.Errorf("%q: %d failures, %d errors, %v", verdict, s.Failures, s.Errors, err)
			}
		}
	}
}

func TestTextKeepsItsColumns(t *testing.T) {
	r := reporttest.Run(true).Results
	for _, columns := range []int{40, 80, 120} {
		var b strings.Builder
		if err := report.Text(&b, r, columns, false); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(b.String()) {
			long := len([]rune(strings.TrimRight(line, "\n")))
			if long > columns && !strings.HasPrefix(line, "report") { // a path is never broken
				t.Errorf("%d columns: %d in %q", columns, long, line)
			}
		}
	}
}

func TestSummaryIsAppended(t *testing.T) {
	path := filepath.Join(t.TempDir(), "summary.md")
	r := reporttest.Run(true).Results
	for range 2 {
		if err := report.AppendSummary(path, r); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil || strings.Count(string(text), "### ") != 2 {
		t.Errorf("%v:\n%s", err, text)
	}
	if err := report.AppendSummary("", r); err != nil {
		t.Error(err)
	}
	if err := report.AppendSummary(t.TempDir(), r); err == nil {
		t.Error("a directory was appended to")
	}
}

func TestOriginKeepsNoSecrets(t *testing.T) {
	o := report.NewOrigin([]string{"sunder", "test"}, []string{"AWS_SECRET_ACCESS_KEY=x", "PATH=/bin",
		"GITHUB_TOKEN=x", "SUNDER_REQUIRE_DOCKER=1", "GOMAXPROCS=2", "CIX=x", "broken"}, time.Unix(0, 0))
	want := map[string]string{"SUNDER_REQUIRE_DOCKER": "1", "GOMAXPROCS": "2"}
	if !reflect.DeepEqual(o.Env, want) || o.Go == "" || o.CPUs == 0 || o.Platform == "" {
		t.Errorf("got %+v", o)
	}
}

func TestShort(t *testing.T) {
	for d, want := range map[time.Duration]string{0: "0 ns", 999: "999 ns", 1500: "1.5 µs",
		1234567: "1.23 ms", 45 * time.Second: "45 s", 59999 * time.Millisecond: "60 s",
		90 * time.Second: "90 s", 150 * time.Second: "2.5 min", 3 * time.Hour: "3 h",
		9996 * time.Microsecond: "10 ms", 99960 * time.Microsecond: "100 ms"} {
		if got := report.Short(d); got != want {
			t.Errorf("%d: got %q, want %q", d, got, want)
		}
	}
}

func TestABrokenWriterIsAnError(t *testing.T) {
	r, w := io.Pipe()
	r.Close()
	res := reporttest.Run(false).Results
	for name, err := range map[string]error{"text": report.Text(w, res, 80, false),
		"junit": report.JUnit(w, res), "summary": report.Summary(w, res)} {
		if err == nil || !strings.HasPrefix(err.Error(), "write "+name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
