package nemesis

import (
	"fmt"
	"strings"
)

// Kind is a kind of fault, or one of the variants of a kind.
type Kind struct {
	Name, Doc string
	Variants  []Kind
}

// Names of the kinds of fault, as a plan has them.
const (
	partition = "partition"
	clock     = "clock"
	kill      = "kill"
	pause     = "pause"
)

// Kinds are the faults there are: the variants of a partition are its shapes.
func Kinds() []Kind {
	cuts := make([]Kind, len(shapes))
	for i, s := range shapes {
		cuts[i] = Kind{Name: s.name, Doc: s.doc}
	}
	return []Kind{
		{partition, "nodes drop what others send them", cuts},
		{clock, "clocks of a node jump, or run fast or slow", []Kind{
			{"realtime", "the clock that tells the time of day", nil},
			{"monotonic", "the clock that tells durations; it never steps back", nil},
			{"both", "both at once", nil}}},
		{kill, "a node is killed (SIGKILL) and started again", []Kind{
			{"process", "its process only", nil},
			{"container", "its whole container, as if the machine was lost", nil}}},
		{pause, "a node is stopped (SIGSTOP) and resumed", nil},
	}
}

// targets are the symbolic ones.
var targets = []string{"one", "minority", "majority", "all", "leader"}

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
