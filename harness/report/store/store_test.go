package store_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"sunder/harness/history"
	"sunder/harness/plan"
	"sunder/harness/report"
	"sunder/harness/report/reporttest"
	"sunder/harness/report/store"
)

func sample() (plan.Plan, report.Origin) {
	run := reporttest.Run(false)
	return run.Plan, run.Origin
}

func create(t *testing.T, root string) *store.Run {
	t.Helper()
	p, o := sample()
	r, err := store.Create(root, p, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

func TestARunComesBack(t *testing.T) {
	root := t.TempDir()
	r := create(t, root)
	if want := filepath.Join(root, "raft-register-docker", "20261123T040000.000Z"); r.Dir != want {
		t.Errorf("stored in %s, want %s", r.Dir, want)
	}
	f, err := r.Append(store.HistoryFile)
	if err != nil {
		t.Fatal(err)
	}
	w := history.NewWriter(f)
	e, err := w.Append(history.Event{Kind: history.Invoke, F: "read", Key: "k"})
	if err != nil || w.Flush() != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(`{"index":1,"ti`); err != nil { // what a killed harness leaves
		t.Fatal(err)
	}
	want := report.New(r.Plan, []history.Event{e})
	if err := r.Save(want); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{r.Dir, filepath.Join(root, "latest")} {
		again, err := store.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer again.Close()
		if !reflect.DeepEqual(again.Plan, r.Plan) || !reflect.DeepEqual(again.Origin, r.Origin) {
			t.Errorf("plan or origin came back as %+v, %+v", again.Plan, again.Origin)
		}
		events, torn, err := again.History()
		if err != nil || !torn || !reflect.DeepEqual(events, []history.Event{e}) {
			t.Errorf("history came back as %+v, torn %v, %v", events, torn, err)
		}
		got, err := again.Results()
		if err != nil || got.HistoryHash != want.HistoryHash || got.Seed != want.Seed {
			t.Errorf("results came back as %+v, %v", got, err)
		}
	}
}

// TestWhatIsNeededToReproduceIsThereFirst: a harness that dies at once leaves it.
func TestWhatIsNeededToReproduceIsThereFirst(t *testing.T) {
	r := create(t, t.TempDir())
	for _, name := range []string{store.PlanFile, store.OriginFile} {
		if _, err := os.Stat(filepath.Join(r.Dir, name)); err != nil {
			t.Error(err)
		}
	}
	if _, err := r.Results(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("results of a run that was not judged: %v", err)
	}
}

func TestRunsOfOneInstantAreApart(t *testing.T) {
	root := t.TempDir()
	first, second := create(t, root), create(t, root)
	if first.Dir == second.Dir {
		t.Fatalf("both are in %s", first.Dir)
	}
	to, err := os.Readlink(filepath.Join(root, "latest"))
	if want, _ := filepath.Rel(root, second.Dir); err != nil || to != want {
		t.Errorf("latest leads to %s, want %s, %v", to, want, err)
	}
	left, err := filepath.Glob(filepath.Join(root, ".latest*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	dirs, err := store.List(root)
	if err != nil || !reflect.DeepEqual(dirs, []string{second.Dir, first.Dir}) {
		t.Errorf("listed %v, %v", dirs, err)
	}
}

func TestListOfNothing(t *testing.T) {
	if dirs, err := store.List(filepath.Join(t.TempDir(), "none")); dirs != nil || err != nil {
		t.Errorf("got %v, %v", dirs, err)
	}
}

func TestTestName(t *testing.T) {
	for _, c := range []struct{ system, workload, env, bug, want string }{
		{"raft", "register", "docker", "", "raft-register-docker"},
		{"raft", "register", "sim", "stale-read", "raft-register-sim-stale-read"},
		{"../../etc", "a/b", "x\x00", "", "_._.._etc-a_b-x_"},
		{strings.Repeat("x", 300), "", "", "", strings.Repeat("x", 100)},
		{"ü", "", "", "", "_--"},
	} {
		p := plan.Plan{System: c.system, Workload: c.workload, Environment: c.env, Bug: c.bug}
		if got := store.TestName(p); got != c.want {
			t.Errorf("%q: got %q, want %q", c, got, c.want)
		}
	}
}

func TestNoNameLeadsOutOfARun(t *testing.T) {
	root := t.TempDir()
	r := create(t, root)
	outside := t.TempDir()
	if err := os.Symlink(outside, filepath.Join(r.Dir, "nodes")); err != nil {
		t.Fatal(err)
	}
	if f, err := r.Node("n1", "log"); err == nil {
		f.Close()
		t.Error("a link led out of the run")
	}
	if err := os.Remove(filepath.Join(r.Dir, "nodes")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"../../../x", "/etc/passwd", "..", "", ".", "a/../../b",
		"a\\..\\b", "\x00"} {
		f, err := r.Node("../"+name, name)
		if err != nil {
			continue // refused
		}
		f.Close()
		path, err := filepath.EvalSymlinks(f.Name())
		if err != nil || !strings.HasPrefix(path, filepath.Join(r.Dir, "nodes")+"/") {
			t.Errorf("%q went to %s, %v", name, path, err)
		}
	}
	if found, _ := os.ReadDir(outside); len(found) > 0 {
		t.Errorf("outside: %v", found)
	}
	if _, err := r.Append("../x"); err == nil {
		t.Error("Append left the run")
	}
}

func TestNodeKeepsDirectories(t *testing.T) {
	r := create(t, t.TempDir())
	f, err := r.Node("n1", "data/raft.log")
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(f, "one\ntwo\n")
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	for most, want := range map[int64]string{4: "two\n", 100: "one\ntwo\n", 0: ""} {
		if text, err := r.Tail("n1", "data/raft.log", most); string(text) != want || err != nil {
			t.Errorf("the last %d: %q, %v", most, text, err)
		}
	}
	if _, err := r.Tail("n1", "none", 9); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	if _, err := os.Stat(filepath.Join(r.Dir, "nodes", "n1", "data", "raft.log")); err != nil {
		t.Error(err)
	}
}

func TestAWriteIsWholeOrNotAtAll(t *testing.T) {
	r := create(t, t.TempDir())
	write := func(text string, err error) error {
		return r.Write(store.PageFile, func(w io.Writer) error { fmt.Fprint(w, text); return err })
	}
	if err := write("whole", nil); err != nil {
		t.Fatal(err)
	}
	pen := errors.New("the pen broke")
	if err := write("half", pen); !errors.Is(err, pen) {
		t.Errorf("err %v", err)
	}
	text, err := os.ReadFile(filepath.Join(r.Dir, store.PageFile))
	if err != nil || string(text) != "whole" {
		t.Errorf("%q, %v", text, err)
	}
	if left, _ := filepath.Glob(filepath.Join(r.Dir, ".*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestNotWritableIsOneClearLine(t *testing.T) {
	root := filepath.Join(t.TempDir(), "store")
	if err := os.WriteFile(root, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	p, o := sample()
	_, err := store.Create(root, p, o)
	if err == nil || strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), root) {
		t.Errorf("err %v", err)
	}
}

func TestLatestThatIsADirectoryIsNotTouched(t *testing.T) {
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, "latest", "mine"), 0o755); err != nil {
		t.Fatal(err)
	}
	p, o := sample()
	if _, err := store.Create(root, p, o); err == nil || !strings.Contains(err.Error(), "latest") {
		t.Errorf("err %v", err)
	}
	if _, err := os.Stat(filepath.Join(root, "latest", "mine")); err != nil {
		t.Error(err)
	}
}

func TestOpenWhatIsNoRun(t *testing.T) {
	if _, err := store.Open(t.TempDir()); !errors.Is(err, store.ErrNotRun) {
		t.Errorf("an empty directory: %v", err)
	}
	if _, err := store.Open(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no directory: %v", err)
	}
	r := create(t, t.TempDir())
	if err := os.WriteFile(filepath.Join(r.Dir, store.PlanFile), []byte("{\n\n]"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(r.Dir); err == nil || !strings.Contains(err.Error(), "line 3") {
		t.Errorf("a damaged plan: %v", err)
	}
}

func TestListIsNewestFirst(t *testing.T) {
	root := t.TempDir()
	p, o := sample()
	var want []string
	for _, system := range []string{"raft", "paxos", "raft"} {
		p.System = system
		o.Started = o.Started.Add(time.Hour)
		r, err := store.Create(root, p, o)
		if err != nil {
			t.Fatal(err)
		}
		r.Close()
		want = append([]string{r.Dir}, want...)
	}
	if got, err := store.List(root); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v, %v", got, want, err)
	}
}
