package nemesis

import (
	"fmt"
	"slices"
	"strings"
)

// Kind is a kind of fault, or one of the variants of a kind.
type Kind struct {
	Name, Doc string
	Variants  []Kind
	Simulated bool // only the simulation can do it
}

// Names of the kinds of fault, as a plan has them.
const (
	partition = "partition"
	clock     = "clock"
	kill      = "kill"
	pause     = "pause"
	power     = "power"
	disk      = "disk"
)

// What a disk fault does.
const (
	diskSlow  = "slow"
	diskStall = "stall"
	diskError = "error"
	diskFull  = "full"
	diskFlip  = "flip"
)

// Kinds are the faults there are: the variants of a partition are its shapes.
func Kinds() []Kind { return slices.Clone(kinds) }

var kinds = allKinds()

func allKinds() []Kind {
	cuts := make([]Kind, len(shapes))
	for i, s := range shapes {
		cuts[i] = Kind{Name: s.name, Doc: s.doc}
	}
	return []Kind{
		{Name: partition, Doc: "nodes drop what others send them", Variants: cuts},
		{Name: clock, Doc: "clocks of a node jump, or run fast or slow", Variants: []Kind{
			{Name: "realtime", Doc: "the clock that tells the time of day"},
			{Name: "monotonic", Doc: "the clock that tells durations; it never steps back"},
			{Name: "both", Doc: "both at once"}}},
		{Name: kill, Doc: "a node is killed (SIGKILL) and started again", Variants: []Kind{
			{Name: "process", Doc: "its process only"},
			{Name: "container", Doc: "its whole container, as if the machine was lost"}}},
		{Name: pause, Doc: "a node is stopped (SIGSTOP) and resumed"},
		{Name: power, Doc: "a node loses power, and with it what it did not sync, or part of that; " +
			"in sim only", Simulated: true},
		{Name: disk, Doc: "a node's disk misbehaves; in sim only", Simulated: true, Variants: []Kind{
			{Name: diskSlow, Doc: "each sync takes long"},
			{Name: diskStall, Doc: "no sync ends before the fault does"},
			{Name: diskError, Doc: "syncs fail (EIO); a node that had one fail has to stop"},
			{Name: diskFull, Doc: "writes are cut short and fail (ENOSPC); a node has to stop when it " +
				"hears of that"},
			{Name: diskFlip, Doc: "a node is killed, and a bit of what it synced has flipped when it " +
				"starts again"}}},
	}
}

// kindNamed is the kind of that name.
func kindNamed(name string) (Kind, error) {
	for _, k := range kinds {
		if k.Name == name {
			return k, nil
		}
	}
	return Kind{}, fmt.Errorf("kind %.40q is none of %s", name, names(kinds))
}

// targets are the symbolic ones.
var targets = []string{"one", "minority", "majority", "all", "leader"}

// places are the targets of a fault with a trigger: where its event happened.
var places = []string{"self", "others", "sender", "receiver"}

// String is the name.
func (k Kind) String() string { return k.Name }

func (s shape) String() string { return s.name }

// names lists what there is, for an error.
func names[T fmt.Stringer](list []T) string {
	words := make([]string, len(list))
	for i, v := range list {
		words[i] = v.String()
	}
	return strings.Join(words, ", ")
}
