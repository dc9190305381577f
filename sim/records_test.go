package sim_test

import (
	"reflect"
	"testing"

	"sunder/harness/history"
	"sunder/nemesis"
)

// A verdict may rest on the records of faults as they are at hand, or on what the history says.
func TestRecordsAreWhatTheHistorySays(t *testing.T) {
	for seed := range uint64(4) {
		out := run(t, planOf(t, seed, "", "partition", "clock", "kill", "pause", "power", "disk"), false)
		var read []nemesis.Record
		for _, e := range out.events {
			if e.Process != history.Nemesis || e.Kind != history.OK || e.F == "recover" {
				continue
			}
			var r nemesis.Record
			if err := e.Value.Decode(&r); err != nil {
				t.Fatal(err)
			}
			read = append(read, r)
		}
		if len(read) == 0 || !reflect.DeepEqual(read, out.records) {
			t.Errorf("seed %d: read %+v\nat hand %+v", seed, read, out.records)
		}
	}
}
