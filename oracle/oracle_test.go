package oracle_test

import (
	"slices"
	"testing"
	"time"

	"sunder/nodes"
	"sunder/nodes/nodestest"
	"sunder/nodes/raft"
	"sunder/oracle"
)

// says is an observation of a node in its first boot, numbered later.
func says(node nodes.ID, f nodes.Fact, term, index, hash uint64, peer nodes.ID) nodes.Observed {
	return nodes.Observed{Node: node, Boot: 1, Observation: nodes.Observation{Fact: f, Term: term,
		Index: index, Hash: hash, Peer: peer}}
}

func reboot(o nodes.Observed) nodes.Observed {
	o.Boot++
	return o
}

func TestPlantedStreams(t *testing.T) {
	for _, c := range []struct {
		name    string
		streams [][]nodes.Observed
		want    string // the oracle, or none
	}{
		{"one leader a term", [][]nodes.Observed{
			{says(1, nodes.BecameLeader, 1, 0, 0, 0)}, {says(2, nodes.BecameLeader, 2, 0, 0, 0)}}, ""},
		{"two leaders of a term", [][]nodes.Observed{
			{says(1, nodes.BecameLeader, 1, 0, 0, 0)}, {says(2, nodes.BecameLeader, 1, 0, 0, 0)}},
			oracle.ElectionSafety},
		{"a vote again for the same, after a restart", [][]nodes.Observed{
			{says(1, nodes.Voted, 1, 0, 0, 2), reboot(says(1, nodes.Voted, 1, 0, 0, 2))}}, ""},
		{"two votes in a term, over a restart", [][]nodes.Observed{
			{says(1, nodes.Voted, 1, 0, 0, 2), reboot(says(1, nodes.Voted, 1, 0, 0, 3))}}, oracle.OneVote},
		{"entries of two terms at an index", [][]nodes.Observed{
			{says(1, nodes.Appended, 1, 5, 11, 0)}, {says(2, nodes.Appended, 2, 5, 22, 0)}}, ""},
		{"one entry, two histories", [][]nodes.Observed{
			{says(1, nodes.Appended, 1, 5, 11, 0)}, {says(2, nodes.Appended, 1, 5, 22, 0)}}, oracle.LogMatching},
		{"a committed entry with another history", [][]nodes.Observed{
			{says(1, nodes.Appended, 1, 5, 11, 0)}, {says(2, nodes.Committed, 1, 5, 22, 0)}}, oracle.LogMatching},
		{"two entries committed at an index", [][]nodes.Observed{
			{says(1, nodes.Committed, 1, 5, 11, 0)}, {says(2, nodes.Committed, 2, 5, 22, 0)}},
			oracle.CommitAgreement},
		{"the commit index after a restart", [][]nodes.Observed{
			{says(1, nodes.Committed, 1, 5, 11, 0), reboot(says(1, nodes.Committed, 1, 4, 10, 0))}}, ""},
		{"the commit index goes back", [][]nodes.Observed{
			{says(1, nodes.Committed, 1, 5, 11, 0), says(1, nodes.Committed, 1, 4, 10, 0)}}, oracle.AppendOnly},
		{"a follower's log goes back", [][]nodes.Observed{
			{says(1, nodes.Appended, 1, 5, 11, 0), says(1, nodes.Appended, 2, 4, 10, 0)}}, ""},
		{"a leader's log goes back", [][]nodes.Observed{
			{says(1, nodes.BecameLeader, 2, 0, 0, 0), says(1, nodes.Appended, 2, 5, 11, 0),
				says(1, nodes.Appended, 2, 5, 11, 0)}}, oracle.AppendOnly},
		{"states that were not hashed", [][]nodes.Observed{
			{says(1, nodes.Applied, 1, 5, 11, 0)}, {says(2, nodes.Applied, 1, 5, 0, 0)}}, ""},
		{"states that differ", [][]nodes.Observed{
			{says(1, nodes.Applied, 1, 5, 11, 0)}, {says(2, nodes.Applied, 1, 5, 12, 0)}},
			oracle.StateAgreement},
	} {
		// The order of the nodes' streams does not matter.
		for range 2 {
			got := oracle.Judge(c.streams)
			ok := len(got) == 0
			if c.want != "" {
				ok = len(got) == 1 && got[0].Oracle == c.want && got[0].Words != ""
			}
			if !ok {
				t.Errorf("%s: %+v, want %q", c.name, got, c.want)
			}
			slices.Reverse(c.streams)
		}
	}
}

func TestResetForgets(t *testing.T) {
	o := oracle.New()
	o.Observe(says(1, nodes.BecameLeader, 1, 0, 0, 0))
	o.Reset()
	if v := o.Observe(says(2, nodes.BecameLeader, 1, 0, 0, 0)); v != nil {
		t.Errorf("after a reset: %+v", v)
	}
}

// TestBugsAreFound runs planted bugs under random faults: each of these must be found by an
// oracle, and never without the bug.
func TestBugsAreFound(t *testing.T) {
	for _, c := range []struct {
		bug  string
		runs uint64
	}{
		{"", 60}, {"quorum-half", 40}, {"lost-ack", 80}, {"no-up-to-date-check", 60},
		{"no-prev-term-check", 200}, {"several-votes", 200},
	} {
		found := 0
		for seed := range c.runs {
			cluster := nodestest.NewCluster(raft.Protocol(), nodestest.Setup{Nodes: 3 + 2*int(seed%2),
				Seed: seed, Bug: c.bug, Loss: 0.05, Twice: 0.05})
			cluster.Blow(nodestest.AllFaults(), 3*time.Second)
			recorded := oracle.Judge(cluster.Streams())
			if len(recorded) > 0 != (len(cluster.Violations) > 0) {
				t.Errorf("%s, seed %d: %d violations while it ran, %d in its recording",
					c.bug, seed, len(cluster.Violations), len(recorded))
			}
			if len(recorded) > 0 {
				found++
				if c.bug != "" {
					break
				}
			}
		}
		if found > 0 != (c.bug != "") {
			t.Errorf("bug %q: %d of %d runs were blamed", c.bug, found, c.runs)
		}
	}
}

func BenchmarkObserve(b *testing.B) {
	cluster := nodestest.NewCluster(raft.Protocol(), nodestest.Setup{Nodes: 5, Seed: 1})
	cluster.Blow(nodestest.AllFaults(), 5*time.Second)
	streams := cluster.Streams()
	n := 0
	for _, s := range streams {
		n += len(s)
	}
	o := oracle.New()
	b.ReportAllocs()
	for b.Loop() {
		o.Reset()
		for _, s := range streams {
			for i := range s {
				o.Observe(s[i])
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/observation")
}
