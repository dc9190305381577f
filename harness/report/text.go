package report

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"sunder/harness/report/lines"
)

// Limits of what is listed; the page has the rest.
const (
	textFaultsMax    = 40
	textAnomaliesMax = 5
)

// Text writes r for a terminal of that many columns (at least 40): the verdict, what each fault
// did, the figures, and where the report is. What came from nodes cannot steer the terminal.
func Text(w io.Writer, r Results, columns int, color bool) error {
	t := text{columns: max(columns, 40), color: color}
	t.verdict(r)
	t.operations(r)
	t.faults(r)
	t.checkers(r)
	t.line("")
	if r.Store != "" {
		t.field("report", filepath.Join(r.Store, "report.html"))
	}
	_, err := io.WriteString(w, t.b.String())
	if err != nil {
		return fmt.Errorf("write text: %w", err)
	}
	return nil
}

type text struct {
	b       strings.Builder
	columns int
	color   bool
}

func (t *text) verdict(r Results) {
	verdict := Sure(r.Verdict)
	head := strings.ToUpper(verdict)
	if t.color {
		head = map[string]string{"valid": "\x1b[1;32m", "unknown": "\x1b[1;33m",
			"invalid": "\x1b[1;31m"}[verdict] + head + "\x1b[0m"
	}
	name := fmt.Sprintf("%s %s in %s, seed %d", r.System, r.Workload, r.Environment, r.Seed)
	if r.Bug != "" {
		name += ", planted bug " + r.Bug
	}
	if name = lines.Plain(name); len(verdict)+2+utf8.RuneCountInString(name) <= t.columns {
		t.line(head + "  " + name)
	} else {
		t.line(head)
		t.wrap("", name)
	}
	if r.Why != "" {
		t.wrap("", r.Why)
	}
	if r.Stopped != "" {
		t.wrap("", "stopped early: "+r.Stopped)
	}
	for i, a := range r.Anomalies {
		if i == textAnomaliesMax {
			t.wrap("  ", fmt.Sprintf("and %d more", len(r.Anomalies)-i))
			break
		}
		name := a.Class
		if a.Key != "" {
			name += ", key " + a.Key
		}
		if a.Node != "" {
			name += ", node " + a.Node
		}
		t.line("")
		t.wrap("  ", name)
		if !strings.Contains(r.Why, a.Words) {
			t.wrap("    ", a.Words)
		}
	}
	t.line("")
}

func (t *text) operations(r Results) {
	t.field("operations", fmt.Sprintf("%s ok, %s fail, %s info; %.0f ok/s",
		Group(r.OK), Group(r.Fail), Group(r.Info), r.Rate))
	for _, l := range r.Latencies {
		if l.N > 0 {
			t.field("", fmt.Sprintf("%-8s p50 %s, p99 %s, max %s", l.F, Short(l.P50), Short(l.P99),
				Short(l.Max)))
		}
	}
	for _, m := range r.Measures {
		t.field("", fmt.Sprintf("%s: p50 %s, p99 %s", m.Name, Short(m.P50), Short(m.P99)))
	}
}

func (t *text) faults(r Results) {
	t.field("faults", r.Sum())
	for i, f := range r.Faults {
		if i == textFaultsMax {
			t.field("", fmt.Sprintf("and %d more", len(r.Faults)-i))
			break
		}
		t.field("", fmt.Sprintf("%d: %s, %.1f–%.1f s, %s", f.Window.Fault, f.Name(),
			f.From.Seconds(), f.To.Seconds(), short(f.Outcome())))
	}
}

func (t *text) checkers(r Results) {
	for i, c := range r.Checkers {
		name := ""
		if i == 0 {
			name = "checkers"
		}
		say := Sure(c.Verdict) + "  " + c.Name
		if c.Reason != "" && !strings.Contains(r.Why, c.Reason) {
			say += ": " + c.Reason
		}
		t.field(name, say)
	}
}

// outcomeMax is how much of a fault's evidence a terminal shows; the page has all of it.
const outcomeMax = 150

func short(s string) string {
	if utf8.RuneCountInString(s) <= outcomeMax {
		return s
	}
	return string([]rune(s)[:outcomeMax]) + " …"
}

// field writes a name and what there is to say, which hangs beside it.
func (t *text) field(name, say string) { t.b.WriteString(lines.Field(t.columns, name, say)) }

func (t *text) line(s string) { t.b.WriteString(s + "\n") }

func (t *text) wrap(indent, s string) { t.b.WriteString(lines.Hang(t.columns, indent, indent, s)) }
