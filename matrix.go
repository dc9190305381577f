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
	wrong bool // by design: the system without a bug is to be found, too
}

// counts are how many bugs there are that can be found, how many of them were, and how many are
// masked.
func (m matrix) counts() (found, findable, masked int) {
	for i, q := range m.all {
		switch {
		case q.bug.Masked != "":
			masked++
		case i == 0 && !m.wrong: // the control
		case q.catch.Found:
			found++
			findable++
		default:
			findable++
		}
	}
	return found, findable, masked
}

const matrixTitle = "# Planted bugs, and what finds them\n\n" +
	"Each row is a realistic mistake, off unless it is named; `sunder list` says what it breaks.\n" +
	"Plans come from seeds; *smallest* is what shrinking leaves of the plan that failed: faults,\n" +
	"operations, and messages with a delay of their own. Time is that of one core. Rows without a\n" +
	"finding are holes in the search, unless it is said why nobody can see the mistake.\n"

// String is the system's section of the document.
func (m matrix) String() string {
	var b strings.Builder
	found, findable, _ := m.counts()
	fmt.Fprintf(&b, "## %s\n\n", m.flags.system)
	if m.wrong {
		fmt.Fprint(&b, "It is wrong by design: without any bug it must be found.\n")
	}
	fmt.Fprintf(&b, "%d of %d found. Made by `%s`, revision %.12s, in %v.\n\n", found, findable,
		m.command(), cmp.Or(origin().Revision, "unknown"), m.took.Round(time.Second))
	fmt.Fprint(&b, "| bug | seeds | anomaly | found by | smallest | time |\n"+
		"|---|---:|---|---|---|---:|\n")
	for _, q := range m.all {
		class, by, size := "**not found**", "", ""
		switch {
		case q.catch.Found:
			class, by = q.catch.Outcome.Class(), strings.Join(q.catch.Outcome.By(), ", ")
			size = q.size()
		case q.bug.Name == control && !m.wrong:
			class = "none, as it must be"
		case q.bug.Masked != "":
			class = q.bug.Masked
		}
		fmt.Fprintf(&b, "| %s | %d | %s | %s | %s | %v |\n", q.bug.Name, q.catch.Seeds, class, by, size,
			q.catch.Took.Round(10*time.Millisecond))
	}
	return b.String()
}

// command is what makes the section again.
func (m matrix) command() string {
	s := fmt.Sprintf("sunder bugs --system %s --budget %v --seed %d", m.flags.system, m.flags.budget,
		m.flags.first)
	if m.flags.workload != "" {
		s += " --workload " + m.flags.workload
	}
	return s
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
	found, findable, masked := m.counts()
	fmt.Fprintf(stdout, "\n%d of %d planted bugs were found in %v, %d more are masked; %s\n", found,
		findable, m.took.Round(time.Second), masked, m.flags.out)
	for _, q := range m.all {
		if q.err != nil {
			return broken(fmt.Errorf("hunt %s: %w", q.bug.Name, q.err))
		}
	}
	if c := m.all[0].catch; c.Found && !m.wrong {
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
