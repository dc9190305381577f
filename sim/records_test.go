package sim_test

import (
	"reflect"
	"testing"
	"time"

	"sunder/harness"
	"sunder/harness/plan"
)

// A verdict is the same whether it rests on the records of faults as they are at hand, or on what
// the history says of them.
func TestRecordsAreWhatTheHistorySays(t *testing.T) {
	for seed := range uint64(4) {
		p := planOf(t, seed, "", "partition", "clock", "kill", "pause", "power", "disk")
		p.Faults[0].On = &plan.Trigger{Event: "committed", Nth: 3}
		p.Faults[1].On = &plan.Trigger{Event: "elected", Within: plan.Of(time.Nanosecond)}
		out := run(t, p, false)
		e := out.evidence
		if len(e.Records) == 0 {
			t.Fatalf("seed %d: there are no records", seed)
		}
		e.Records = nil
		if read := harness.Judge(t.Context(), e); !reflect.DeepEqual(read, out.verdict) {
			t.Errorf("seed %d: read %+v\nat hand %+v", seed, read, out.verdict)
		}
	}
}
