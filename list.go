package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"sunder/nemesis"
	"sunder/nodes"
	"sunder/nodes/catalog"
	"sunder/nodes/kv"
	"sunder/workloads"
)

func listCommand(stdout io.Writer) *cobra.Command {
	return &cobra.Command{
		Use:   "list [systems | workloads SYSTEM]",
		Short: "List systems, workloads, faults, options and planted bugs",
		Long: "Lists everything that can be named on the command line. With systems it prints their\n" +
			"names alone, one a line, and with workloads those of the ones that a system can do: for\n" +
			"scripts.",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 || len(args) == 1 && args[0] == "systems" ||
				len(args) == 2 && args[0] == "workloads" {
				return nil
			}
			return usage("list %s: want nothing, systems, or workloads and a system",
				strings.Join(args, " "))
		},
		RunE: func(_ *cobra.Command, args []string) error {
			switch len(args) {
			case 0:
				return list(stdout)
			case 1:
				for _, p := range catalog.Protocols() {
					fmt.Fprintln(stdout, p.Name)
				}
				return nil
			}
			return listWorkloads(stdout, args[1])
		},
	}
}

// listWorkloads writes the names of the workloads that a system can do.
func listWorkloads(w io.Writer, system string) error {
	p, err := catalog.Find(system)
	if err != nil {
		return usage("%w", err)
	}
	for _, load := range workloads.All() {
		if !slices.ContainsFunc(load.Ops, func(op kv.Op) bool { return !slices.Contains(p.Ops, op) }) {
			fmt.Fprintln(w, load.Name)
		}
	}
	return nil
}

func list(w io.Writer) error {
	fmt.Fprintln(w, "Systems (--system), with their options (--option) and planted bugs (--bug)")
	for _, p := range catalog.Protocols() {
		item(w, 1, p.Name, p.Doc)
		options(w, p.Options)
		for _, b := range p.Bugs {
			doc := b.Doc
			if b.Masked != "" {
				doc += " (not to be found: " + b.Masked + ")"
			}
			item(w, 2, "bug "+b.Name, doc)
		}
	}
	fmt.Fprintln(w, "\nWorkloads (--workload)")
	for _, wl := range workloads.All() {
		item(w, 1, wl.Name, wl.Doc)
		options(w, wl.Options)
	}
	fmt.Fprintln(w, "\nFaults (--nemesis), with their shapes and variants")
	for _, k := range nemesis.Kinds() {
		item(w, 1, k.Name, k.Doc)
		for _, v := range k.Variants {
			item(w, 2, v.Name, v.Doc)
		}
	}
	fmt.Fprintln(w, "\nCheckers")
	for _, c := range [][2]string{
		{"linearizable", "every operation takes effect at one instant between its two ends"},
		{"list-append", "transactions have an order that explains what they read (Elle)"},
		{"set, set-full", "what was added is there, and stays there"},
		{"total-queue", "what goes in comes out, once"},
		{"bank, monotonic", "the sum stays the same; what one reader reads never gets smaller"},
		{"unique-ids", "no answer is given twice"},
		{"stats", "enough happened: before, during and after the faults"},
		{"final-reads", "every node answered reads after recovery"},
		{"faults", "every fault had an effect that was read back"},
		{"oracles", "what nodes observed of themselves: one leader a term, one log, one history"},
		{"exceptions", "no client panicked"},
		{"logs", "no node panicked or raced"},
	} {
		item(w, 1, c[0], c[1])
	}
	return nil
}

func options(w io.Writer, all []nodes.Option) {
	for _, o := range all {
		item(w, 2, o.Name, fmt.Sprintf("%s: %s", o.Doc, strings.Join(o.Values, ", ")))
	}
}

// item writes a name and a sentence within 80 columns.
func item(w io.Writer, depth int, name, words string) {
	const columns, hang = 80, 26
	line := fmt.Sprintf("%*s%-*s", 2*depth, "", hang-2*depth-1, name)
	if len(line) >= hang { // a long name stands alone
		fmt.Fprintln(w, line)
		line = strings.Repeat(" ", hang-1)
	}
	for _, word := range strings.Fields(words) {
		if len(line)+1+len(word) > columns {
			fmt.Fprintln(w, line)
			line = strings.Repeat(" ", hang-1)
		}
		line += " " + word
	}
	fmt.Fprintln(w, line)
}
