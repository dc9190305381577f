package etcdraft

import (
	"testing"
	"time"

	pb "go.etcd.io/raft/v3/raftpb"

	"sunder/nodes"
	"sunder/nodes/kv"
)

// nowhere is an Env in which nothing happens but that a node may stop.
type nowhere struct{ stopped string }

func (*nowhere) Now() nodes.Mono                       { return 0 }
func (*nowhere) Wall() time.Time                       { return time.Time{} }
func (*nowhere) Rand(string, uint64) uint64            { return 0 }
func (*nowhere) Send(nodes.ID, nodes.Message)          {}
func (*nowhere) Reply(nodes.RequestID, kv.Result)      {}
func (*nowhere) SetTimer(nodes.TimerID, time.Duration) {}
func (*nowhere) StopTimer(nodes.TimerID)               {}
func (*nowhere) Append(nodes.File, []byte)             {}
func (*nowhere) Truncate(nodes.File, int64)            {}
func (*nowhere) Rename(from, to nodes.File)            {}
func (*nowhere) Remove(nodes.File)                     {}
func (*nowhere) Sync(nodes.File, nodes.Token)          {}
func (*nowhere) Observe(nodes.Observation)             {}
func (e *nowhere) Stop(reason string)                  { e.stopped = reason }

// TestCrashBetweenTheSnapshotAndTheLog boots from a snapshot of the leader's that is in place, and
// the log as it was before.
func TestCrashBetweenTheSnapshotAndTheLog(t *testing.T) {
	config := nodes.Config{Self: 1, Members: []nodes.ID{1, 2, 3}}
	made, err := newNode(config)
	if err != nil {
		t.Fatal(err)
	}
	n := made.(*node)
	o := n.origin()
	n.disk.base = o.base
	conf := &pb.ConfState{Voters: o.voters}
	var machine kv.Machine
	machine.Apply(64, kv.Command{Op: kv.Write, Key: "x", Arg: 7})
	at := mark{index: 64, term: 5, hash: 99}
	entry := &pb.Entry{Index: new(uint64(2)), Term: new(uint64(1))}
	snapshot := nodes.Recovered{Name: fileSnapshot,
		Data: encodeSnapshot(newSnapshot(at, conf, machine.Snapshot()))}
	for name, log := range map[string][]byte{"empty": n.head(o.hard, conf),
		"short": putEntry(n.head(o.hard, conf), entry, 0)} {
		again, err := newNode(config)
		if err != nil {
			t.Fatal(err)
		}
		env := new(nowhere)
		enclose(env, func() {
			again.Start(env, []nodes.Recovered{{Name: fileLog, Data: log}, snapshot})
		})
		if s := again.(*node).Status(); env.stopped != "" || s.Term != 5 || s.Commit != 64 ||
			s.Applied != 64 {
			t.Errorf("%s: stopped %q, %+v", name, env.stopped, s)
		}
		got := again.(*node)
		if r := got.machine.Query(kv.Command{Op: kv.Read, Key: "x"}); r.Value != 7 ||
			got.chain.last() != at {
			t.Errorf("%s: read %+v, log ends at %+v", name, r, got.chain.last())
		}
	}
	lost := new(nowhere)
	n.Start(lost, []nodes.Recovered{snapshot})
	if lost.stopped == "" {
		t.Error("a snapshot without a log was taken")
	}
}
