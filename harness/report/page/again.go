package page

import (
	"bytes"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"sunder/harness/plan"
	"sunder/harness/report"
)

// Bounds of texts that stand in the page.
const (
	planMax = 64 << 10
	logMax  = 16 << 10  // of one log, its end
	logsMax = 512 << 10 // of all logs
)

// command is a line for a shell, and why one would run it.
type command struct{ Why, Line string }

type setting struct{ Name, Value string }

// again are the commands that do the run again.
func again(run report.Run) []command {
	var out []command
	o, r := run.Origin, run.Results
	if o.Revision != "" {
		why := "The revision that ran"
		if o.Dirty {
			why += "; its tree had changes that are not in it"
		}
		out = append(out, command{why, "git checkout " + quote(o.Revision) + " && go build -o sunder ."})
	}
	if r.Store != "" {
		why := "The same plan: the same schedule of faults and the same seed"
		if r.Environment == "sim" {
			why = "The same plan: in the simulation it replays bit for bit"
		}
		out = append(out, command{why, "./sunder test --plan " +
			quote(filepath.Join(r.Store, "plan.json"))})
		out = append(out, command{"Judge the stored history again", "./sunder analyze " + quote(r.Store)})
	}
	if len(o.Args) > 0 {
		words := make([]string, len(o.Args))
		for i, a := range o.Args {
			words[i] = quote(a)
		}
		why := fmt.Sprintf("As it was called; the seed was %d", r.Seed)
		out = append(out, command{why, strings.Join(words, " ")})
	}
	return out
}

// quote is s as a shell takes it for one word.
func quote(s string) string {
	plain := func(c rune) bool {
		return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' ||
			strings.ContainsRune("-_./,:=+@%", c)
	}
	if s != "" && strings.IndexFunc(s, func(c rune) bool { return !plain(c) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// settings are the parameters of the run.
func settings(run report.Run) []setting {
	p, o := run.Plan, run.Origin
	rate := "unbounded"
	if p.Rate > 0 {
		rate = fmt.Sprintf("%g/s", p.Rate)
	}
	out := []setting{{"system", p.System}, {"workload", p.Workload}, {"environment", p.Environment},
		{"planted bug", p.Bug}, {"seed", fmt.Sprint(p.Seed)}, {"nodes", fmt.Sprint(p.Nodes)},
		{"concurrency", fmt.Sprint(p.Concurrency)}, {"rate", rate}, {"time limit", p.TimeLimit.String()},
		{"revision", o.Revision}, {"Go", o.Go}, {"platform", o.Platform}, {"CPUs", fmt.Sprint(o.CPUs)}}
	for _, m := range []map[string]string{p.Options, o.Notes, o.Env} {
		for _, k := range slices.Sorted(maps.Keys(m)) {
			out = append(out, setting{k, m[k]})
		}
	}
	return slices.DeleteFunc(out, func(s setting) bool { return s.Value == "" || s.Value == "0" })
}

func planText(p plan.Plan) string {
	var b bytes.Buffer
	if err := p.Write(&b); err != nil || b.Len() > planMax {
		return ""
	}
	return b.String()
}

// logs are the ends of logs, within the bounds.
func logs(all []report.Log) []report.Log {
	out := make([]report.Log, 0, len(all))
	left := logsMax
	for _, l := range all {
		keep := min(logMax, left)
		if cutAt := len(l.Tail) - keep; cutAt > 0 {
			l.Tail = l.Tail[cutAt:]
			if _, whole, ok := strings.Cut(l.Tail, "\n"); ok {
				l.Tail = whole
			}
		}
		left -= len(l.Tail)
		out = append(out, l)
	}
	return out
}
