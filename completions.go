package main

import (
	"github.com/spf13/cobra"

	"sunder/nemesis"
	"sunder/nodes/catalog"
	"sunder/workloads"
)

// completions lets a shell complete the flags that have a known list of values. A flag that is
// not there is our own mistake.
func completions(c *cobra.Command) {
	for flag, list := range map[string]func(c *cobra.Command) []string{
		"env": func(*cobra.Command) []string { return []string{"sim", "docker"} },
		"system": func(*cobra.Command) (out []string) {
			for _, p := range catalog.Protocols() {
				out = append(out, p.Name+"\t"+p.Doc)
			}
			return out
		},
		"workload": func(*cobra.Command) (out []string) {
			for _, w := range workloads.All() {
				out = append(out, w.Name+"\t"+w.Doc)
			}
			return out
		},
		"nemesis": func(*cobra.Command) []string {
			out := []string{"none"}
			for _, k := range nemesis.Kinds() {
				out = append(out, k.Name+"\t"+k.Doc)
			}
			return out
		},
		"bug": func(c *cobra.Command) (out []string) {
			system, _ := c.Flags().GetString("system")
			if p, err := catalog.Find(system); err == nil {
				for _, b := range p.Bugs {
					out = append(out, b.Name+"\t"+b.Doc)
				}
			}
			return out
		},
		"log-level": func(*cobra.Command) []string {
			return []string{"trace", "debug", "info", "warn", "error"}
		},
		"log-format": func(*cobra.Command) []string { return []string{"text", "json"} },
	} {
		err := c.RegisterFlagCompletionFunc(flag, func(c *cobra.Command, _ []string, _ string) (
			[]string, cobra.ShellCompDirective) {
			return list(c), cobra.ShellCompDirectiveNoFileComp
		})
		if err != nil {
			panic("sunder: completion of a flag that is not there: " + err.Error())
		}
	}
}
