package main

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"sunder/harness/plan"
	"sunder/nemesis"
	"sunder/nodes"
	"sunder/nodes/catalog"
	"sunder/sim"
	"sunder/workloads"
)

// What an environment does when nothing else is asked for.
var defaults = map[string]struct {
	timeLimit time.Duration
	rate      float64
}{
	"sim":    {20 * time.Second, 200},
	"docker": {60 * time.Second, 500},
}

// parts are the things that a plan names.
type parts struct {
	protocol nodes.Protocol
	workload workloads.Workload
}

// partsOf finds what p names and checks p's options against them.
func partsOf(p plan.Plan) (parts, error) {
	var out parts
	var err error
	if _, known := defaults[p.Environment]; !known {
		return out, usage("environment %q is none of sim, docker", p.Environment)
	}
	if out.protocol, err = catalog.Find(p.System); err != nil {
		return out, usage("%w", err)
	}
	if out.workload, err = workloads.Find(p.Workload); err != nil {
		return out, usage("%w", err)
	}
	for _, op := range out.workload.Ops {
		if !slices.Contains(out.protocol.Ops, op) {
			return out, usage("%s cannot %s, which workload %s needs", p.System, op, p.Workload)
		}
	}
	own := out.protocol.Pick(p.Options)
	cfg := nodes.Config{Self: 1, Members: []nodes.ID{1}, Options: own, Bug: p.Bug}
	if err := out.protocol.Check(cfg); err != nil {
		return out, usage("%w", err)
	}
	rest := maps.Clone(p.Options)
	maps.DeleteFunc(rest, func(name, _ string) bool { _, taken := own[name]; return taken })
	if err := out.workload.Check(rest); err != nil {
		return out, usage("%w", err)
	}
	names := nodeNames(p.Nodes)
	ledger := nemesis.Ledger{Nodes: names, Real: p.Environment != "sim", Local: out.protocol.Local,
		Successive: out.protocol.Successive}
	if err := ledger.CheckAll(p.Faults); err != nil {
		return out, usage("%w", err)
	}
	for i, o := range p.Script {
		if o.Node != "" && !slices.Contains(names, o.Node) {
			return out, usage("script[%d].node is %.40q, want one of %s", i, o.Node,
				strings.Join(names, ", "))
		}
	}
	if p.Environment == "sim" {
		if err := sim.Check(p, out.protocol); err != nil {
			return out, usage("%w", err)
		}
	}
	return out, nil
}

// fits finds what a plan that was read from a file names. If it does not fit, the words say who
// made it, as that is who can run it.
func fits(p plan.Plan, path string) error {
	_, err := partsOf(p)
	if ours := origin().Revision; err != nil && p.Revision != "" && p.Revision != ours {
		return usage("%s: %w; revision %.12s of sunder made this plan, and runs it", path, err,
			p.Revision)
	}
	if err != nil {
		return usage("%s: %w", path, err)
	}
	return nil
}

func nodeNames(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = nodes.ID(i + 1).String()
	}
	return out
}

// plan makes the plan that the flags ask for, or reads the one that --plan names.
func (f testFlags) plan(c *cobra.Command) (plan.Plan, error) {
	if f.planFile != "" {
		p, err := readPlan(f.planFile)
		if err != nil {
			return p, err
		}
		if c.Flags().Changed("env") {
			if p.Environment == "docker" && f.env == "sim" && p.Network.Links == "" {
				p.Network.Links = "stream" // as TCP does between containers
			}
			p.Environment = f.env
		}
		return p, fits(p, f.planFile)
	}
	if f.timeLimit < 0 {
		return plan.Plan{}, usage("--time-limit is %v, want more than 0", f.timeLimit)
	}
	if f.network != "swarm" && f.network != "calm" && f.network != "stream" {
		return plan.Plan{}, usage("--network is %q, want swarm, calm or stream", f.network)
	}
	std := defaults[f.env]
	if f.timeLimit > 0 || c.Flags().Changed("time-limit") {
		std.timeLimit = f.timeLimit
	}
	if f.rate != 0 {
		std.rate = max(f.rate, 0)
	}
	p := plan.Plan{Version: plan.Version, Revision: origin().Revision, Seed: f.seed,
		Environment: f.env, System: f.system, Workload: f.workload, Bug: f.bug,
		Options: maps.Clone(f.options), Nodes: f.nodes, Rate: std.rate,
		TimeLimit: plan.Of(std.timeLimit)}
	if p.Options == nil {
		p.Options = map[string]string{}
	}
	if f.reads != "" {
		p.Options["reads"] = f.reads
	}
	if f.clockRates != "" && p.Options["clients"] == "" { // the recipe needs them; see workloads
		p.Options["clients"], p.Options["timeout"] = "apart", "200ms"
	}
	var err error
	if p.Concurrency, err = concurrency(f.concurrency, f.nodes); err != nil {
		return p, err
	}
	if _, known := defaults[f.env]; known { // else partsOf says so below
		if err := p.Check(); err != nil {
			return p, usage("%w", err)
		}
	}
	found, err := partsOf(p)
	if err != nil {
		return p, err
	}
	switch {
	case p.Environment != "sim":
	case f.network == "swarm":
		p.Network = nemesis.Network(p.Seed)
	case f.network == "stream":
		p.Network.Links = f.network
	}
	p.Faults, err = f.faults(p, found.protocol)
	return p, err
}

// faults makes the faults that the flags ask for.
func (f testFlags) faults(p plan.Plan, protocol nodes.Protocol) ([]plan.Fault, error) {
	if f.nemesis == "none" {
		return nil, nil
	}
	o := nemesis.Options{Seed: p.Seed, Nodes: p.Nodes, Kinds: strings.Split(f.nemesis, ","),
		TimeLimit: p.TimeLimit.Duration, Assumption: protocol.Clock(p.Options), Flips: protocol.Flips,
		Container: p.Environment == "docker"}
	if f.clockRates != "" {
		low, high, ok := strings.Cut(f.clockRates, ",")
		var err1, err2 error
		o.ClockRates[0], err1 = strconv.ParseFloat(low, 64)
		o.ClockRates[1], err2 = strconv.ParseFloat(high, 64)
		if !ok || err1 != nil || err2 != nil {
			return nil, usage("--clock-rates is %q, want two numbers as in 0.5,1.5", f.clockRates)
		}
	}
	faults, err := nemesis.Generate(o)
	if err != nil {
		return nil, usage("--nemesis: %w", err)
	}
	return faults, nil
}

// concurrency reads a number, or a multiple of the nodes as in 2n.
func concurrency(text string, n int) (int, error) {
	factor, times := strings.CutSuffix(text, "n")
	v, err := strconv.Atoi(factor)
	if times && factor == "" {
		v, err = 1, nil
	}
	if err != nil || v < 1 {
		return 0, usage("--concurrency is %q, want a number, or a multiple of the nodes as in 2n", text)
	}
	if times {
		v *= n
	}
	return v, nil
}
