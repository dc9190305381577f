// Command shrinkbench hunts each planted bug of a system in the simulation, shrinks what it finds,
// and prints how small that gets and what it takes, beside the figures of the prototype
// (determinism.md, section 4: Raft, keyed choices and four other seeds).
//
//	go run ./ci/shrinkbench [-system raft] [-bug a,b] [-cases 4] [-seeds 3000] [-budget 20s] [-v]
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"sunder/harness/history"
	"sunder/harness/plan"
	"sunder/nodes/catalog"
	"sunder/search"
)

func main() {
	system := flag.String("system", "raft", "the system under test")
	only := flag.String("bug", "", "only these bugs")
	cases := flag.Int("cases", 4, "failing plans of each bug")
	seeds := flag.Int("seeds", 3000, "most seeds of a hunt")
	budget := flag.Duration("budget", 20*time.Second, "most time of a hunt")
	runs := flag.Int("runs", 10_000, "most runs of a shrink")
	verbose := flag.Bool("v", false, "print each shrunk plan")
	flag.Parse()
	protocol, err := catalog.Find(*system)
	if err != nil {
		fail(err)
	}
	var all []shrunk
	for _, b := range protocol.Bugs {
		if *only != "" && !slices.Contains(strings.Split(*only, ","), b.Name) {
			continue
		}
		prey := search.Prey{Protocol: protocol, Bug: b.Name}
		first := uint64(1)
		for range *cases {
			c, err := search.Hunt(context.Background(), prey.Plan, first,
				search.Budget{Seeds: *seeds, Time: *budget})
			if err != nil {
				fail(err)
			}
			if !c.Found {
				break
			}
			first = c.Plan.Seed + 1
			s := measure(c, *runs)
			fmt.Printf("%-27s %v\n", b.Name, s)
			if *verbose {
				if err := s.after.Write(os.Stdout); err != nil {
					fail(err)
				}
			}
			all = append(all, s)
		}
	}
	fmt.Printf("\n%s", table(*system, all))
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "shrinkbench:", err)
	os.Exit(1)
}

// shrunk is what became of one failing plan.
type shrunk struct {
	class         string
	before, after plan.Plan
	ops           [2]int // of clients
	steps         [2]int
	runs          int
	took, cpu     time.Duration
}

func measure(c search.Catch, runs int) shrunk {
	s := shrunk{class: c.Outcome.Class(), before: c.Plan}
	first, err := search.Run(context.Background(), c.Plan)
	if err != nil {
		fail(err)
	}
	began, spent := time.Now(), cpu()
	found := search.Shrink(context.Background(), c.Plan, s.class, runs)
	s.took, s.cpu, s.after, s.runs = time.Since(began), cpu()-spent, found.Plan, found.Runs
	last, err := search.Run(context.Background(), s.after)
	if err != nil || !last.Has(s.class) {
		fail(fmt.Errorf("the shrunk plan of seed %d shows no %s: %v", c.Plan.Seed, s.class, err))
	}
	s.steps = [2]int{int(first.Steps), int(last.Steps)}
	s.ops = [2]int{operations(first.Events), operations(last.Events)}
	return s
}

func operations(events []history.Event) (n int) {
	for _, e := range events {
		if e.Process != history.Nemesis && e.Kind == history.Invoke {
			n++
		}
	}
	return n
}

// cpu is the time that this process has had on cores: others may be busy on the machine.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		fail(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func (s shrunk) String() string {
	return fmt.Sprintf("seed %-5d %-18s %2d → %d faults, %3d → %2d operations, %d → %d nodes, "+
		"%4d → %4d events, explicit %v, %2d odd messages; %4d runs, %v, CPU %v", s.before.Seed, s.class,
		len(s.before.Faults), len(s.after.Faults), s.ops[0], s.ops[1], s.before.Nodes,
		s.after.Nodes, s.steps[0], s.steps[1], s.explicit(), s.odd(), s.runs,
		s.took.Round(time.Millisecond), s.cpu.Round(time.Millisecond))
}

func (s shrunk) explicit() bool { return s.after.Network.Fixed.Duration > 0 }
func (s shrunk) odd() int       { return len(s.after.Network.Except) }

// clients counts those that do anything.
func clients(p plan.Plan) int {
	threads := map[int]bool{}
	for _, o := range p.Script {
		threads[o.Thread] = true
	}
	return len(threads)
}

// table is the figures as Markdown, ours under the prototype's.
func table(system string, all []shrunk) string {
	if len(all) == 0 {
		return "nothing was found\n"
	}
	explicit := 0
	for _, s := range all {
		if s.explicit() {
			explicit++
		}
	}
	// part is the p-th part of a figure over all cases.
	part := func(p float64, of func(shrunk) int) int {
		var list []int
		for _, s := range all {
			list = append(list, of(s))
		}
		slices.Sort(list)
		return list[min(len(list)-1, int(p*float64(len(list))))]
	}
	pair := func(of func(shrunk) int) string { return fmt.Sprintf("%d (%d)", part(0.5, of), part(0.9, of)) }
	from := func(of func(shrunk) int) string { return fmt.Sprintf("%d → ", part(0.5, of)) }
	spent := func(s shrunk) int { return int(s.cpu.Milliseconds()) }
	took := func(s shrunk) int { return int(s.took.Milliseconds()) }
	return fmt.Sprintf("| | cases | faults | operations | clients | events | explicit network | "+
		"odd messages | runs | wall, ms | CPU, ms |\n|---|---|---|---|---|---|---|---|---|---|---|\n"+
		"| prototype, Raft | 55 | 10 → 1 (3) | 100 → 3 (18) | 4 → 1 | 1479 → 164 (493) | 55/55 | "+
		"1 (15) | 773 (2436) | 240 (3400) | |\n"+
		"| %s | %d | %s%s | %s%s | %s%s | %s%s | %d/%d | %s | %s | %s | %s |\n"+
		"\nMedian, and the 90th percentile in parentheses.\n", cmp.Or(system, "?"), len(all),
		from(func(s shrunk) int { return len(s.before.Faults) }),
		pair(func(s shrunk) int { return len(s.after.Faults) }),
		from(func(s shrunk) int { return s.ops[0] }),
		pair(func(s shrunk) int { return s.ops[1] }),
		from(func(s shrunk) int { return s.before.Concurrency }),
		pair(func(s shrunk) int { return clients(s.after) }),
		from(func(s shrunk) int { return s.steps[0] }),
		pair(func(s shrunk) int { return s.steps[1] }),
		explicit, len(all), pair(shrunk.odd), pair(func(s shrunk) int { return s.runs }), pair(took), pair(spent))
}
