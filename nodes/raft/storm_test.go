package raft

import (
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"sunder/nodes/nodestest"
)

// seeds is how many runs a storm test makes; SUNDER_SEEDS asks for another number.
func seeds(usual int) uint64 {
	if n, err := strconv.Atoi(os.Getenv("SUNDER_SEEDS")); err == nil {
		return uint64(n)
	}
	return uint64(usual)
}

func storm(seed uint64, reads, bug string, sizes ...int) (nodestest.Setup, []string) {
	setup := nodestest.Setup{Nodes: sizes[seed%uint64(len(sizes))], Seed: seed, Bug: bug,
		Options: map[string]string{"reads": reads, "snapshot": []string{"64", "off"}[seed%2]},
		Loss:    []float64{0.05, 0}[seed/4%2], Twice: []float64{0.05, 0}[seed/8%2], Codec: seed%16 == 0}
	c := nodestest.NewCluster(Protocol(), setup)
	c.Blow(nodestest.AllFaults(), 3*time.Second)
	return setup, c.Judge()
}

func TestTheCorrectProtocolIsNeverBlamed(t *testing.T) {
	for _, reads := range []string{"readindex", "log", "lease"} {
		for seed := range seeds(20) {
			if setup, wrong := storm(seed, reads, "", 3, 5, 1, 4); len(wrong) > 0 {
				t.Fatalf("%+v: %s", setup, wrong)
			}
		}
	}
}

// stormy are the planted bugs that random faults expose soon.
var stormy = []string{"stale-read", "lost-ack", "quorum-half", "no-up-to-date-check",
	"no-prev-term-check", "readindex-no-commit-in-term", "no-session-dedupe", "crc-unchecked",
	"torn-tail-kept", "snapshot-unsynced", "vote-kept-on-new-term", "refusals-counted",
	"pre-votes-counted", "pre-vote-reply-bumps-term", "leader-canvasses", "gap-accepted", "no-noop",
	"inquiry-waits-for-ever", "follower-proposes", "lost-leadership-is-definite",
	"dedupe-only-on-leader", "directory-not-synced", "rewrite-unsynced", "rewrite-loses-vote",
	"truncation-not-logged", "leftover-temp-kept", "snapshot-labelled-commit",
	"snapshot-installed-late"}

func TestStormsExposeBugs(t *testing.T) {
	for _, bug := range stormy {
		found := 0
		const most = 200
		var first []string
		seed := uint64(0)
		for ; seed < seeds(most) && (found == 0 || os.Getenv("SUNDER_SEEDS") != ""); seed++ {
			if _, wrong := storm(seed, "readindex", bug, 3, 5); len(wrong) > 0 {
				found++
				if first == nil {
					first = wrong
				}
			}
		}
		if found == 0 {
			t.Errorf("%s was not found in %d runs", bug, seed)
			continue
		}
		t.Logf("%s: %d of %d runs: %.120s", bug, found, seed, first[0])
	}
}

// tested are the planted bugs that have a test of their own. Those of transactions have one in
// package sim, where workloads use them, and so has snapshot-name-unsynced: a directory loses names
// in any order there. quorum-all has one in search, where a minority stays away.
var tested = []string{"snapshot-keeps-conflict", "snapshot-not-restored", "laggards-left-behind",
	"chunk-appended-twice", "chunks-of-two-snapshots", "snapshots-overlap", "snapshot-discards-tail",
	"old-snapshot-saved", "fsync-error-ignored", "damage-cut-off", "txn-no-rollback", "txn-stale-read",
	"snapshot-name-unsynced", "quorum-all"}

// TestEveryBugIsExposedSomewhere keeps the list of planted bugs honest: each is found by a storm, by
// a script of its name, or by a test of its own, or it says why it is masked.
func TestEveryBugIsExposedSomewhere(t *testing.T) {
	exposed := slices.Concat(stormy, tested)
	scripts, err := os.ReadDir("testdata/bugs")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range scripts {
		text, err := os.ReadFile("testdata/bugs/" + s.Name())
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(s.Name(), ".txt")
		if !strings.Contains(string(text), "bug="+name) || !strings.Contains(string(text), "WRONG: ") ||
			!strings.Contains(string(text), "nothing is wrong") {
			t.Errorf("script %s does not show its bug", s.Name())
		}
		exposed = append(exposed, name)
	}
	guards, err := os.ReadFile("../../docs/raft-guards.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range Protocol().Bugs {
		row := regexp.MustCompile(`(?m)^\|[^|]*\| ` + b.Name + `( \([^|]*\))? \|(.*)$`).Find(guards)
		if row == nil {
			t.Errorf("docs/raft-guards.md does not say what guard %s leaves out", b.Name)
		}
		masked := regexp.MustCompile(`masked|equivalent`).Match(row)
		if row != nil && masked != (b.Masked != "") {
			t.Errorf("%s is masked: %q, but docs/raft-guards.md says %q", b.Name, b.Masked, row)
		}
		if !slices.Contains(exposed, b.Name) && b.Masked == "" {
			t.Errorf("nothing exposes the planted bug %s", b.Name)
		}
	}
}
