package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// matrix is the kill matrix of one system: what found each planted bug, the system without one
// first.
type matrix struct {
	flags huntFlags
	all   []quarry
	took  time.Duration
}

// counts are how many bugs there are that can be found, and how many of them were.
func (m matrix) counts() (found, findable int) {
	for _, q := range m.all[1:] {
		if q.bug.Masked == "" {
			findable++
			if q.catch.Found {
				found++
			}
		}
	}
	return found, findable
}

const matrixTitle = "# Planted bugs, and what finds them\n\n" +
	"Each row is a realistic mistake, off unless it is named; `sunder list` says what it breaks.\n" +
	"Plans come from seeds; *smallest* is what shrinking leaves of the plan that failed: faults,\n" +
	"operations, and messages with a delay of their own. Time is that of one core. Rows without a\n" +
	"finding are holes in the search, unless it is said why nobody can see the mistake.\n"

// String is the system's section of the document.
func (m matrix) String() string {
	var b strings.Builder
	found, findable := m.counts()
	fmt.Fprintf(&b, "## %s\n\n%d of %d found. Made by `sunder bugs --system %s --budget %v "+
		"--seed %d`, revision %.12s, in %v.\n\n", m.flags.system, found, findable, m.flags.system,
		m.flags.budget, m.flags.first, cmp.Or(origin().Revision, "unknown"), m.took.Round(time.Second))
	fmt.Fprint(&b, "| bug | seeds | anomaly | found by | smallest | time |\n"+
		"|---|---:|---|---|---|---:|\n")
	for _, q := range m.all {
		class, by, size := "**not found**", "", ""
		switch {
		case q.catch.Found:
			class, by = q.catch.Outcome.Class(), strings.Join(q.catch.Outcome.By(), ", ")
			size = q.size()
		case q.bug.Name == control:
			class = "none, as it must be"
		case q.bug.Masked != "":
			class = q.bug.Masked
		}
		fmt.Fprintf(&b, "| %s | %d | %s | %s | %s | %v |\n", q.bug.Name, q.catch.Seeds, class, by, size,
			q.catch.Took.Round(10*time.Millisecond))
	}
	return b.String()
}

// write puts the section into the document, in the place of the one that it had.
func (m matrix) write() error {
	path := m.flags.out
	old, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return usage("%w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return usage("%w", err)
	}
	if err := os.WriteFile(path, replaceSection(old, m.flags.system, m.String()), 0o644); err != nil {
		return usage("%w", err)
	}
	return nil
}

// replaceSection is the document with the section of that name replaced, or added at its end.
func replaceSection(old []byte, name, section string) []byte {
	if !bytes.HasPrefix(old, []byte(matrixTitle)) {
		old = []byte(matrixTitle)
	}
	parts := strings.Split(string(old), "\n## ")
	out := parts[0]
	done := false
	for _, p := range parts[1:] {
		if p = "## " + p; strings.HasPrefix(p, "## "+name+"\n") {
			p, done = section, true
		}
		out = strings.TrimRight(out, "\n") + "\n\n" + p
	}
	if !done {
		out = strings.TrimRight(out, "\n") + "\n\n" + section
	}
	return []byte(out)
}

// tell sums up. A false alarm of the control is an error.
func (m matrix) tell(ctx context.Context, stdout io.Writer) error {
	found, findable := m.counts()
	fmt.Fprintf(stdout, "\n%d of %d planted bugs were found in %v, %d more are masked; %s\n", found,
		findable, m.took.Round(time.Second), len(m.all)-1-findable, m.flags.out)
	for _, q := range m.all {
		if q.err != nil {
			return broken(fmt.Errorf("hunt %s: %w", q.bug.Name, q.err))
		}
	}
	if c := m.all[0].catch; c.Found {
		path := strings.TrimSuffix(m.flags.out, ".md") + "-false-alarm.json"
		var text bytes.Buffer
		if err := c.Plan.Write(&text); err != nil {
			return broken(err)
		}
		if err := os.WriteFile(path, text.Bytes(), 0o644); err != nil {
			return broken(fmt.Errorf("keep plan of the false alarm: %w", err))
		}
		return broken(fmt.Errorf("false alarm: %s without a bug shows %s at seed %d: "+
			"sunder test --plan %s", m.flags.system, c.Outcome.Class(), c.Plan.Seed, path))
	}
	return ctx.Err()
}
