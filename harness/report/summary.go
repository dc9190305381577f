package report

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"

	"sunder/harness/report/lines"
)

// summaryMax bounds each text in a summary; GitHub drops summaries of more than a megabyte.
const summaryMax = 500

// Summary writes r as Markdown for $GITHUB_STEP_SUMMARY. What came from nodes stays text there:
// it can neither format nor link.
func Summary(w io.Writer, r Results) error {
	var b strings.Builder
	mark := map[string]string{"valid": "🟢", "unknown": "🟡", "invalid": "🔴"}[Sure(r.Verdict)]
	fmt.Fprintf(&b, "### %s %s: %s %s in %s, seed %d\n\n", mark, Sure(r.Verdict),
		md(r.System), md(r.Workload), md(r.Environment), r.Seed)
	fmt.Fprintf(&b, "%s\n\n", md(r.Why))
	for i, a := range r.Anomalies {
		if i == textAnomaliesMax {
			fmt.Fprintf(&b, "- and %d more\n", len(r.Anomalies)-i)
			break
		}
		fmt.Fprintf(&b, "- **%s** %s %s\n", md(a.Class), md(a.Key), md(a.Words))
	}
	fmt.Fprintf(&b, "\n%s ok, %s fail, %s info; %.0f ok/s; faults: %s.\n", Group(r.OK), Group(r.Fail),
		Group(r.Info), r.Rate, r.Sum())
	if len(r.Faults) > 0 {
		b.WriteString("\n| fault | what | from | to | effect |\n|---|---|---|---|---|\n")
	}
	for i, f := range r.Faults {
		if i == textFaultsMax {
			fmt.Fprintf(&b, "| and %d more | | | | |\n", len(r.Faults)-i)
			break
		}
		fmt.Fprintf(&b, "| %s | %s | %.1f s | %.1f s | %s |\n", md(f.Kind), md(f.Where()),
			f.From.Seconds(), f.To.Seconds(), md(f.Outcome()))
	}
	if len(r.Checkers) > 0 {
		b.WriteString("\n| checker | verdict | reason |\n|---|---|---|\n")
	}
	for _, c := range r.Checkers {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", md(c.Name), Sure(c.Verdict), md(c.Reason))
	}
	fmt.Fprintf(&b, "\nStored in %s\n\n", md(r.Store))
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("write summary: %w", err)
	}
	return nil
}

// AppendSummary appends the summary to the file at path, which $GITHUB_STEP_SUMMARY names. Without
// a path it does nothing.
func AppendSummary(path string, r Results) error {
	if path == "" {
		return nil
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("append summary: %w", err)
	}
	return errors.Join(Summary(f, r), f.Close())
}

// md is s as Markdown that shows s: every sign that could mean something is a character
// reference, which Markdown never takes for structure.
func md(s string) string {
	var b strings.Builder
	s = lines.Plain(s)
	if utf8.RuneCountInString(s) > summaryMax {
		s = string([]rune(s)[:summaryMax]) + "…"
	}
	for _, c := range s {
		if unicode.IsLetter(c) || unicode.IsDigit(c) || strings.ContainsRune(" ,;()%/–→…", c) {
			b.WriteRune(c)
		} else {
			fmt.Fprintf(&b, "&#%d;", c)
		}
	}
	return b.String()
}
