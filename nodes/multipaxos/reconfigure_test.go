package multipaxos

import (
	"testing"

	"sunder/nodes"
	"sunder/nodes/ballot"
	"sunder/nodes/kv"
)

// answers is nowhere, but for what clients are answered.
type answers struct {
	nowhere
	got *[]kv.Result
}

func (a answers) Reply(_ nodes.RequestID, r kv.Result) { *a.got = append(*a.got, r) }

// grown is n1 of three, alone in its configuration until slot 9, from which on all three decide.
func grown(t *testing.T, bug bug) (*node, *[]kv.Result) {
	made, err := Protocol().New(nodes.Config{Self: 1, Members: []nodes.ID{1, 2, 3}})
	if err != nil {
		t.Fatal(err)
	}
	n, got := made.(*node), &[]kv.Result{}
	n.Start(answers{got: got}, nil)
	n.bug = bug
	n.schedule = schedule{{1, 1, fixed{}.Configure(1)}, {2, 9, fixed{}.Configure(7)}}
	return n, got
}

// TestANewConfigurationIsPrepared: a leader that only n1 has promised proposes up to slot 8, and beyond
// only with the promises of two of three. Otherwise n2 and n3 may have decided slot 9 before.
func TestANewConfigurationIsPrepared(t *testing.T) {
	for _, k := range []struct {
		bug      bug
		prepared ballot.Voters
		commit   uint64
		want     uint64
	}{
		{0, 1, 0, 8}, {0, 1, 8, 8}, {0, 3, 0, 128}, {0, 6, 8, 8 + 128}, {0, 4, 8, 8},
		{bugNewUnprepared, 1, 0, 128},
	} {
		n, _ := grown(t, k.bug)
		n.prepared, n.commit = k.prepared, k.commit
		if got := n.limit(); got != k.want {
			t.Errorf("bug %d: with the promises %b, at slot %d, the last slot to propose is %d, want %d",
				k.bug, k.prepared, k.commit, got, k.want)
		}
	}
}

// TestASurveyHoldsForTheNewConfiguration: what n1 alone knows says nothing about slot 9.
func TestASurveyHoldsForTheNewConfiguration(t *testing.T) {
	for _, k := range []struct {
		bug    bug
		voters ballot.Voters
		slot   uint64
		want   kv.Status
	}{
		{0, 1, 7, kv.OK}, {0, 1, 8, kv.Definite}, {0, 3, 8, kv.OK}, {bugSurveysOldMains, 1, 8, kv.OK},
	} {
		n, got := grown(t, k.bug)
		n.commit = 8
		n.survey.pending.Push(quest{request: 1, command: kv.Command{Op: kv.Read}, voters: k.voters,
			slot: k.slot})
		n.answerSurveyed()
		if len(*got) != 1 || (*got)[0].Status != k.want {
			t.Errorf("bug %d: asked %b up to slot %d: %+v, want %s", k.bug, k.voters, k.slot, *got, k.want)
		}
	}
}

// TestALeaderReadsUnderTheNewConfiguration: it must have the promises of a quorum, and have executed
// what they reported, before what a round confirms is all that was decided.
func TestALeaderReadsUnderTheNewConfiguration(t *testing.T) {
	for _, k := range []struct {
		prepared         ballot.Voters
		commit, reported uint64
		want             bool
	}{{1, 7, 7, true}, {1, 8, 8, false}, {3, 8, 8, true}, {3, 8, 9, false}} {
		n, _ := grown(t, 0)
		n.prepared, n.commit, n.target = k.prepared, k.commit, k.reported
		if n.tookOver() != k.want {
			t.Errorf("promises %b, at slot %d of %d: %v", k.prepared, k.commit, k.reported, !k.want)
		}
	}
}
