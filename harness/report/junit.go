package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"time"
)

type suite struct {
	XMLName  xml.Name   `xml:"testsuite"`
	Name     string     `xml:"name,attr"`
	Tests    int        `xml:"tests,attr"`
	Failures int        `xml:"failures,attr"`
	Errors   int        `xml:"errors,attr"`
	Time     string     `xml:"time,attr"`
	Cases    []testcase `xml:"testcase"`
}

type testcase struct {
	Class   string   `xml:"classname,attr"`
	Name    string   `xml:"name,attr"`
	Failure *trouble `xml:"failure,omitempty"`
	Error   *trouble `xml:"error,omitempty"`
}

type trouble struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// JUnit writes r as one test suite: a case for each checker, and one for the verdict as a whole,
// which knows more (a fault without effect). Invalid is a failure, unknown is an error.
func JUnit(w io.Writer, r Results) error {
	name := r.System + "-" + r.Workload + "-" + r.Environment
	var took time.Duration
	for _, p := range r.Phases {
		took += p.Took
	}
	s := suite{Name: name, Time: fmt.Sprintf("%.3f", took.Seconds())}
	add := func(c Check, text string) {
		tc := testcase{Class: "sunder." + name, Name: c.Name}
		switch Sure(c.Verdict) {
		case "invalid":
			tc.Failure = &trouble{c.Reason, text}
			s.Failures++
		case "unknown":
			tc.Error = &trouble{c.Reason, text}
			s.Errors++
		}
		s.Cases = append(s.Cases, tc)
		s.Tests++
	}
	words := fmt.Sprintf("seed %d, stored in %s", r.Seed, r.Store)
	for _, a := range r.Anomalies {
		words += fmt.Sprintf("\n%s %s: %s", a.Class, a.Key, a.Words)
	}
	add(Check{Name: "verdict", Verdict: r.Verdict, Reason: r.Why}, words)
	for _, c := range r.Checkers {
		add(c, c.Reason)
	}
	out, err := xml.MarshalIndent(s, "", "  ")
	if err == nil {
		_, err = fmt.Fprintf(w, "%s%s\n", xml.Header, out)
	}
	if err != nil {
		return fmt.Errorf("write junit: %w", err)
	}
	return nil
}
