package raft

import (
	"testing"
	"time"

	"sunder/nodes"
	"sunder/nodes/kv"
	"sunder/nodes/nodestest"
)

func write(c *nodestest.Cluster, to nodes.ID, times int) {
	for i := range times {
		c.Do(to, kv.Command{Op: kv.Write, Key: "x", Arg: int64(len(c.Calls)*1000 + i)})
		c.Run(2 * time.Millisecond)
	}
}

// TestALaggardGetsASnapshot lets a node miss more than the log keeps. It comes back with a tail of
// its own that was never committed, longer than the snapshot.
func TestALaggardGetsASnapshot(t *testing.T) {
	for _, bug := range []string{"", "snapshot-keeps-conflict", "snapshot-not-restored",
		"laggards-left-behind"} {
		c := nodestest.NewCluster(Protocol(), nodestest.Setup{Nodes: 3, Seed: 1, Codec: true, Bug: bug,
			Options: map[string]string{"snapshot": "64"}})
		c.RunUntil(time.Second, func() bool { return c.Leader() != 0 })
		old := c.Leader()
		write(c, old, 2)
		c.Isolate(old)
		write(c, old, 100)
		c.RunUntil(time.Second, func() bool { return c.Leader() != 0 && c.Leader() != old })
		next := c.Leader()
		if next == 0 || next == old {
			t.Fatalf("%s leads after %s was cut off", next, old)
		}
		write(c, next, 80)
		before, _ := c.Status(old)
		c.Recover()
		after, _ := c.Status(old)
		if before.Commit >= 48 {
			t.Fatalf("%s knew entry %d to be committed, so it needs no snapshot", old, before.Commit)
		}
		if wrong := c.Judge(); len(wrong) > 0 != (bug != "") {
			t.Errorf("bug %q: %s; the laggard went from %d to %d", bug, wrong, before.Commit, after.Commit)
		}
	}
}

// long writes more state than a message holds.
func long(c *nodestest.Cluster, times int) {
	key := string(make([]byte, kv.KeyMax-10))
	for range times {
		n := len(c.Calls)
		c.Do(c.Leader(), kv.Command{Op: kv.Write, Key: key + string(rune('a'+n)), Arg: int64(n)})
		c.Run(5 * time.Millisecond)
	}
}

// TestASnapshotTravelsInChunks gives the machine more state than a message holds, loses messages
// and repeats some, and lets the receiver crash on the way.
func TestASnapshotTravelsInChunks(t *testing.T) {
	for _, bug := range []string{"", "chunk-appended-twice"} {
		c := nodestest.NewCluster(Protocol(), nodestest.Setup{Nodes: 3, Seed: 4, Codec: true, Loss: 0.2,
			Twice: 0.2, Bug: bug, Options: map[string]string{"snapshot": "64"}})
		c.RunUntil(5*time.Second, func() bool { return c.Leader() != 0 })
		l := c.Leader()
		late := 1 + l%3
		c.Crash(late, nodestest.Power)
		long(c, 200)
		c.Start(late)
		c.Run(60 * time.Millisecond)
		c.Crash(late, nodestest.Power)
		c.Start(late)
		c.Recover()
		if wrong := c.Judge(); len(wrong) > 0 != (bug != "") {
			t.Errorf("bug %q: %s", bug, wrong)
		}
		if bug != "" {
			continue
		}
		if s, _ := c.Status(late); s.Commit < 150 {
			t.Errorf("the laggard is at entry %d", s.Commit)
		}
		c.Crash(late, nodestest.Kill)
		c.Start(late)
		if s, _ := c.Status(late); s.Applied < 128 {
			t.Errorf("restarted, the laggard has only entry %d", s.Applied)
		}
	}
}

// TestASnapshotIsOfOneMark lets a node get the first chunk of a snapshot. Then its leader is gone,
// and the next one has a newer snapshot.
func TestASnapshotIsOfOneMark(t *testing.T) {
	for _, bug := range []string{"", "chunks-of-two-snapshots"} {
		c := nodestest.NewCluster(Protocol(), nodestest.Setup{Nodes: 5, Seed: 1, Bug: bug,
			Options: map[string]string{"snapshot": "64"}})
		c.RunUntil(5*time.Second, func() bool { return c.Leader() != 0 })
		l := c.Leader()
		late := 1 + l%5
		c.Crash(late, nodestest.Power)
		long(c, 150)
		c.Cut(late, l)
		c.Start(late)
		c.Run(120 * time.Millisecond)
		c.Isolate(late)
		c.Crash(l, nodestest.Kill)
		c.RunUntil(5*time.Second, func() bool { return c.Leader() != 0 })
		long(c, 80)
		c.Recover()
		if wrong := c.Judge(); len(wrong) > 0 != (bug != "") {
			t.Errorf("bug %q: %s", bug, wrong)
		}
	}
}

// written is an Env that keeps what is written.
type written struct {
	nowhere
	files map[nodes.File][]byte
}

func (w written) Append(f nodes.File, p []byte) { w.files[f] = append(w.files[f], p...) }

// TestOneSnapshotAtATime lets so much be committed at once that a second snapshot falls due while the
// first is on its way to the disk.
func TestOneSnapshotAtATime(t *testing.T) {
	for _, bug := range []string{"", "snapshots-overlap"} {
		n, err := newNode(nodes.Config{Self: 1, Members: []nodes.ID{1, 2, 3}, Bug: bug,
			Options: map[string]string{"snapshot": "64"}})
		if err != nil {
			t.Fatal(err)
		}
		w := written{files: map[nodes.File][]byte{}}
		n.Start(w, nil)
		m := &appendEntries{term: 1, commit: 130, entries: make([]entry, 130)}
		for i := range m.entries {
			m.entries[i].term = 1
		}
		n.Recv(w, 2, m)
		if _, err := decodeSnapshot(w.files[fileSnapshotTmp]); (err != nil) != (bug != "") {
			t.Errorf("bug %q: the snapshot of %d bytes: %v", bug, len(w.files[fileSnapshotTmp]), err)
		}
	}
}

// TestALateSnapshotIsNotSaved gives a node a snapshot after it knows more to be committed.
func TestALateSnapshotIsNotSaved(t *testing.T) {
	for _, bug := range []string{"", "old-snapshot-saved"} {
		n, err := newNode(nodes.Config{Self: 1, Members: []nodes.ID{1, 2, 3}, Bug: bug})
		if err != nil {
			t.Fatal(err)
		}
		w := written{files: map[nodes.File][]byte{}}
		n.Start(w, nil)
		n.Recv(w, 2, &appendEntries{term: 1, commit: 2, entries: []entry{{term: 1}, {term: 1}}})
		n.Recv(w, 2, &installSnapshot{term: 1, mark: mark{1, 1, 1}, total: 1, data: []byte{0}})
		if saved := len(w.files[fileSnapshotTmp]) > 0; saved != (bug != "") {
			t.Errorf("bug %q: saved is %v", bug, saved)
		}
	}
}

// TestASnapshotKeepsWhatFollows gives a follower entries 1 to 3, and then the leader's snapshot at
// entry 2, of which it does not know yet that it is committed.
func TestASnapshotKeepsWhatFollows(t *testing.T) {
	for _, bug := range []string{"", "snapshot-discards-tail"} {
		made, err := newNode(nodes.Config{Self: 1, Members: []nodes.ID{1, 2, 3}, Bug: bug})
		if err != nil {
			t.Fatal(err)
		}
		n := made.(*node)
		n.Start(at{}, nil)
		n.Recv(at{}, 2, &appendEntries{term: 1, entries: []entry{{term: 1}, {term: 1}, {term: 1}}})
		data := n.machine.Snapshot()
		n.Recv(at{}, 2, &installSnapshot{term: 1, mark: n.log.at(2), total: uint64(len(data)), data: data})
		n.Synced(at{}, tokenSnapshot, nil) // the file
		n.Synced(at{}, tokenSnapshot, nil) // its name
		want := map[string]uint64{"": 3, "snapshot-discards-tail": 2}[bug]
		if n.commit != 2 || n.log.last() != want {
			t.Errorf("bug %q: entry %d is committed, the log ends at %d, want %d", bug, n.commit,
				n.log.last(), want)
		}
	}
}

// TestASnapshotSaysTheTerm finds a snapshot of a later term than the log knows of: a power loss can
// leave that, as the two have an fsync each.
func TestASnapshotSaysTheTerm(t *testing.T) {
	fresh, err := newNode(nodes.Config{Self: 1, Members: []nodes.ID{1, 2, 3}})
	if err != nil {
		t.Fatal(err)
	}
	n := fresh.(*node)
	log := putState(putBase(nil, mark{}), 3, 2, 0)
	n.Start(nowhere{}, []nodes.Recovered{{Name: fileLog, Data: log}, {Name: fileSnapshot,
		Data: encodeSnapshot(&snapshot{mark: mark{index: 8, term: 5, hash: 1}, data: n.machine.Snapshot()})}})
	if n.term != 5 || n.vote != 0 || n.stopped {
		t.Errorf("it takes part in term %d, voted for %v, stopped: %v", n.term, n.vote, n.stopped)
	}
}
