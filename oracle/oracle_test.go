package oracle_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

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
		{"a term below that of a vote, over a restart", [][]nodes.Observed{
			{says(1, nodes.Voted, 2, 0, 0, 2), reboot(says(1, nodes.BecameFollower, 1, 0, 0, 0))}},
			oracle.MonotoneTerm},
		{"a vote below an earlier one", [][]nodes.Observed{
			{says(1, nodes.Voted, 2, 0, 0, 2), says(1, nodes.Voted, 1, 0, 0, 2)}}, oracle.MonotoneTerm},
		{"a term that no vote stands for is lost", [][]nodes.Observed{
			{says(1, nodes.Voted, 2, 0, 0, 2), says(1, nodes.BecameFollower, 3, 0, 0, 0),
				reboot(says(1, nodes.BecameFollower, 2, 0, 0, 0))}}, ""},
		{"a term below that of an entry, over a restart", [][]nodes.Observed{
			{says(1, nodes.Appended, 3, 5, 11, 0), reboot(says(1, nodes.Appended, 3, 5, 11, 0)),
				reboot(says(1, nodes.BecameFollower, 2, 0, 0, 0))}}, oracle.MonotoneTerm},
		{"the term of an entry that is gone", [][]nodes.Observed{
			{says(1, nodes.Appended, 3, 5, 11, 0), reboot(says(1, nodes.Appended, 1, 4, 10, 0)),
				reboot(says(1, nodes.BecameFollower, 2, 0, 0, 0))}}, ""},
		{"a command of a session done by two nodes", [][]nodes.Observed{
			{says(1, nodes.Executed, 1, 5, 77, 0)}, {says(2, nodes.Executed, 1, 5, 77, 0)}}, ""},
		{"a command of a session done twice", [][]nodes.Observed{
			{says(1, nodes.Executed, 1, 5, 77, 0)}, {says(2, nodes.Executed, 1, 6, 77, 0)}},
			oracle.ExactlyOnce},
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

// TestLeaderCompleteness tells in every order of the nodes how leaders came to their logs.
func TestLeaderCompleteness(t *testing.T) {
	follows := func(n nodes.ID, term uint64) nodes.Observed {
		return says(n, nodes.BecameFollower, term, 0, 0, 0)
	}
	leads := func(n nodes.ID, term, index, hash uint64) nodes.Observed {
		return says(n, nodes.BecameLeader, term, index, hash, 0)
	}
	has := func(n nodes.ID, term, index, hash uint64) nodes.Observed {
		return says(n, nodes.Appended, term, index, hash, 0)
	}
	commits := func(n nodes.ID, term, index, hash uint64) nodes.Observed {
		return says(n, nodes.Committed, term, index, hash, 0)
	}
	// n1 leads term 1 and commits entries 1 and 2, of hashes 11 and 12.
	one := []nodes.Observed{leads(1, 1, 0, 0), has(1, 1, 1, 11), has(1, 1, 2, 12),
		commits(1, 1, 1, 11), commits(1, 1, 2, 12)}
	for _, c := range []struct {
		name    string
		streams [][]nodes.Observed
		lacks   nodes.ID // which leader lacks an entry, or 0
	}{
		{"the entry is the last", [][]nodes.Observed{one,
			{follows(2, 1), has(2, 1, 2, 12), leads(2, 2, 2, 12)}}, 0},
		{"the entry is below", [][]nodes.Observed{one,
			{follows(2, 1), has(2, 1, 3, 13), leads(2, 2, 3, 13)}}, 0},
		{"a log that is too short", [][]nodes.Observed{one,
			{follows(2, 1), has(2, 1, 1, 11), leads(2, 2, 1, 11)}}, 2},
		{"an empty log, told by the first entry", [][]nodes.Observed{one,
			{leads(2, 2, 0, 0), has(2, 2, 1, 21)}}, 2},
		{"an empty log, as far as was told", [][]nodes.Observed{one, {leads(2, 2, 0, 0)}}, 0},
		{"a short log that is not told", [][]nodes.Observed{one,
			{leads(2, 2, 0, 0), has(2, 2, 2, 22)}}, 2},
		{"another entry at that place", [][]nodes.Observed{one,
			{follows(2, 1), has(2, 3, 2, 32), leads(2, 4, 2, 32)}}, 2},
		{"another entry below, by way of the reign before", [][]nodes.Observed{one,
			{follows(2, 1), has(2, 1, 1, 11), leads(2, 2, 1, 11), has(2, 2, 2, 22), has(2, 2, 3, 23)},
			{follows(3, 2), has(3, 2, 3, 23), leads(3, 3, 3, 23)}}, 2},
		{"a log of a reign that nobody told of", [][]nodes.Observed{one,
			{follows(3, 2), has(3, 2, 3, 23), leads(3, 3, 3, 23)}}, 0},
		{"a log that came with a snapshot", [][]nodes.Observed{one,
			{follows(2, 9), has(2, 9, 9, 99), commits(2, 1, 2, 12), leads(2, 10, 2, 12)}}, 0},
		// Figure 8: n3 led without entry 1 of term 1, which the leader of term 3 committed.
		{"committed after the reign", [][]nodes.Observed{
			{leads(1, 1, 0, 0), has(1, 1, 1, 11), leads(1, 3, 1, 11), has(1, 3, 2, 32), commits(1, 1, 1, 11)},
			{leads(3, 2, 0, 0), has(3, 2, 1, 21)}}, 0},
		{"committed by counting", [][]nodes.Observed{
			{leads(1, 1, 0, 0), has(1, 1, 1, 11), leads(1, 3, 1, 11), commits(1, 1, 1, 11)},
			{leads(3, 2, 0, 0), has(3, 2, 1, 21), leads(3, 4, 1, 21)}}, 3},
		{"told at a boot", [][]nodes.Observed{
			{commits(1, 1, 1, 11), follows(1, 1)}, {leads(2, 2, 0, 0), has(2, 2, 1, 21)}}, 0},
	} {
		for turn := range 6 {
			got := oracle.Judge(c.streams)
			ok := len(got) == 0
			if c.lacks != 0 { // who follows an incomplete leader may be incomplete, too
				ok = slices.ContainsFunc(got, func(v oracle.Violation) bool { return v.Node == c.lacks })
			}
			for _, v := range got {
				ok = ok && v.Oracle == oracle.LeaderCompleteness && v.Index > 0
			}
			if !ok {
				t.Errorf("%s: %+v, want that %s is to blame", c.name, got, c.lacks)
			}
			if slices.Reverse(c.streams); turn%2 == 0 {
				slices.Reverse(c.streams[1:])
			}
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

// TestBugsAreFound runs planted bugs under random faults: each of these must be found by its
// oracle, and nothing without a bug.
func TestBugsAreFound(t *testing.T) {
	for _, c := range []struct {
		bug  string
		runs uint64
		by   string
	}{
		{"", 40, ""}, {"quorum-half", 40, oracle.ElectionSafety}, {"lost-ack", 80, oracle.CommitAgreement},
		{"no-up-to-date-check", 60, oracle.LeaderCompleteness},
		{"no-prev-term-check", 200, oracle.LogMatching}, {"several-votes", 200, oracle.OneVote},
		{"term-not-persisted", 40, oracle.MonotoneTerm}, {"no-session-dedupe", 40, oracle.ExactlyOnce},
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
			if c.bug == "" {
				found += len(recorded)
			} else if slices.ContainsFunc(recorded, func(v oracle.Violation) bool { return v.Oracle == c.by }) {
				found++
				break
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

// TestTheOrderOfNodesDoesNotMatter lets nodes say anything, and hears them in two orders: there is
// a violation in both or in none.
func TestTheOrderOfNodesDoesNotMatter(t *testing.T) {
	facts := []nodes.Fact{nodes.BecameLeader, nodes.BecameFollower, nodes.BecameCandidate, nodes.Voted,
		nodes.Appended, nodes.Committed, nodes.Applied, nodes.Executed}
	small := func(t *rapid.T, name string) uint64 { return rapid.Uint64Range(0, 4).Draw(t, name) }
	rapid.Check(t, func(t *rapid.T) {
		streams := make([][]nodes.Observed, 3)
		for range rapid.IntRange(0, 12).Draw(t, "observations") {
			id := rapid.IntRange(0, 2).Draw(t, "node")
			ob := says(nodes.ID(id+1), rapid.SampledFrom(facts).Draw(t, "fact"), small(t, "term"),
				small(t, "index"), small(t, "hash"), nodes.ID(small(t, "peer")))
			streams[id] = append(streams[id], ob)
		}
		var heard []string
		left := [][]nodes.Observed{streams[0], streams[1], streams[2]}
		o := oracle.New()
		for len(left[0])+len(left[1])+len(left[2]) > 0 {
			id := rapid.IntRange(0, 2).Filter(func(i int) bool { return len(left[i]) > 0 }).Draw(t, "next")
			if v := o.Observe(left[id][0]); v != nil {
				heard = append(heard, v.Oracle)
			}
			left[id] = left[id][1:]
		}
		if one := oracle.Judge(streams); len(one) > 0 != (len(heard) > 0) {
			t.Fatalf("one after the other: %+v; mixed: %v", one, heard)
		}
	})
}
