package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/hashicorp/go-hclog"
	"github.com/spf13/cobra"

	"sunder/harness"
	"sunder/harness/report/store"
)

func analyzeCommand(stdout, stderr io.Writer) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:     "analyze DIR",
		Short:   "Judge a stored run again",
		Example: "  sunder analyze store/latest",
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage("analyze wants the folder of one run, as in sunder analyze store/latest")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			return analyze(c.Context(), args[0], asJSON, stdout, stderr)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print the results as one JSON object on the last line")
	return c
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
		results.Phases = old.Phases
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
