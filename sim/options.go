package sim

import (
	"fmt"
	"slices"

	"sunder/harness/history"
	"sunder/harness/plan"
	"sunder/nodes"
)

// Options is what a World needs beside the plan.
type Options struct {
	Plan     plan.Plan
	Protocol nodes.Protocol
	Client   func(history.Process) nodes.Client
	Observe  func(nodes.Observed) // write-only; may be nil
	Watch    func(Moment)         // so is this
	// Exhausted is told, once, why a run can go on no more: the nodes do more than any sound ones
	// would. The world stands still then.
	Exhausted func(why string)
	// Codec says whether messages go through their encoding, as in containers; nil: the seed
	// decides, one in 16 does. It is to make no difference.
	Codec *bool
	Log   func(node nodes.ID, line string)
	Brief bool // Records alone says what became of faults, not the history
}

// Check says what a plan names that a cluster of this protocol does not have.
func Check(p plan.Plan, protocol nodes.Protocol) error {
	_, err := Options{Plan: p, Protocol: protocol}.check()
	return err
}

// check says what of the plan this protocol does not have, and makes the plan's fixed network.
func (o Options) check() (*fixed, error) {
	known := func(kind string) bool { return kind == "" || slices.Contains(o.Protocol.Kinds, kind) }
	for i, f := range o.Plan.Faults {
		if f.On != nil && !known(f.On.Kind) {
			return nil, fmt.Errorf("faults[%d].on.kind is %.40q: %s has no such message; it has %s", i,
				f.On.Kind, o.Protocol.Name, o.Protocol.KindList())
		}
	}
	return newFixed(o)
}
