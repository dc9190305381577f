package analyze

import (
	"bufio"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sunder/checker"
	"sunder/checker/linear"
)

// corpora is the folder of recorded histories, or skips.
func corpora(t testing.TB) string {
	dir := os.Getenv("SUNDER_CORPORA")
	if dir == "" {
		dir = "../../../shared/corpora"
	}
	if _, err := os.Stat(filepath.Join(dir, "MANIFEST.tsv")); err != nil {
		t.Skipf("no recorded histories: %v (set SUNDER_CORPORA)", err)
	}
	return dir
}

// recorded is one line of the manifest.
type recorded struct{ file, expected, model string }

func manifest(t testing.TB, dir string) []recorded {
	f, err := os.Open(filepath.Join(dir, "MANIFEST.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []recorded
	in := bufio.NewScanner(f)
	for in.Scan() {
		fields := strings.Split(in.Text(), "\t")
		if fields[0] == "file" {
			continue
		}
		out = append(out, recorded{fields[0], fields[4], modelOf(fields[0])})
	}
	return out
}

func modelOf(file string) string {
	for _, c := range [][2]string{
		{"/jepsen/etcd_", "cas-register"}, {"/kv/", "kv"}, {"/cas-register/", "cas-register"},
		{"/mutex/", "mutex"}, {"/multi-register/", "multi-register"},
		{"/rw-register", "rw-register"}, {"/set_full", "set-full"}, {"/set", "set"},
		{"/counter", "counter"}, {"/bank-neg.edn", "bank-negative"}, {"/bank", "bank"},
		{"/long-fork", "long-fork"}, {"/comments", "comments"}, {"/elle/", "list-append"},
		{"jepsen-io_elle/", "list-append"},
	} {
		if strings.Contains("/"+file, c[0]) {
			return c[1]
		}
	}
	return ""
}

// vacuous are histories that Knossos calls linearizable because nothing in them succeeded. That
// proves nothing, so here it is unknown.
var vacuous = []string{"good/mongodb-v0-ack-rollback-9.edn", "good/mongodb-v0-ack-rollback-10.edn"}

func (r recorded) want() checker.Verdict {
	for _, file := range vacuous {
		if strings.HasSuffix(r.file, file) {
			return checker.Unknown
		}
	}
	switch e := strings.ToLower(r.expected); {
	case strings.HasPrefix(e, "not ") || strings.HasPrefix(e, "invalid") ||
		strings.HasPrefix(e, "list-append, g0"):
		return checker.Invalid
	case strings.HasPrefix(e, "linearizable"), strings.HasPrefix(e, "valid"):
		return checker.Valid
	}
	return checker.Unknown
}

func TestCorpora(t *testing.T) {
	dir := corpora(t)
	var spent time.Duration
	files := 0
	for _, r := range manifest(t, dir) {
		if _, known := models[r.model]; !known {
			t.Errorf("%s: no model %q", r.file, r.model)
			continue
		}
		f, err := os.Open(filepath.Join(dir, r.file))
		if err != nil {
			t.Errorf("%s: %v", r.file, err)
			continue
		}
		begin := time.Now()
		got, err := Read(context.Background(), f, r.model, linear.Budget{Time: 20 * time.Second})
		spent += time.Since(begin)
		files++
		f.Close()
		if err != nil {
			t.Errorf("%s: %v", r.file, err)
		} else if got.Verdict != r.want() {
			t.Errorf("%s: %v as %s, want %v (%s): %s", r.file, got.Verdict, r.model, r.want(),
				r.expected, got.Reason)
		}
	}
	t.Logf("%d files in %v", files, spent)
}
