package search

import (
	"context"

	"sunder/harness"
	"sunder/harness/plan"
	"sunder/harness/shrink"
	"sunder/nodes/catalog"
	"sunder/sim"
)

// Shrink makes a plan smaller that shows an anomaly of the class, with at most so many runs. When
// ctx ends, it has what it found until then.
func Shrink(ctx context.Context, p plan.Plan, class string, runs int) shrink.Result {
	quick, full := &Runner{Stop: class}, &Runner{}
	defer quick.Close()
	defer full.Close()
	return shrink.Plan(p, runs, shrink.Runs{
		Fails: func(p plan.Plan) bool {
			o, err := quick.Run(ctx, p)
			return err == nil && o.Has(class)
		},
		Record:  func(p plan.Plan) shrink.Recording { return full.record(ctx, p) },
		Options: valuesOf(p.System),
	})
}

// valuesOf are the values of a system's options; of one that is not known, none.
func valuesOf(system string) map[string][]string {
	protocol, err := catalog.Find(system)
	if err != nil {
		return nil
	}
	values := map[string][]string{}
	for _, o := range protocol.Options {
		values[o.Name] = o.Values
	}
	return values
}

// record runs a plan and says what the run was made of; of a plan that cannot be run, of nothing.
func (r *Runner) record(ctx context.Context, p plan.Plan) (out shrink.Recording) {
	var moments []sim.Moment
	r.Watch = func(m sim.Moment) { moments = append(moments, m) }
	protocol, err := catalog.Find(p.System)
	if err != nil {
		return out
	}
	o, err := r.Run(ctx, p)
	if err != nil {
		return out
	}
	return shrink.Recording{Script: harness.ScriptOf(p, o.Events),
		Faults: harness.FaultsOf(p, o.Events), Messages: sim.ExceptionsOf(protocol, moments)}
}
