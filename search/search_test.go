package search_test

import (
	"context"
	"testing"
	"time"

	"go.uber.org/goleak"

	"sunder/checker"
	"sunder/nodes/raft"
	"sunder/search"
)

func TestASeedIsAPlanIsARun(t *testing.T) {
	q := search.Prey{Protocol: raft.Protocol()}
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	var r search.Runner
	defer r.Close()
	for seed := uint64(1); seed <= 20; seed++ {
		p, err := q.Plan(seed)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Check(); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		a, err := r.Run(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		b, err := search.Run(t.Context(), p) // in fresh memory
		if err != nil || a.Trace != b.Trace || a.Steps != b.Steps {
			t.Fatalf("seed %d: %x in %d steps, then %x in %d; %v", seed, a.Trace, a.Steps, b.Trace,
				b.Steps, err)
		}
	}
}

// Deep bugs are found, each by what is meant to find it, and nothing is found without one.
func TestHunt(t *testing.T) {
	for _, c := range []struct {
		bug   string
		seeds int
	}{{"", 150}, {"stale-read", 50}, {"vote-before-fsync", 100}, {"no-prev-term-check", 400},
		{"crc-unchecked", 100}, {"lease-no-margin", 400}, {"quorum-all", 50}} {
		got, err := search.Hunt(t.Context(), search.Prey{Protocol: raft.Protocol(), Bug: c.bug}.Plan,
			1, search.Budget{Seeds: c.seeds, Vary: true})
		if err != nil {
			t.Fatal(err)
		}
		if got.Found != (c.bug != "") {
			t.Errorf("bug %q: found %v in %d seeds: %s", c.bug, got.Found, got.Seeds,
				got.Outcome.Result.Reason)
		}
		if !got.Found {
			continue
		}
		again, err := search.Run(t.Context(), got.Plan)
		if err != nil || !again.Has(got.Outcome.Class()) || again.Trace != got.Outcome.Trace {
			t.Errorf("bug %q: run again, the plan shows %q; %v", c.bug, again.Class(), err)
		}
	}
}

// What one worker does depends on nobody's speed.
func TestHuntReplays(t *testing.T) {
	q := search.Prey{Protocol: raft.Protocol(), Bug: "crc-unchecked"}
	var catches [2]search.Catch
	for i := range catches {
		var err error
		if catches[i], err = search.Hunt(t.Context(), q.Plan, 1, search.Budget{Vary: true, Seeds: 100}); err != nil {
			t.Fatal(err)
		}
	}
	if a, b := catches[0], catches[1]; a.Plan.Seed != b.Plan.Seed || a.Seeds != b.Seeds ||
		a.States != b.States || a.Outcome.Trace != b.Outcome.Trace {
		t.Errorf("%d seeds to seed %d, then %d to %d", a.Seeds, a.Plan.Seed, b.Seeds, b.Plan.Seed)
	}
}

// Whichever worker is faster, the least seed that fails is the one that is told.
func TestTheLeastSeedIsFound(t *testing.T) {
	q := search.Prey{Protocol: raft.Protocol(), Bug: "stale-read"}
	for workers := 1; workers <= 4; workers++ {
		got, err := search.Hunt(t.Context(), q.Plan, 1, search.Budget{Seeds: 200, Workers: workers})
		if err != nil || !got.Found {
			t.Fatalf("found %v, %v", got.Found, err)
		}
		for seed := uint64(1); seed < got.Plan.Seed; seed++ {
			p, err := q.Plan(seed)
			if err != nil {
				t.Fatal(err)
			}
			if o, err := search.Run(t.Context(), p); err != nil || o.Class() != "" {
				t.Errorf("%d workers found seed %d, but %d shows %s; %v", workers, got.Plan.Seed, seed,
					o.Class(), err)
			}
		}
	}
}

func TestHuntEndsWithItsBudget(t *testing.T) {
	q := search.Prey{Protocol: raft.Protocol()}
	got, err := search.Hunt(t.Context(), q.Plan, 1, search.Budget{Vary: true, Seeds: 7, Workers: 2})
	if err != nil || got.Seeds != 7 || got.States == 0 {
		t.Errorf("%d seeds, %d states, %v", got.Seeds, got.States, err)
	}
	began := time.Now()
	short := search.Budget{Time: 50 * time.Millisecond}
	if _, err = search.Hunt(t.Context(), q.Plan, 1, short); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("a hunt of 50ms took %v", took)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if got, err := search.Hunt(ended, q.Plan, 1, search.Budget{}); err != nil || got.Seeds != 0 {
		t.Errorf("%d seeds after the end, %v", got.Seeds, err)
	}
}

// A run that is looked at for one class of an oracle's ends there.
func TestStopAtTheFirst(t *testing.T) {
	q := search.Prey{Protocol: raft.Protocol(), Bug: "several-votes"}
	got, err := search.Hunt(t.Context(), q.Plan, 1, search.Budget{Vary: true, Seeds: 200})
	if err != nil || !got.Found {
		t.Fatalf("not found: %v", err)
	}
	r := search.Runner{Stop: got.Outcome.Class()}
	defer r.Close()
	short, err := r.Run(t.Context(), got.Plan)
	if err != nil || short.Result.Verdict != checker.Invalid || !short.Has(r.Stop) ||
		short.Steps >= got.Outcome.Steps {
		t.Errorf("%d steps of %d: %q, %v", short.Steps, got.Outcome.Steps, short.Class(), err)
	}
}
