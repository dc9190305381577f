package main

import (
	"fmt"
	"io"

	"github.com/hashicorp/go-hclog"
	"github.com/spf13/cobra"

	"sunder/docker"
)

func doctorCommand(stdout, stderr io.Writer) *cobra.Command {
	var clean bool
	c := &cobra.Command{
		Use:   "doctor",
		Short: "Say what this machine can do, and why not",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			log := hclog.New(&hclog.LoggerOptions{Name: "sunder", Level: hclog.Warn, Output: stderr})
			if clean {
				removed, err := docker.Clean(c.Context(), log)
				for _, what := range removed {
					fmt.Fprintln(stdout, "removed", what)
				}
				if err != nil {
					return broken(err)
				}
				if len(removed) == 0 {
					fmt.Fprintln(stdout, "nothing was left behind")
				}
				return nil
			}
			item(stdout, 0, "simulation", "works: it needs nothing but this program")
			failed := false
			for _, f := range docker.Doctor(c.Context(), docker.Config{Own: true, Log: log}) {
				item(stdout, 0, f.What, f.Text)
				failed = failed || !f.Works
			}
			if failed {
				return exit{status: exitHarness}
			}
			return nil
		},
	}
	c.Flags().BoolVar(&clean, "clean", false, "remove what dead harnesses left in Docker")
	return c
}
