package checker

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
)

// Log is what one node wrote.
type Log struct {
	Node string
	Text io.Reader
}

// Logs looks for lines in nodes' logs that no sound program writes. The text is untrusted: lines
// are cut, and quoted where they are shown.
type Logs struct {
	Logs     []Log
	Patterns []*regexp.Regexp // nil: those of the Go runtime and the race detector
}

// Limits of Logs: longer lines are cut before they are matched, and one node's further anomalies
// are only counted.
const (
	logLineMax    = 64 << 10
	logQuoteMax   = 200
	logAnomalyMax = 10
)

var logPatterns = []*regexp.Regexp{
	regexp.MustCompile(`(^|\s)panic: `),
	regexp.MustCompile(`(^|\s)fatal error: `),
	regexp.MustCompile(`DATA RACE`),
	regexp.MustCompile(`SIGSEGV: segmentation violation`),
	regexp.MustCompile(`runtime: out of memory`),
}

// Name is logs.
func (Logs) Name() string { return "logs" }

// Check reads every log to its end. An unreadable log is Unknown.
func (l Logs) Check(ctx context.Context, _ History) Result {
	patterns := l.Patterns
	if patterns == nil {
		patterns = logPatterns
	}
	r := Result{Name: l.Name(), Verdict: Valid}
	matches := make(map[string]int)
	for _, log := range l.Logs {
		n, err := scanLog(ctx, log, patterns, &r)
		matches[log.Node] = n
		if err != nil && r.Verdict != Invalid {
			r.Verdict, r.Reason = Unknown, fmt.Sprintf("read log of %s: %v", log.Node, err)
		}
	}
	r.Details = map[string]any{"matches": matches}
	return r
}

func scanLog(ctx context.Context, log Log, patterns []*regexp.Regexp, r *Result) (int, error) {
	in := bufio.NewReaderSize(log.Text, logLineMax)
	matches := 0
	for n := 1; ; n++ {
		line, err := in.ReadSlice('\n')
		for _, p := range patterns {
			if !p.Match(line) {
				continue
			}
			matches++
			if matches <= logAnomalyMax {
				words := fmt.Sprintf("node %s wrote in line %d: %q", log.Node, n, clip(line))
				r.Anomalies = append(r.Anomalies, Anomaly{Class: "log", Node: log.Node, Words: words})
				if r.Verdict != Invalid {
					r.Verdict, r.Reason = Invalid, words
				}
			}
			break
		}
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = in.ReadSlice('\n')
		}
		if err == io.EOF {
			return matches, nil
		}
		if err != nil {
			return matches, err
		}
		if n%1024 == 0 && ctx.Err() != nil {
			return matches, ctx.Err()
		}
	}
}

// clip is the beginning of a line, without its end.
func clip(line []byte) []byte {
	if n := len(line); n > 0 && line[n-1] == '\n' {
		line = line[:n-1]
	}
	return line[:min(len(line), logQuoteMax)]
}
