package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"sunder/harness/plan"
	"sunder/harness/report"
	"sunder/harness/report/store"
	"sunder/search"
)

func replayCommand(stdout, stderr io.Writer) *cobra.Command {
	var f testFlags
	c := &cobra.Command{
		Use:   "replay DIR|PLAN",
		Short: "Run a stored plan again and say what came back",
		Long: "Runs a plan again. In the simulation the same plan gives the same history and the same\n" +
			"trace, bit for bit. In containers it says in how many of the runs the same class of\n" +
			"anomaly came back. What a run in containers showed is looked for in the simulation,\n" +
			"with its operations, faults and delays, and shrunk there. What the simulation showed is\n" +
			"done in containers in the same order, with the same leader at first, but slower: there\n" +
			"elections take the time that they take.",
		Example: "  sunder replay store/latest\n" +
			"  sunder replay --env sim store/latest\n" +
			"  sunder replay store/latest/plan.json --env docker --test-count 10",
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage("replay wants the folder of one run or a plan, as in sunder replay store/latest")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			return replay(c.Context(), args[0], f, stdout, stderr)
		},
	}
	fl := c.Flags()
	fl.StringVar(&f.env, "env", "",
		"where it runs: sim or docker (default: where the plan was made for)")
	fl.IntVar(&f.count, "test-count", 1, "runs")
	fl.DurationVar(&f.timeLimit, "budget", time.Minute,
		"most time to look in sim for what a run in containers showed")
	f.addCommon(c)
	fl.BoolVar(&f.json, "json", false, "print the outcome as one JSON object on the last line")
	return c
}

// replay runs what stands at path again.
func replay(ctx context.Context, path string, f testFlags, stdout, stderr io.Writer) error {
	log, err := newLogger(f, stderr)
	if err != nil {
		return err
	}
	if f.count < 1 {
		return usage("--test-count is %d, want at least 1", f.count)
	}
	p, first, err := stored(path)
	if err != nil {
		return err
	}
	if ours := origin().Revision; p.Revision != "" && p.Revision != ours {
		fmt.Fprintf(stderr, "sunder: revision %.12s made this run, and this is %.12s: it may go "+
			"otherwise; what made it replays it\n", p.Revision, cmp.Or(ours, "unknown"))
	}
	if f.env == "sim" && p.Environment != "sim" && first != nil {
		return transfer(ctx, path, f.timeLimit,
			&session{flags: f, log: log, stdout: stdout, stderr: stderr})
	}
	if f.env == "docker" && p.Environment == "sim" {
		here, err := search.Run(ctx, p)
		if err != nil {
			return usage("%s: %w", path, err)
		}
		if class := here.Class(); class != "" {
			return confirm(ctx, p, class,
				&session{flags: f, log: log, stdout: stdout, stderr: stderr})
		}
	}
	exact := p.Environment == "sim" && (f.env == "" || f.env == "sim")
	if f.env != "" {
		p.Environment = f.env
	}
	if err := fits(p, path); err != nil {
		return err
	}
	count := f.count
	if exact && first == nil {
		count++ // there is nothing older to compare with
	}
	f.failFast = exact && first != nil && first.Stopped != ""
	var runs []report.Results
	for len(runs) < count && ctx.Err() == nil {
		r, err := runOne(ctx, &session{flags: f, plan: p, log: log, stdout: stdout, stderr: stderr})
		if err != nil {
			return err
		}
		runs = append(runs, r)
		if p.Environment == "sim" && !exact {
			p.Seed++ // or each run would be the same one
		}
	}
	if exact && first == nil {
		first, runs = &runs[0], runs[1:]
	}
	return compare(first, runs, exact).tell(p.Revision, f.json, stdout, stderr)
}

// stored is the plan at path with what came of it, if that is known: path is a run's folder, a
// plan in one, or any other plan.
func stored(path string) (plan.Plan, *report.Results, error) {
	info, err := os.Stat(path)
	if err != nil {
		return plan.Plan{}, nil, usage("%w", err)
	}
	if !info.IsDir() {
		p, err := readPlan(path)
		return p, nil, err
	}
	run, err := store.Open(path)
	if err != nil {
		return plan.Plan{}, nil, usage("%w", err)
	}
	defer run.Close()
	r, err := run.Results()
	if errors.Is(err, fs.ErrNotExist) {
		return run.Plan, nil, nil
	}
	if err != nil {
		return plan.Plan{}, nil, usage("%w", err)
	}
	return run.Plan, &r, nil
}

// replayed is what came of running a plan again.
type replayed struct {
	Exact   bool       `json:"exact"` // each run is compared bit for bit
	Runs    int        `json:"runs"`  // that were compared
	Same    int        `json:"same"`
	Class   string     `json:"class,omitempty"` // of anomaly that was looked for
	Within  [2]float64 `json:"interval_95"`     // of the probability that a run is the same
	Verdict string     `json:"verdict"`         // of the last run

	history, trace string // hashes of the first run
}

// compare compares runs with the first one, which may be unknown where that need not be exact:
// then the first anomaly that comes gives the class.
func compare(first *report.Results, runs []report.Results, exact bool) replayed {
	o := replayed{Exact: exact, Runs: len(runs), Verdict: "unknown"}
	for i := 0; i < len(runs) && !exact && o.Class == "" && first == nil; i++ {
		o.Class = classOf(runs[i])
	}
	if first != nil {
		o.Class, o.Verdict, o.history, o.trace =
			classOf(*first), first.Verdict, first.HistoryHash, first.TraceHash
	}
	for _, r := range runs {
		o.Verdict = r.Verdict
		if exact && r.HistoryHash == o.history && r.TraceHash == o.trace ||
			!exact && reproduces(r, o.Class) {
			o.Same++
		}
	}
	o.Within[0], o.Within[1] = wilson(o.Same, o.Runs)
	return o
}

// classOf is the class of anomaly that a run is remembered by: its first one; empty if it has none.
func classOf(r report.Results) string {
	if len(r.Anomalies) == 0 {
		return ""
	}
	return r.Anomalies[0].Class
}

// reproduces says whether a run shows an anomaly of the class. That it failed for another reason
// is not enough. No class asks for no anomaly.
func reproduces(r report.Results, class string) bool {
	if class == "" {
		return len(r.Anomalies) == 0
	}
	return slices.ContainsFunc(r.Anomalies, func(a report.Anomaly) bool { return a.Class == class })
}

// tell prints the outcome. The verdict of the last run decides the exit status, unless what had
// to be the same was not.
func (o replayed) tell(revision string, asJSON bool, stdout, stderr io.Writer) error {
	out := stdout
	if asJSON {
		out = stderr
	}
	what := "an anomaly of class " + o.Class
	if o.Class == "" {
		what = "no anomaly"
	}
	switch {
	case o.Exact:
		fmt.Fprintf(out, "replay      %d of %d the same bit for bit: history %.16s, trace %s\n", o.Same,
			o.Runs, o.history, o.trace)
	default:
		fmt.Fprintf(out, "replay      %d of %d runs show %s (95 %% interval %.0f to %.0f %%)\n", o.Same,
			o.Runs, what, 100*o.Within[0], 100*o.Within[1])
	}
	if asJSON {
		if err := json.NewEncoder(stdout).Encode(o); err != nil {
			return broken(fmt.Errorf("print outcome: %w", err))
		}
	}
	if o.Exact && o.Same < o.Runs {
		return broken(fmt.Errorf("%d of %d runs differ from the first one, of revision %q; this is %q: "+
			"a plan replays with the program that it ran with", o.Runs-o.Same, o.Runs, revision,
			origin().Revision))
	}
	if status := statusOf(report.Results{Verdict: o.Verdict}); status != exitValid {
		return exit{status: status}
	}
	return nil
}

// wilson is the 95 % interval of a probability of which k of n were seen (Wilson, JASA 1927).
func wilson(k, n int) (low, high float64) {
	if n == 0 {
		return 0, 1
	}
	const z = 1.959964
	p, m := float64(k)/float64(n), float64(n)
	middle := (p + z*z/(2*m)) / (1 + z*z/m)
	half := z / (1 + z*z/m) * math.Sqrt(p*(1-p)/m+z*z/(4*m*m))
	return max(0, middle-half), min(1, middle+half)
}
