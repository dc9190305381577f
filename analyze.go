package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/hashicorp/go-hclog"
	"github.com/spf13/cobra"

	"sunder/checker"
	models "sunder/checker/analyze"
	"sunder/checker/linear"
	"sunder/harness"
	"sunder/harness/report/store"
)

func analyzeCommand(stdout, stderr io.Writer) *cobra.Command {
	var asJSON bool
	var model string
	c := &cobra.Command{
		Use:   "analyze DIR | analyze FILE --model MODEL",
		Short: "Judge a stored run again, or a history that somebody else recorded",
		Long: "Judges a stored run again, one that was killed too. With --model it judges a history\n" +
			"in a file: Jepsen's EDN, JSON or text logs, porcupine's logs, or our own JSON Lines.",
		Example: "  sunder analyze store/latest\n" +
			"  sunder analyze history.edn --model cas-register",
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage("analyze wants the folder of one run, as in sunder analyze store/latest, " +
					"or a file and --model")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			if model != "" {
				return foreign(c.Context(), args[0], model, asJSON, stdout)
			}
			return analyze(c.Context(), args[0], asJSON, stdout, stderr)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print the results as one JSON object on the last line")
	c.Flags().StringVar(&model, "model", "", "model of a foreign history: "+
		strings.Join(models.Models(), ", "))
	return c
}

// foreign judges the history in a file by a model.
func foreign(ctx context.Context, path, model string, asJSON bool, stdout io.Writer) error {
	f, err := os.Open(path)
	if err != nil {
		return usage("%w", err)
	}
	defer f.Close()
	r, err := models.Read(ctx, f, model, linear.Budget{})
	if err != nil {
		return usage("%s: %w", path, err)
	}
	if asJSON {
		err = json.NewEncoder(stdout).Encode(r)
	} else {
		_, err = fmt.Fprintf(stdout, "%-8s %s %s\n", strings.ToUpper(r.Verdict.String()), path, r.Reason)
	}
	switch {
	case err != nil:
		return broken(fmt.Errorf("print verdict: %w", err))
	case r.Verdict == checker.Invalid:
		return exit{status: exitInvalid}
	case r.Verdict != checker.Valid:
		return exit{status: exitUnknown}
	}
	return nil
}

// analyze judges what a run left on disk, one that was killed too.
func analyze(ctx context.Context, dir string, asJSON bool, stdout, stderr io.Writer) error {
	run, err := store.Open(dir)
	if err != nil {
		return usage("%w", err)
	}
	defer run.Close()
	s := session{flags: testFlags{json: asJSON, logLevel: "warn"}, plan: run.Plan, run: run,
		log: hclog.NewNullLogger(), stdout: stdout, stderr: stderr}
	if s.parts, err = partsOf(s.plan); err != nil {
		return err
	}
	s.test = harness.NewTest(s.plan, s.parts.workload, true)
	events, torn, err := run.History()
	if err != nil {
		return usage("%w", err)
	}
	if torn {
		fmt.Fprintln(stderr, "sunder: the last line of the history was torn by a crash and is left out")
	}
	left, err := readRemains(run.Dir, s.test.Options.Nodes)
	if left.missing = err; err != nil {
		fmt.Fprintf(stderr, "sunder: %v\n", err)
	}
	results := s.judge(ctx, events, left)
	if old, err := run.Results(); err == nil {
		results.Phases, results.TraceHash = old.Phases, old.TraceHash
	} else if !errors.Is(err, os.ErrNotExist) {
		fmt.Fprintf(stderr, "sunder: %v\n", err)
	}
	if err := s.publish(results, events, left); err != nil {
		return err
	}
	if asJSON {
		if err := json.NewEncoder(stdout).Encode(results); err != nil {
			return broken(fmt.Errorf("print results: %w", err))
		}
	}
	if status := statusOf(results); status != exitValid {
		return exit{status: status}
	}
	return nil
}
