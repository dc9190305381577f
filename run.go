package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/hashicorp/go-hclog"

	"sunder/checker"
	"sunder/harness"
	"sunder/harness/history"
	"sunder/harness/plan"
	"sunder/harness/report"
	"sunder/harness/report/page"
	"sunder/harness/report/store"
	"sunder/nodes"
	"sunder/nodes/kv"
)

// session is one test on its way from a plan to a verdict.
type session struct {
	flags          testFlags
	plan           plan.Plan
	log            hclog.Logger
	stdout, stderr io.Writer

	patience time.Duration // with the simulation; 0: the usual one
	parts    parts
	test     *harness.Test
	early    *failFast // nil: the test runs to its end
	run      *store.Run
	phases   []report.Phase
	pictures []report.Picture
	full     report.Run // what the page shows, once it is written
}

// words is where what people read goes: with --json standard output is for programs.
func (s *session) words() io.Writer {
	if s.flags.json {
		return s.stderr
	}
	return s.stdout
}

// stage is a harness.Environment with what is left of it after a run.
type stage interface {
	harness.Environment
	// Leader is who is believed to lead, for the status line.
	Leader() string
	// Collect stores what the nodes leave behind: observations and logs.
	Collect(ctx context.Context, r *store.Run) (remains, error)
	// Close tears everything down.
	Close(ctx context.Context) error
}

// remains is what the nodes leave behind.
type remains struct {
	observed map[nodes.ID][]nodes.Observed
	logs     []nodeLog
	debts    []string
	missing  error // why there is not more
}

type nodeLog struct {
	node, name string
	text       []byte
}

// runOne takes a plan to its verdict. History and results are stored before anything is torn
// down, and trouble while tearing down never loses them.
func runOne(ctx context.Context, s *session) (report.Results, error) {
	var err error
	if s.parts, err = partsOf(s.plan); err != nil {
		return report.Results{}, err
	}
	sessions := slices.Contains(s.parts.protocol.Ops, kv.OpenSession)
	s.test = harness.NewTest(s.plan, s.parts.workload, sessions)
	if s.early, err = s.newFailFast(); err != nil {
		return report.Results{}, err
	}
	if s.run, err = store.Create(s.flags.store, s.plan, origin()); err != nil {
		return report.Results{}, usage("%w", err)
	}
	defer s.run.Close()
	closeLog, err := s.openLog()
	if err != nil {
		return report.Results{}, broken(err)
	}
	defer closeLog()
	s.announce()
	began := time.Now()
	env, err := s.environment(ctx)
	if err != nil {
		return report.Results{}, err
	}
	s.phase("set-up", began)
	results, err := s.conductAndJudge(ctx, env)
	began = time.Now()
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeLimit)
	defer cancel()
	if closeErr := env.Close(closing); closeErr != nil {
		s.log.Error("tear down", "error", closeErr)
		fmt.Fprintf(s.stderr, "sunder: tear down: %v\n", closeErr)
	}
	if err != nil {
		return results, err
	}
	s.phase("tear-down", began)
	results.Phases = s.phases
	if err := s.run.Save(results); err != nil { // they are stored already, but for this last phase
		s.log.Error("store results", "error", err)
		fmt.Fprintf(s.stderr, "sunder: %v\n", err)
	}
	return results, nil
}

// closeLimit bounds tearing down.
const closeLimit = time.Minute

// openLog makes the run's own log file get all that is logged, at every level.
func (s *session) openLog() (func() error, error) {
	f, err := s.run.Append(store.LogFile)
	if err != nil {
		return nil, err
	}
	also := hclog.NewInterceptLogger(&hclog.LoggerOptions{Name: "sunder", Output: s.stderr,
		Level: hclog.LevelFromString(s.flags.logLevel), JSONFormat: s.flags.logFormat == "json"})
	also.RegisterSink(hclog.NewSinkAdapter(&hclog.LoggerOptions{Level: hclog.Debug, Output: f}))
	s.log = also
	return f.Close, nil
}

func (s *session) phase(name string, began time.Time) {
	s.phases = append(s.phases, report.Phase{Name: name, Took: time.Since(began)})
}

// conductAndJudge runs the test in env and stores everything that a report shows.
func (s *session) conductAndJudge(ctx context.Context, env stage) (report.Results, error) {
	f, err := s.run.Append(store.HistoryFile)
	if err != nil {
		return report.Results{}, broken(err)
	}
	defer f.Close()
	progress := newProgress(s, history.NewWriter(f), env)
	stop, cancel := context.WithCancel(ctx)
	defer cancel()
	if s.early != nil {
		s.early.stop = cancel
	}
	began := time.Now()
	why, err := s.conduct(stop, env, progress)
	progress.done()
	if abortOf(ctx).Err() != nil {
		return report.Results{}, broken(errors.New("interrupted twice: the test was not judged; " +
			"sunder analyze " + s.run.Dir + " judges what there is"))
	}
	if err = errors.Join(err, f.Sync()); err != nil {
		return report.Results{}, broken(fmt.Errorf("conduct test: %w", err))
	}
	s.phase("test", began)
	began = time.Now()
	left, err := env.Collect(abortOf(ctx), s.run)
	if left.missing = err; err != nil {
		s.log.Error("collect from nodes", "error", err)
	}
	s.phase("collect", began)
	began = time.Now()
	results := s.judge(abortOf(ctx), progress.events, left)
	if interrupted(ctx) && results.Verdict == "valid" {
		results.Verdict, results.Why = "unknown", "the test was interrupted"
	}
	if why != "" && results.Verdict != "invalid" {
		results.Verdict, results.Why = "unknown", why
	}
	s.early.tell(&results)
	s.phase("judge", began)
	results.Phases = s.phases
	if traced, ok := env.(interface{ Trace() uint64 }); ok && why == "" {
		results.TraceHash = fmt.Sprintf("%016x", traced.Trace())
	}
	if err := s.publish(results, progress.events, left); err != nil {
		if results.Verdict != "invalid" { // else that is what the user must hear
			return results, err
		}
		fmt.Fprintf(s.stderr, "sunder: %v\n", err)
	}
	return results, nil
}

// conduct conducts the test. why says that it was given up, and the reason.
func (s *session) conduct(ctx context.Context, env stage, j *progress) (why string, err error) {
	if e, ok := env.(*simulated); ok {
		return e.conduct(ctx, s, j)
	}
	return "", harness.Conduct(ctx, abortOf(ctx), env, s.test.Scheduler(), j,
		func(line string) { s.log.Info(line) })
}

// judge gives the results of a history.
func (s *session) judge(ctx context.Context, events []history.Event, left remains) report.Results {
	e := harness.Evidence{Plan: s.plan, Events: events, Observed: left.observed, Missing: left.missing,
		Debts: left.debts, Checkers: s.parts.workload.Checkers(s.test.Options),
		Assumption: s.parts.protocol.Clock(s.parts.protocol.Pick(s.plan.Options))}
	for _, l := range left.logs {
		e.Logs = append(e.Logs, l.checked())
	}
	verdict := harness.Judge(ctx, e)
	r := report.New(s.plan, events)
	r.Store, r.Environment = s.run.Dir, s.plan.Environment
	r.Verdict, r.Why = verdict.Verdict.String(), verdict.Reason
	if r.Why == "" {
		r.Why = "no checker found fault"
		if len(s.plan.Faults) == 0 {
			r.Why += "; no fault was injected"
		}
	}
	for _, a := range verdict.Anomalies {
		r.Anomalies = append(r.Anomalies, report.Anomaly{Class: a.Class, Key: a.Key, Node: a.Node,
			Words: a.Words, Ops: a.Ops})
	}
	for _, part := range verdict.Parts {
		r.Checkers = append(r.Checkers, check(part))
	}
	for _, p := range verdict.Pictures {
		s.pictures = append(s.pictures, report.Picture{Name: p.Name, HTML: string(p.Data)})
	}
	return r
}

func check(part checker.Result) report.Check {
	details, err := json.Marshal(part.Details)
	if err != nil {
		details = nil
	}
	return report.Check{Name: part.Name, Verdict: part.Verdict.String(), Reason: part.Reason,
		Details: details}
}

// publish stores the results in every form and tells the user.
func (s *session) publish(r report.Results, events []history.Event, left remains) error {
	err := s.run.Save(r)
	full := report.Run{Plan: s.plan, Origin: s.run.Origin, Results: r, Events: events,
		Pictures: s.pictures}
	for _, id := range s.test.Options.Nodes {
		full.Observed = append(full.Observed, left.observed[id]...)
	}
	for _, l := range left.logs {
		full.Logs = append(full.Logs, report.Log{Node: l.node, Name: l.name, Tail: l.tail()})
	}
	s.full = full
	err = errors.Join(err,
		s.run.Write(store.PageFile, func(w io.Writer) error { return page.Write(w, full) }),
		s.run.Write(store.JUnitFile, func(w io.Writer) error { return report.JUnit(w, r) }))
	for _, p := range s.pictures {
		err = errors.Join(err, s.run.Write(p.Name, func(w io.Writer) error {
			_, err := io.WriteString(w, p.HTML)
			return err
		}))
	}
	out := s.words()
	err = errors.Join(err, report.Text(out, r, columnsOf(out), isTerminal(out)),
		report.AppendSummary(os.Getenv("GITHUB_STEP_SUMMARY"), r))
	if err != nil {
		return broken(err)
	}
	return nil
}
