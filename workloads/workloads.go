// Package workloads is what clients do, and the model that they must obey: one file each. It is
// pure: a client waits through its nodes.Conn only.
package workloads

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"sunder/checker"
	"sunder/harness/generator"
	"sunder/harness/history"
	"sunder/nodes"
	"sunder/nodes/kv"
)

// Options is what a workload is told about its test.
type Options struct {
	Nodes       []nodes.ID
	Concurrency int
	Rate        float64           // operations a second over all threads; 0: unbounded
	TimeLimit   time.Duration     // of the main phase
	Values      map[string]string // of the workload's options; absent: the first value
	Sessions    bool              // the system has client sessions
}

// Workload is operations, the clients that apply them, and the checkers that judge.
type Workload struct {
	Name    string
	Doc     string // which anomaly it is there to find, in a sentence
	Options []nodes.Option
	Ops     []kv.Op // the commands that a system must be able to do
	Main    func(Options) generator.Generator
	// Final is read on every node after recovery; keys are those that operations named.
	Final    func(o Options, keys []string) generator.Generator
	Client   func(Options, history.Process) nodes.Client
	Checkers func(Options) []checker.Checker
}

// All is every workload, by name.
func All() []Workload {
	return []Workload{Bank(), Consensus(), Counter(), ListAppend(), Lock(), Monotonic(), Queue(),
		Register(), Set(), SetFull(), UniqueIDs()}
}

// Find is the workload of that name.
func Find(name string) (Workload, error) {
	var known []string
	for _, w := range All() {
		if w.Name == name {
			return w, nil
		}
		known = append(known, w.Name)
	}
	return Workload{}, fmt.Errorf("find workload: %.40q is none of %s", name,
		strings.Join(known, ", "))
}

// Check says what is wrong with the values given for w's options, listing what would be right.
func (w Workload) Check(values map[string]string) error {
	for name, v := range values { // any one of the mistakes will do
		at := slices.IndexFunc(w.Options, func(o nodes.Option) bool { return o.Name == name })
		if at < 0 {
			var known []string
			for _, o := range w.Options {
				known = append(known, o.Name)
			}
			return fmt.Errorf("check options: %.40q is no option of the system, nor one of %s's: %s",
				name, w.Name, strings.Join(known, ", "))
		}
		if o := w.Options[at]; v != "" && !slices.Contains(o.Values, v) {
			return fmt.Errorf("check options of %s: %s %.40q is none of %s", w.Name, name, v,
				strings.Join(o.Values, ", "))
		}
	}
	return nil
}

// value is what was given for the named option, or its default.
func (o Options) value(options []nodes.Option, name string) string {
	if v := o.Values[name]; v != "" {
		return v
	}
	for _, opt := range options {
		if opt.Name == name {
			return opt.Values[0]
		}
	}
	panic("workloads: no option " + name)
}

// duration is the named option as a time; Check passed, so it is one.
func (o Options) duration(options []nodes.Option, name string) time.Duration {
	d, err := time.ParseDuration(o.value(options, name))
	if err != nil {
		panic(fmt.Sprintf("workloads: option %s: %v", name, err))
	}
	return d
}
