package harness

import (
	"cmp"
	"slices"
	"time"

	"sunder/harness/generator"
	"sunder/harness/history"
	"sunder/harness/plan"
	"sunder/harness/scheduler"
	"sunder/nodes"
	"sunder/workloads"
)

// Test is a plan made ready to be conducted: it knows what to invoke, and when.
type Test struct {
	Plan     plan.Plan
	Workload workloads.Workload
	Options  workloads.Options
	Brief    bool     // the history does not say what each fault is: see Evidence.Records
	keys     []string // that operations named, in order
	without  []string // nodes that no final read asks
	seen     map[string]bool
}

// Limits of what is waited for. Environments end their operations themselves; these are for those
// that they lost.
const (
	clientTimeout  = 30 * time.Second
	nemesisTimeout = 30 * time.Second
	recoverTimeout = 60 * time.Second
	afterwards     = time.Second // at most: of the workload once more between recovery and final reads
)

// NewTest is p as it is conducted. p and the options passed their checks.
func NewTest(p plan.Plan, w workloads.Workload, sessions bool) *Test {
	members := make([]nodes.ID, p.Nodes)
	for i := range members {
		members[i] = nodes.ID(i + 1)
	}
	return &Test{Plan: p, Workload: w, seen: map[string]bool{}, Options: workloads.Options{
		Nodes: members, Concurrency: p.Concurrency, Rate: p.Rate, TimeLimit: p.TimeLimit.Duration,
		Values: p.Options, Sessions: sessions}}
}

// Scheduler decides what happens when.
func (t *Test) Scheduler() *scheduler.Scheduler {
	main, final := t.main, t.final
	if t.scripted() {
		main, final = t.scriptMain, func() generator.Generator { return t.script(true) }
	}
	return scheduler.New(scheduler.Options{
		Threads:        t.Plan.Concurrency,
		Seed:           t.Plan.Seed,
		Main:           main(),
		Final:          final,
		AtOnce:         t.scripted(),
		Faults:         t.timed(),
		ClientTimeout:  clientTimeout,
		NemesisTimeout: nemesisTimeout,
		RecoverTimeout: recoverTimeout,
	})
}

func (t *Test) main() generator.Generator { return t.Workload.Main(t.Options) }

// scripted says that the plan, not the workload, says what is invoked.
func (t *Test) scripted() bool { return len(t.Plan.Script) > 0 }

// final runs the workload once more on the recovered system, and then reads on every node that is
// not away all keys that were in use before.
func (t *Test) final() generator.Generator {
	again, reads := t.Options, t.Options
	again.TimeLimit = min(afterwards, t.Plan.TimeLimit.Duration/10)
	reads.Nodes = slices.DeleteFunc(slices.Clone(reads.Nodes), func(id nodes.ID) bool {
		return slices.Contains(t.without, id.String())
	})
	return generator.Phases(t.Workload.Main(again), t.Workload.Final(reads, t.keys))
}

// Note remembers the key of an event, and whom the recovery left out.
func (t *Test) Note(e history.Event) {
	if e.Process == history.Nemesis {
		t.without = append(t.without, without(&e)...)
	}
	if e.Kind == history.Invoke && e.Key != "" && !t.seen[e.Key] {
		t.seen[e.Key] = true
		t.keys = append(t.keys, e.Key)
	}
}

// Client is the client of a process.
func (t *Test) Client(p history.Process) nodes.Client { return t.Workload.Client(t.Options, p) }

// timed is the beginnings and ends of the plan's faults in the order of their times.
func (t *Test) timed() []scheduler.Timed {
	var out []scheduler.Timed
	for i, f := range t.Plan.Faults {
		var value history.Value
		if !t.Brief {
			value = history.Marshal(Asked(i, f))
		}
		if f.Stays {
			out = append(out, scheduler.Timed{At: f.At.Duration, Fault: i, Value: value, Stays: true})
			continue
		}
		end := f.At.Duration + f.Duration.Duration
		if f.On != nil { // the environment ends it; this one asks what came of it
			end += cmp.Or(f.On.Within.Duration, t.Plan.TimeLimit.Duration) + f.On.Delay.Duration
		}
		out = append(out, scheduler.Timed{At: f.At.Duration, Fault: i, Value: value},
			scheduler.Timed{At: end, Fault: i, End: true, Value: value})
	}
	slices.SortStableFunc(out, func(a, b scheduler.Timed) int { return cmp.Compare(a.At, b.At) })
	return out
}
