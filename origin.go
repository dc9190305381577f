package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"sunder/harness/report"
	"sunder/nodes/kv"
)

const kvOpenSession = kv.OpenSession

func contains(ops []kv.Op, op kv.Op) bool { return slices.Contains(ops, op) }

// build is what this binary was built from.
type build struct {
	name  string // of the revision; empty where it was built without version control
	dirty bool
}

func revision() build {
	var b build
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.name = s.Value
		case "vcs.modified":
			b.dirty = s.Value == "true"
		}
	}
	return b
}

// origin is where a run of this process comes from.
func origin() report.Origin {
	b := revision()
	o := report.Origin{Started: time.Now(), Args: os.Args, Revision: b.name, Dirty: b.dirty,
		Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH, CPUs: runtime.NumCPU(),
		Env: map[string]string{}}
	for _, name := range []string{"GOMAXPROCS", "GOGC", "GODEBUG", "DOCKER_HOST",
		"TESTCONTAINERS_HOST_OVERRIDE"} {
		if v, set := os.LookupEnv(name); set {
			o.Env[name] = v
		}
	}
	return o
}

// announce prints what is needed to do the test again, before it starts.
func (s *session) announce() {
	out := s.stdout
	if s.flags.json {
		out = s.stderr
	}
	p := s.plan
	fmt.Fprintf(out, "seed        %d\n", p.Seed)
	fmt.Fprintf(out, "test        %s %s in %s, %d nodes, %d threads, %s, %s\n", p.System, p.Workload,
		p.Environment, p.Nodes, p.Concurrency, rateWords(p.Rate), p.TimeLimit)
	var set []string
	for name, v := range p.Options {
		set = append(set, name+"="+v)
	}
	slices.Sort(set)
	if p.Bug != "" {
		set = append(set, "planted bug "+p.Bug)
	}
	if len(set) > 0 {
		fmt.Fprintf(out, "options     %s\n", strings.Join(set, ", "))
	}
	fmt.Fprintf(out, "faults      %d\n", len(p.Faults))
	fmt.Fprintf(out, "plan        %s\n\n", s.run.Dir+"/plan.json")
}

func rateWords(rate float64) string {
	if rate == 0 {
		return "as fast as it goes"
	}
	return fmt.Sprintf("%g operations a second", rate)
}
