// Command shrinkbench hunts each planted bug of a system in the simulation, shrinks what it finds,
// and prints how small that gets and what it takes, beside the figures of the prototype
// (determinism.md, section 4: Raft, keyed choices and four other seeds).
//
//	go run ./ci/shrinkbench [-system raft] [-bug a,b] [-cases 4] [-seeds 3000] [-budget 20s] [-v]
package main

import (
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
	ops, steps    [2]int // before and after
	clients       int    // that do anything, after
	runs          int
	took, cpu     time.Duration
}

func measure(c search.Catch, runs int) shrunk {
	s := shrunk{class: c.Outcome.Class(), before: c.Plan}
	first, err := search.Run(context.Background(), c.Plan)
	if err != nil {
		fail(err)
	}
	s.ops[0], _ = work(first.Events) // they do not last
	began, spent := time.Now(), cpu()
	found := search.Shrink(context.Background(), c.Plan, s.class, runs)
	s.took, s.cpu, s.after, s.runs = time.Since(began), cpu()-spent, found.Plan, found.Runs
	last, err := search.Run(context.Background(), s.after)
	if err != nil || !last.Has(s.class) {
		fail(fmt.Errorf("the shrunk plan of seed %d shows no %s: %v", c.Plan.Seed, s.class, err))
	}
	s.steps = [2]int{int(first.Steps), int(last.Steps)}
	s.ops[1], s.clients = work(last.Events)
	return s
}

// work is how many operations there are, and of how many clients.
func work(events []history.Event) (ops, clients int) {
	all := map[history.Process]bool{}
	for _, e := range events {
		if e.Process != history.Nemesis && e.Kind == history.Invoke {
			all[e.Process] = true
			ops++
		}
	}
	return ops, len(all)
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
		s.after.Nodes, s.steps[0], s.steps[1], s.explicit(), len(s.after.Network.Except), s.runs,
		s.took.Round(time.Millisecond), s.cpu.Round(time.Millisecond))
}
