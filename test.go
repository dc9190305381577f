package main

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/spf13/cobra"

	"sunder/harness/plan"
	"sunder/harness/report"
)

// testFlags are the flags of sunder test as they were given.
type testFlags struct {
	system, env, workload, nemesis, concurrency, bug, planFile, store string
	clockRates, reads, logLevel, logFormat, network                   string
	nodes, count                                                      int
	seed                                                              uint64
	rate                                                              float64
	timeLimit, budget                                                 time.Duration
	options                                                           map[string]string
	json, noShrink, failFast                                          bool
}

func testCommand(stdout, stderr io.Writer) *cobra.Command {
	var f testFlags
	c := &cobra.Command{
		Use:   "test",
		Short: "Run a test and judge it",
		Example: "  sunder test\n" +
			"  sunder test --env docker --nemesis partition,clock,kill,pause --seed 1\n" +
			"  sunder test --plan store/latest/plan.json",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return runTests(c, f, stdout, stderr) },
	}
	fl := c.Flags()
	fl.StringVar(&f.system, "system", "raft", "the system under test (see sunder list)")
	fl.StringVar(&f.env, "env", "sim", "where it runs: sim or docker")
	fl.StringVar(&f.workload, "workload", "register", "what clients do (see sunder list)")
	fl.StringVar(&f.nemesis, "nemesis", "partition,clock", "kinds of fault, or none")
	fl.StringVar(&f.network, "network", "swarm", "in sim: swarm, which loses, doubles, delays and "+
		"reorders messages as the seed decides; calm; or stream, as TCP in containers is")
	fl.IntVar(&f.nodes, "nodes", 5, "number of nodes")
	fl.StringVar(&f.concurrency, "concurrency", "2n",
		"client threads: a number, or a multiple of the nodes as in 2n")
	fl.DurationVar(&f.timeLimit, "time-limit", 0,
		"of the main phase (default 20s in sim, 60s in docker)")
	fl.Float64Var(&f.rate, "rate", 0, "operations a second over all; 0: the environment's default "+
		"(200 in sim, 500 in docker); below 0: unbounded")
	fl.Uint64Var(&f.seed, "seed", 0,
		"decides every random choice (default: a random one, which is printed)")
	fl.IntVar(&f.count, "test-count", 1,
		"tests to run, each with the next seed; stops at the first invalid one. In sim they run on all\n"+
			"cores, and unless flags say what plans look like, each seed chooses that, too; a\n"+
			"planted bug is looked for in 20000 unless --seed is given")
	fl.DurationVar(&f.budget, "budget", 0, "in sim: run as many tests as fit into that time, "+
		"at most --test-count if that is given and not 0")
	fl.StringVar(&f.bug, "bug", "", "a planted bug (see sunder list)")
	fl.StringVar(&f.planFile, "plan", "",
		"run the plan in this file; flags that say what plans look like are ignored")
	f.addCommon(c)
	fl.StringVar(&f.reads, "reads", "", "how the system reads: short for --option reads=...")
	fl.StringToStringVar(&f.options, "option", nil,
		"option of the system or the workload, name=value")
	fl.StringVar(&f.clockRates, "clock-rates", "", "lowest and highest rate of clocks, as in 0.5,1.5 "+
		"(default: within the system's assumption)")
	fl.BoolVar(&f.json, "json", false, "print the results as one JSON object on the last line")
	fl.BoolVar(&f.failFast, "fail-fast", false, "judge while the test runs, and stop it as soon as "+
		"what clients saw is impossible")
	fl.BoolVar(&f.noShrink, "no-shrink", false, "do not look for a smaller plan that fails in sim")
	completions(c)
	return c
}

// addCommon adds the flags of every command that runs tests.
func (f *testFlags) addCommon(c *cobra.Command) {
	fl := c.Flags()
	fl.StringVar(&f.store, "store", "store", "folder that keeps the runs")
	fl.StringVar(&f.logLevel, "log-level", "warn", "trace, debug, info, warn or error")
	fl.StringVar(&f.logFormat, "log-format", "text", "text or json")
}

// huntSeeds are the most seeds in which a planted bug is looked for when no seed is named.
const huntSeeds = 20_000

// runTests runs as many tests as were asked for. The worst verdict decides.
func runTests(c *cobra.Command, f testFlags, stdout, stderr io.Writer) error {
	log, err := newLogger(f, stderr)
	if err != nil {
		return err
	}
	if err := f.bounds(c); err != nil {
		return err
	}
	if !c.Flags().Changed("seed") {
		f.seed = randomSeed()
		if f.bug != "" && !c.Flags().Changed("test-count") && !c.Flags().Changed("budget") &&
			f.env == "sim" && !f.failFast {
			f.count = huntSeeds // whoever plants a bug wants to see it
		}
	}
	s := &session{flags: f, log: log, stdout: stdout, stderr: stderr}
	if f.count != 1 && f.env == "sim" && f.planFile == "" {
		return runSeeds(c.Context(), c, f, s)
	}
	worst := exitValid
	for range f.count {
		s = &session{flags: f, log: log, stdout: stdout, stderr: stderr}
		if s.plan, err = f.plan(c); err != nil {
			return err
		}
		r, err := runAndShrink(c.Context(), s)
		if err != nil {
			return err
		}
		if f.json {
			if err := json.NewEncoder(stdout).Encode(r); err != nil {
				return broken(fmt.Errorf("print results: %w", err))
			}
		}
		if worst = worse(worst, statusOf(r)); worst == exitInvalid || c.Context().Err() != nil {
			break
		}
		f.seed++
	}
	if worst != exitValid {
		return exit{status: worst}
	}
	return nil
}

// bounds checks what says how many tests are run. With a budget alone their number has no bound.
func (f *testFlags) bounds(c *cobra.Command) error {
	switch {
	case f.budget < 0:
		return usage("--budget is %v, want more than 0", f.budget)
	case f.count < 0 || f.count == 0 && f.budget == 0:
		return usage("--test-count is %d, want at least 1, or a --budget", f.count)
	case f.budget > 0 && (f.env != "sim" || f.planFile != ""):
		return usage("--budget is for a search in the simulation, not for --env docker or --plan")
	case f.failFast && f.env == "sim" && f.planFile == "" && (f.count != 1 || f.budget > 0):
		return usage("--fail-fast is for one test: a search stops at the first that is invalid")
	case f.budget > 0 && !c.Flags().Changed("test-count"):
		f.count = 0
	}
	return nil
}

// runAndShrink runs a test and, if it fails in the simulation, looks for a smaller plan that does.
func runAndShrink(ctx context.Context, s *session) (report.Results, error) {
	r, err := runOne(ctx, s)
	if err != nil || s.plan.Environment != "sim" || statusOf(r) != exitInvalid || s.flags.noShrink {
		return r, err
	}
	out := s.words()
	quick, cancel := context.WithTimeout(ctx, shrinkLimit)
	defer cancel()
	small, err := shrinkRun(quick, r.Store, shrinkRuns, out)
	if err == nil {
		err = s.explain(ctx, small, classOf(r), out)
	}
	if err != nil {
		fmt.Fprintf(s.stderr, "sunder: %v\n", err) // the verdict stands
	}
	return r, nil
}

// worse is the worse of two statuses: invalid, then unknown, then valid.
func worse(a, b int) int {
	if a == exitInvalid || b == exitInvalid {
		return exitInvalid
	}
	return max(a, b)
}

func statusOf(r report.Results) int {
	switch report.Sure(r.Verdict) {
	case "valid":
		return exitValid
	case "invalid":
		return exitInvalid
	}
	return exitUnknown
}

func randomSeed() uint64 {
	var b [4]byte
	rand.Read(b[:]) // never fails
	return uint64(binary.LittleEndian.Uint32(b[:]))
}

func newLogger(f testFlags, stderr io.Writer) (hclog.Logger, error) {
	level := hclog.LevelFromString(f.logLevel)
	if level == hclog.NoLevel {
		return nil, usage("--log-level is %q, want trace, debug, info, warn or error", f.logLevel)
	}
	if f.logFormat != "text" && f.logFormat != "json" {
		return nil, usage("--log-format is %q, want text or json", f.logFormat)
	}
	return hclog.New(&hclog.LoggerOptions{Name: "sunder", Level: level, Output: stderr,
		JSONFormat: f.logFormat == "json"}), nil
}

// readPlan reads the plan that --plan names.
func readPlan(path string) (plan.Plan, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return plan.Plan{}, usage("%w", err)
	}
	p, err := plan.Read(text)
	if err != nil {
		return p, usage("%s: %w", path, err)
	}
	return p, nil
}

// interrupted says that the user wants the test to end.
func interrupted(ctx context.Context) bool { return errors.Is(ctx.Err(), context.Canceled) }
