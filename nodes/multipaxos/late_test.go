package multipaxos

import (
	"testing"
	"time"

	"sunder/nodes"
	"sunder/nodes/ballot"
	"sunder/nodes/kv"
)

// lonely is an Env whose disk is done when the test says so, and that counts answers.
type lonely struct {
	nowhere
	now     nodes.Mono
	syncing []nodes.Token
	replies int
}

func (e *lonely) Now() nodes.Mono                  { return e.now }
func (e *lonely) Sync(_ nodes.File, t nodes.Token) { e.syncing = append(e.syncing, t) }
func (e *lonely) Reply(nodes.RequestID, kv.Result) { e.replies++ }

// TestALatePromiseBindsNobody: an acceptor that promises when there is a quorum already knows that
// more is decided than the leader may propose at once, and dies. It is one of two of five: the rest
// goes on.
func TestALatePromiseBindsNobody(t *testing.T) {
	made, err := New(Protocol(), nodes.Config{Self: 1, Members: []nodes.ID{1, 2, 3, 4, 5},
		Options: map[string]string{"window": "8"}}, fixed{})
	if err != nil {
		t.Fatal(err)
	}
	n, env := made.(*node), new(lonely)
	sync := func() {
		for len(env.syncing) > 0 {
			token := env.syncing[0]
			env.syncing = env.syncing[1:]
			n.Synced(env, token, nil)
		}
	}
	accepted8 := func(from uint64) (out []proposal) {
		for at := from; at < from+8; at++ {
			v := &value{ballot: 5, command: kv.Command{Op: kv.Write, Key: "x", Arg: int64(at)}}
			v.seal(v.appendBody(nil))
			out = append(out, proposal{at, ballot.Ballot(5), v})
		}
		return out
	}
	n.Start(env, nil)
	env.now = nodes.Mono(400 * time.Millisecond)
	n.Timer(env, suspectTimer)
	sync()
	n.Recv(env, 2, &promise{ballot: n.ballot, from: 1, accepted: accepted8(1)})
	n.Recv(env, 3, &promise{ballot: n.ballot, from: 1, accepted: accepted8(9)})
	sync()
	if n.role != leader {
		t.Fatal("a quorum has promised, and the node does not lead")
	}
	n.Recv(env, 4, &promise{ballot: n.ballot, from: 1, commit: 16})
	n.Invoke(env, 1, kv.Command{Op: kv.Write, Key: "y", Arg: 1})
	n.Invoke(env, 2, kv.Command{Op: kv.Read, Key: "y"})
	for range 10 {
		env.now += nodes.Mono(50 * time.Millisecond)
		n.Timer(env, heartbeatTimer)
		if n.learning {
			n.Timer(env, learnTimer)
		}
		sync()
		for _, id := range []nodes.ID{2, 3} {
			n.Recv(env, id, &accepted{ballot: n.ballot, first: 1, count: n.next - 1, high: 16,
				round: n.rounds.Last})
		}
		sync()
	}
	if n.role != leader || env.replies != 2 {
		t.Errorf("after half a second: role %d, commit %d, target %d, %d of 2 answers", n.role,
			n.commit, n.target, env.replies)
	}
}
