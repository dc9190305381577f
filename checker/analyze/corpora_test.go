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

// disputed are histories of which others say something else, and why.
var disputed = map[string]checker.Verdict{
	// Nothing in them succeeded that proves anything: Knossos and Jepsen call that valid.
	"good/mongodb-v0-ack-rollback-9.edn":  checker.Unknown,
	"good/mongodb-v0-ack-rollback-10.edn": checker.Unknown,
	"jepsen/counter.json":                 checker.Unknown, // adds and not one read
	// It reads 3, which nobody wrote; Elle infers nothing from that.
	"elle/rw-register.edn": checker.Invalid,
}

func (r recorded) want() checker.Verdict {
	for file, verdict := range disputed {
		if strings.HasSuffix(r.file, file) {
			return verdict
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
		got, err := Read(context.Background(), f, r.model, linear.Budget{Time: 5 * time.Minute})
		spent += time.Since(begin)
		files++
		f.Close()
		if strings.HasSuffix(r.file, "comments.edn") { // it has no processes, so nothing pairs
			if err == nil {
				t.Errorf("%s: %v, want an error", r.file, got.Verdict)
			}
		} else if err != nil {
			t.Errorf("%s: %v", r.file, err)
		} else if got.Verdict != r.want() {
			t.Errorf("%s: %v as %s, want %v (%s): %s", r.file, got.Verdict, r.model, r.want(),
				r.expected, got.Reason)
		}
	}
	t.Logf("%d files in %v", files, spent)
}
