package sim_test

import (
	"strings"
	"testing"
	"time"

	"sunder/checker"
	"sunder/harness/plan"
	"sunder/nemesis"
)

// last is the last record of each fault.
func last(t *testing.T, out outcome) map[int]nemesis.Record {
	t.Helper()
	records := map[int]nemesis.Record{}
	for _, r := range out.evidence.Records {
		records[r.Fault] = r
	}
	return records
}

// A node that hears that its disk is full stops, and serves again when there is room.
func TestAFullDiskStopsANode(t *testing.T) {
	for seed := range uint64(6) {
		p := short(t, seed)
		p.Rate, p.Faults = 100, []plan.Fault{{Kind: "disk", Variant: "full", Target: "majority",
			At: plan.Of(time.Second / 2), Duration: plan.Of(time.Second)}}
		out := run(t, p, true)
		if r := last(t, out)[0]; r.Effect != nemesis.Proven || r.Outside != "" {
			t.Errorf("seed %d: %s is %s: %v", seed, r, r.Effect, r.Evidence)
		}
		if out.verdict.Verdict != checker.Valid {
			t.Errorf("seed %d: %s: %s", seed, out.verdict.Verdict, out.verdict.Reason)
		}
		stopped := 0
		for _, m := range out.moments {
			if strings.Contains(m.Words, "no space left") {
				stopped++
			}
		}
		if stopped == 0 {
			t.Errorf("seed %d: no node stopped", seed)
		}
	}
}

// A bit that flips is beyond what Raft declares. One that looks at its checksums does not start
// with a damaged log; one that does not believes it. Neither is blamed without saying so.
func TestABitThatFlipsIsOutside(t *testing.T) {
	const excuse = "outside the declared disk assumption (what was synced is read back as it was): "
	for _, bug := range []string{"", "crc-unchecked"} {
		wrong := 0
		for seed := range uint64(12) {
			p := short(t, seed)
			p.Bug, p.Faults = bug, []plan.Fault{{Kind: "disk", Variant: "flip", Target: "majority",
				At: plan.Of(time.Second), Duration: plan.Of(time.Second / 2), Pick: seed}}
			out := run(t, p, true)
			if r := last(t, out)[0]; r.Effect != nemesis.Proven || r.Outside != "disk" {
				t.Errorf("seed %d: %s is %s, outside %q: %v", seed, r, r.Effect, r.Outside, r.Evidence)
			}
			if out.verdict.Verdict == checker.Invalid {
				wrong++
				if !strings.HasPrefix(out.verdict.Reason, excuse) {
					t.Errorf("bug %q, seed %d: %s", bug, seed, out.verdict.Reason)
				}
			}
		}
		if wrong == 0 {
			t.Errorf("bug %q: flipped bits harm nobody", bug)
		}
	}
}

// Who does not sync the directory loses names: that of a log that is new, and that of a snapshot
// where a later change of another name is durable before it.
func TestNamesThatWereNotSyncedAreMissed(t *testing.T) {
	for _, c := range []struct {
		bug   string
		wrong bool
	}{{"directory-not-synced", true}, {"snapshot-name-unsynced", true}, {"", false}} {
		found := false
		for seed := uint64(1); seed <= 30 && !found; seed++ {
			p := planOf(t, seed, c.bug, "power")
			p.Options = map[string]string{"snapshot": "64"}
			p.TimeLimit, p.Rate = plan.Of(5*time.Second), 400
			p.Faults = nil
			for n := range 12 {
				p.Faults = append(p.Faults, plan.Fault{Kind: "power", Target: "all", Pick: seed,
					At: plan.Of(time.Second), Duration: plan.Of(20 * time.Millisecond),
					On: &plan.Trigger{Event: "synced", Nth: 97 * (n + 1), Optional: true}})
			}
			r := run(t, p, true).verdict
			if found = r.Verdict == checker.Invalid; found && !c.wrong || r.Verdict == checker.Unknown {
				t.Errorf("bug %q, seed %d: %s: %s", c.bug, seed, r.Verdict, r.Reason)
			}
			if !c.wrong && seed == 8 {
				break
			}
		}
		if found != c.wrong {
			t.Errorf("bug %q: found %v, want %v", c.bug, found, c.wrong)
		}
	}
}
