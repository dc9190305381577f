package oracle_test

import (
	"slices"
	"testing"
	"time"

	"sunder/nodes"
	"sunder/nodes/ballot"
	"sunder/nodes/nodestest"
	"sunder/nodes/paxos"
	"sunder/oracle"
)

func TestPlantedStreamsOfPaxos(t *testing.T) {
	b := func(round uint64, of nodes.ID) uint64 { return uint64(ballot.New(round, of)) }
	promised := func(n nodes.ID, ballot, decree uint64) nodes.Observed {
		return says(n, nodes.Promised, ballot, decree, 0, 0)
	}
	accepted := func(n nodes.ID, ballot, decree, value uint64) nodes.Observed {
		return says(n, nodes.Accepted, ballot, decree, value, 0)
	}
	decided := func(n nodes.ID, ballot, decree, value uint64) nodes.Observed {
		return says(n, nodes.Decided, ballot, decree, value, 0)
	}
	const far = 1 << 40
	for _, c := range []struct {
		name    string
		streams [][]nodes.Observed
		want    string // the oracle, or none
	}{
		{"promises that grow", [][]nodes.Observed{
			{promised(1, b(1, 1), 1), promised(1, b(1, 2), 1), reboot(promised(1, b(2, 1), 1))}}, ""},
		{"the same promise again, after a restart", [][]nodes.Observed{
			{promised(1, b(1, 2), 1), reboot(promised(1, b(1, 2), 1))}}, ""},
		{"promises of different decrees", [][]nodes.Observed{
			{promised(1, b(2, 1), 1), promised(1, b(1, 1), 2)}}, ""},
		{"promises of different nodes", [][]nodes.Observed{
			{promised(1, b(2, 1), 1)}, {promised(2, b(1, 1), 1)}}, ""},
		{"a promise below one, over a restart", [][]nodes.Observed{
			{promised(1, b(1, 2), far), reboot(promised(1, b(1, 1), far))}}, oracle.PromiseKept},
		{"accepted below a promise", [][]nodes.Observed{
			{promised(1, b(2, 2), 1), accepted(1, b(1, 1), 1, 7)}}, oracle.PromiseKept},
		{"accepted below what was accepted", [][]nodes.Observed{
			{accepted(1, b(2, 2), 1, 7), reboot(accepted(1, b(1, 1), 1, 7))}}, oracle.PromiseKept},
		{"accepted below a promise for all decrees", [][]nodes.Observed{
			{promised(1, b(2, 2), 0), accepted(1, b(1, 1), 9, 7)}}, oracle.PromiseKept},
		{"accepted in a promise for all decrees", [][]nodes.Observed{
			{promised(1, b(2, 2), 0), accepted(1, b(2, 2), 9, 7)}}, ""},
		{"two values of a ballot, in two decrees", [][]nodes.Observed{
			{accepted(1, b(1, 1), 1, 7)}, {accepted(2, b(1, 1), 2, 8)}}, ""},
		{"two values of a decree, in two ballots", [][]nodes.Observed{
			{accepted(1, b(1, 1), 1, 7)}, {accepted(2, b(1, 2), 1, 8)}}, ""},
		{"two values of a decree in a ballot", [][]nodes.Observed{
			{accepted(1, b(1, 1), 1, 7)}, {accepted(2, b(1, 1), 1, 8)}}, oracle.OneValue},
		{"two values of a decree in a later ballot", [][]nodes.Observed{
			{accepted(1, b(1, 1), 1, 7), accepted(1, b(2, 1), 1, 7)},
			{accepted(2, b(1, 1), 1, 7), accepted(2, b(2, 1), 1, 8)}}, oracle.OneValue},
		{"chosen is what nobody accepted in that ballot", [][]nodes.Observed{
			{accepted(1, b(1, 1), 1, 7)}, {decided(2, b(1, 1), 1, 8)}}, oracle.OneValue},
		{"the chosen value again in a larger ballot", [][]nodes.Observed{
			{accepted(1, b(1, 1), 1, 7), accepted(1, b(2, 2), 1, 7)}, {decided(2, b(1, 1), 1, 7)}}, ""},
		{"another value in a larger ballot than a chosen one", [][]nodes.Observed{
			{accepted(1, b(1, 1), 1, 7), accepted(1, b(2, 2), 1, 8)}, {decided(2, b(1, 1), 1, 7)}},
			oracle.ChosenStays},
		{"another value in a smaller ballot than a chosen one", [][]nodes.Observed{
			{accepted(1, b(1, 1), 1, 8), accepted(1, b(2, 2), 1, 7)}, {decided(2, b(2, 2), 1, 7)}}, ""},
		{"another value, but it was only told what is decided", [][]nodes.Observed{
			{accepted(1, b(1, 1), 1, 8)}, {decided(2, 0, 1, 7)}}, ""},
		{"all learn the same", [][]nodes.Observed{
			{decided(1, b(1, 1), 1, 7)}, {decided(2, b(2, 2), 1, 7)}, {decided(3, 0, 1, 7)}}, ""},
		{"a decree is decided twice", [][]nodes.Observed{
			{decided(1, 0, far, 7)}, {decided(2, 0, far, 8)}}, oracle.DecidedOnce},
		{"a decree is decided twice by one node", [][]nodes.Observed{
			{decided(1, b(1, 1), 1, 7), reboot(decided(1, 0, 1, 8))}}, oracle.DecidedOnce},
	} {
		for range 2 { // the order of the nodes' streams does not matter
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

func TestResetForgetsDecrees(t *testing.T) {
	o := oracle.New()
	for _, ob := range []nodes.Observed{says(1, nodes.Promised, 9, 1, 0, 0), says(1, nodes.Accepted, 9, 1, 5, 0),
		says(1, nodes.Accepted, 10, 1, 5, 0), says(1, nodes.Decided, 9, 1, 5, 0)} {
		o.Observe(ob)
	}
	o.Reset()
	for _, ob := range []nodes.Observed{says(1, nodes.Accepted, 8, 1, 6, 0), says(1, nodes.Accepted, 10, 1, 6, 0),
		says(1, nodes.Decided, 8, 1, 6, 0)} {
		if v := o.Observe(ob); v != nil {
			t.Errorf("after a reset: %+v", v)
		}
	}
}

// TestBugsOfPaxosAreFound runs planted bugs under random faults: each must be found by the oracle
// that it is for, and none without a bug.
func TestBugsOfPaxosAreFound(t *testing.T) {
	for _, c := range []struct {
		bug, want string
		runs      uint64
	}{
		{"", "", 40},
		{"accepts-below-promise", oracle.PromiseKept, 40},
		{"ballot-without-node", oracle.OneValue, 40},
		{"ignores-accepted", oracle.ChosenStays, 40},
		{"learns-from-one", oracle.DecidedOnce, 40},
	} {
		found := map[string]int{}
		for seed := range c.runs {
			cluster := nodestest.NewCluster(paxos.Protocol(), nodestest.Setup{Nodes: 3 + 2*int(seed%2),
				Seed: seed, Bug: c.bug, Loss: 0.05, Twice: 0.05})
			cluster.Blow(nodestest.AllFaults(), 2*time.Second)
			recorded := oracle.Judge(cluster.Streams())
			if len(recorded) > 0 != (len(cluster.Violations) > 0) {
				t.Errorf("%s, seed %d: %d violations while it ran, %d in its recording",
					c.bug, seed, len(cluster.Violations), len(recorded))
			}
			for _, v := range recorded {
				found[v.Oracle]++
			}
			if c.want != "" && found[c.want] > 0 {
				break
			}
		}
		if c.want == "" && len(found) > 0 || c.want != "" && found[c.want] == 0 {
			t.Errorf("bug %q: found %v, want %q", c.bug, found, c.want)
		}
	}
}

// TestIdleAuxiliaries: who learns nothing must not be asked all the time; others may.
func TestIdleAuxiliaries(t *testing.T) {
	const every, lasts = 50 * time.Millisecond, 4 * time.Second
	for _, c := range []struct {
		name   string
		change func(at time.Duration, ob *nodes.Observed)
		want   bool
	}{
		{"it helps without a pause", func(time.Duration, *nodes.Observed) {}, true},
		{"it learns what was decided", func(at time.Duration, ob *nodes.Observed) {
			if at == lasts/2 {
				ob.Fact = nodes.Decided
			}
		}, false},
		{"it pauses", func(at time.Duration, ob *nodes.Observed) {
			if at >= lasts/2 {
				ob.Time += 3 * every
			}
		}, false},
		{"it helps in one ballot after the other", func(at time.Duration, ob *nodes.Observed) {
			if at >= lasts/2 {
				ob.Term = uint64(ballot.New(2, 1))
			}
		}, false},
	} {
		o := oracle.New()
		found := false
		for at := time.Duration(0); at < lasts; at += every {
			ob := says(3, nodes.Accepted, uint64(ballot.New(1, 1)), 1+uint64(at/every), 7, 0)
			ob.Time = at
			c.change(at, &ob)
			if v := o.Observe(ob); v != nil {
				found = found || v.Oracle == oracle.IdleAuxiliaries
			}
		}
		if found != c.want {
			t.Errorf("%s: found: %v", c.name, found)
		}
	}
}
