// Package store keeps runs on disk, as store/<test>/<time>/: the plan and all that is needed to
// do a run again before it starts, its history while it happens, its results before anything is
// torn down. store/latest links to the run that started last.
package store

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"sunder/harness/history"
	"sunder/harness/plan"
	"sunder/harness/report"
)

// Files of a run.
const (
	PlanFile    = "plan.json"
	OriginFile  = "origin.json"
	HistoryFile = "history.jsonl"
	ResultsFile = "results.json"
	PageFile    = "report.html"
	JUnitFile   = "junit.xml"
	LogFile     = "sunder.log"
	latest      = "latest"
)

// stamp is how a run's directory tells its time, in UTC: names sort as times do.
const stamp = "20060102T150405.000Z"

// ErrNotRun is returned by Open for a directory that holds no run.
var ErrNotRun = errors.New("no run is stored there")

// Run is one stored run. All paths inside it are taken below its directory, whatever they say.
type Run struct {
	Dir    string // its path, the store's root included
	Plan   plan.Plan
	Origin report.Origin
	root   *os.Root
}

// Create makes the directory of a new run in the store at root, writes down the plan and where
// the run comes from, and points latest at it. A store that cannot be written is one error that
// names its path.
func Create(root string, p plan.Plan, o report.Origin) (*Run, error) {
	dir, err := makeDir(filepath.Join(root, TestName(p)), o.Started)
	if err != nil {
		return nil, fmt.Errorf("create store: %w", err)
	}
	r, err := open(dir)
	if err != nil {
		return nil, err
	}
	r.Plan, r.Origin = p, o
	if err := errors.Join(r.Write(PlanFile, p.Write), r.writeJSON(OriginFile, o)); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	if err := link(root, dir); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// makeDir makes a directory that was not there before.
func makeDir(parent string, at time.Time) (string, error) {
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return "", err
	}
	name := at.UTC().Format(stamp)
	for n := 2; ; n++ {
		dir := filepath.Join(parent, name)
		err := os.Mkdir(dir, 0o755)
		if !errors.Is(err, fs.ErrExist) {
			return dir, err
		}
		name = fmt.Sprintf("%s-%d", at.UTC().Format(stamp), n)
	}
}

// link points root/latest at dir, in one step: whoever looks sees the old run or the new one.
func link(root, dir string) error {
	to, err := filepath.Rel(root, dir)
	if err != nil {
		return fmt.Errorf("link latest run: %w", err)
	}
	temp := filepath.Join(root, fmt.Sprintf(".%s-%d", latest, os.Getpid()))
	os.Remove(temp) // of a process that died between the next two lines
	if err := os.Symlink(to, temp); err != nil {
		return fmt.Errorf("link latest run: %w", err)
	}
	if err := os.Rename(temp, filepath.Join(root, latest)); err != nil {
		return errors.Join(fmt.Errorf("link latest run: %w", err), os.Remove(temp))
	}
	return nil
}

// Open opens the run stored in dir, store/latest among them.
func Open(dir string) (*Run, error) {
	r, err := open(dir)
	if err != nil {
		return nil, err
	}
	text, err := r.root.ReadFile(PlanFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errors.Join(fmt.Errorf("open run %s: %w: %s is missing", dir, ErrNotRun, PlanFile),
			r.Close())
	}
	if err == nil {
		r.Plan, err = plan.Read(text)
	}
	if err == nil {
		err = r.readJSON(OriginFile, &r.Origin)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, errors.Join(fmt.Errorf("open run %s: %w", dir, err), r.Close())
	}
	return r, nil
}

func open(dir string) (*Run, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open run: %w", err)
	}
	return &Run{Dir: dir, root: root}, nil
}

// Close releases the run's directory. Files that Append and Node opened stay open.
func (r *Run) Close() error { return r.root.Close() }

// Append opens one of the run's own files to be written at its end: the history, the log.
func (r *Run) Append(name string) (*os.File, error) {
	f, err := r.root.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", filepath.Join(r.Dir, name), err)
	}
	return f, nil
}

// Write writes one of the run's own files, whole and durable or not at all.
func (r *Run) Write(name string, write func(io.Writer) error) (err error) {
	temp := "." + name
	f, err := r.root.Create(temp)
	if err != nil {
		return fmt.Errorf("write %s: %w", filepath.Join(r.Dir, name), err)
	}
	err = cmp.Or(write(f), f.Sync())
	err = cmp.Or(err, f.Close())
	if err == nil {
		err = r.root.Rename(temp, name)
	}
	if err != nil {
		r.root.Remove(temp)
		return fmt.Errorf("write %s: %w", filepath.Join(r.Dir, name), err)
	}
	return nil
}

func (r *Run) writeJSON(name string, v any) error {
	return r.Write(name, func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(v)
	})
}

// Save writes the results. Do it before anything is torn down, and again when they grow.
func (r *Run) Save(res report.Results) error { return r.writeJSON(ResultsFile, res) }

// Results reads the results. A run that ended before it was judged has none: fs.ErrNotExist.
func (r *Run) Results() (res report.Results, err error) {
	return res, r.readJSON(ResultsFile, &res)
}

func (r *Run) readJSON(name string, to any) error {
	text, err := r.root.ReadFile(name)
	if err == nil {
		err = json.Unmarshal(text, to)
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", filepath.Join(r.Dir, name), err)
	}
	return nil
}

// History reads the history; torn says that its last line was cut off by a crash.
func (r *Run) History() (events []history.Event, torn bool, err error) {
	return history.ReadFile(filepath.Join(r.Dir, HistoryFile))
}
