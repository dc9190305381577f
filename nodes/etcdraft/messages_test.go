package etcdraft

import (
	"bytes"
	"crypto/rand"
	"testing"
	"time"

	pb "go.etcd.io/raft/v3/raftpb"
	"google.golang.org/protobuf/proto"

	"sunder/nodes"
	"sunder/nodes/etcdraft/entropy"
	"sunder/nodes/kv"
	"sunder/nodes/nodestest"
)

func snapMessage(size int) *pb.Message {
	s := newSnapshot(mark{7, 2, 9}, &pb.ConfState{Voters: []uint64{1, 2}}, make([]byte, size))
	return &pb.Message{Type: pb.MsgSnap.Enum(), To: new(uint64(2)), From: new(uint64(1)),
		Term: new(uint64(2)), Snapshot: s}
}

func TestALargeMessageTravelsInParts(t *testing.T) {
	want := snapMessage(3*partMax + 5)
	parts := pack(want, 77)
	if len(parts) != 4 {
		t.Fatalf("%d parts, want 4", len(parts))
	}
	var c collector
	c.add(pack(snapMessage(2*partMax), 3)[0].body) // of a message that is never whole
	var got *pb.Message
	for _, at := range []int{2, 0, 2, 3, 1} { // out of order, one twice
		if n := len(parts[at].AppendTo(nil)); n > 1<<20 {
			t.Errorf("a part of %d bytes", n)
		}
		if _, err := decode(parts[at].kind, parts[at].body); err != nil {
			t.Fatal(err)
		}
		if kind, body, whole := c.add(parts[at].body); whole {
			var err error
			if got, err = read(kind, body); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got == nil || !proto.Equal(got, want) {
		t.Error("the parts do not make the message again")
	}
}

// TestALargeSnapshotReachesALaggard also sends parts through a lossy network: the library must be
// told what did not arrive.
func TestALargeSnapshotReachesALaggard(t *testing.T) {
	for _, storage := range []string{"inline", "async"} {
		c := nodestest.NewCluster(Protocol(), nodestest.Setup{Nodes: 3, Seed: 3, Loss: 0.2, Codec: true,
			Options: map[string]string{"snapshot": "64", "storage": storage}})
		if !c.RunUntil(5*time.Second, func() bool { return c.Leader() != 0 }) {
			t.Fatal("nobody leads")
		}
		lead := c.Leader()
		laggard := lead%3 + 1
		c.Isolate(laggard)
		key := string(bytes.Repeat([]byte("k"), 1000))
		for i := range 140 {
			var txn []kv.Command
			for k := range 8 {
				txn = append(txn, kv.Command{Op: kv.Write, Key: key + string(rune('0'+i)) +
					string(rune('0'+k)), Arg: 1})
			}
			c.Do(lead, kv.Command{Op: kv.Txn, Txn: txn})
			c.Run(5 * time.Millisecond)
		}
		c.Run(time.Second)
		c.Heal()
		level := func() bool {
			a, _ := c.Status(lead)
			b, _ := c.Status(laggard)
			return a.Applied > 130 && a.Applied == b.Applied
		}
		if !c.RunUntil(20*time.Second, level) {
			t.Errorf("%s: the laggard is not there after 20 s", storage)
		}
		if wrong := c.Judge(); len(wrong) > 0 {
			t.Errorf("%s: %s", storage, wrong)
		}
	}
}

func TestTheReaderIsGivenBack(t *testing.T) {
	own := rand.Reader
	func() {
		defer func() { _ = recover() }()
		entropy.Lend(bytes.NewReader([]byte{1}), func() {
			if rand.Reader == own {
				t.Error("the reader was not lent")
			}
			panic("the node's")
		})
	}()
	if rand.Reader != own {
		t.Error("the reader was not given back")
	}
	entropy.Lend(own, func() {}) // nor does anybody hold the lock
}

func FuzzDecode(f *testing.F) {
	f.Add(uint8(pb.MsgSnap)+1, pack(snapMessage(10), 1)[0].body)
	f.Add(uint8(kindPart), pack(snapMessage(partMax+1), 1)[1].body)
	f.Add(uint8(pb.MsgApp)+1, pack(&pb.Message{Type: pb.MsgApp.Enum(), Term: new(uint64(2)),
		Entries: []*pb.Entry{{Index: new(uint64(1)), Term: new(uint64(1)), Data: []byte("x")}}}, 1)[0].body)
	f.Fuzz(func(t *testing.T, kind uint8, p []byte) {
		m, err := decode(kind, p)
		if err != nil {
			return
		}
		again, err := decode(m.Kind(), m.AppendTo(nil))
		if err != nil || again.Ident() != m.Ident() {
			t.Fatalf("%v came back as %v, %v", m, again, err)
		}
		_ = m.(*message).String()
	})
}

func FuzzRecover(f *testing.F) {
	n := &node{members: []nodes.ID{1, 2, 3}}
	o := n.origin()
	head := n.head(o.hard, &pb.ConfState{Voters: o.voters})
	f.Add(head, encodeSnapshot(newSnapshot(origin(), &pb.ConfState{Voters: o.voters}, nil)))
	f.Fuzz(func(_ *testing.T, log, snapshot []byte) {
		var in found
		if len(log) > 0 {
			_ = in.replay(log)
		}
		_, _ = decodeSnapshot(snapshot)
	})
}

// TestWhatTheLibraryWouldPanicOnIsRefused says each with words that are well formed.
func TestWhatTheLibraryWouldPanicOnIsRefused(t *testing.T) {
	entry := func(index, term uint64) *pb.Entry { return &pb.Entry{Index: &index, Term: &term} }
	for name, m := range map[string]*pb.Message{
		"a local message":          {Type: pb.MsgHup.Enum()},
		"a storage thread's":       {Type: pb.MsgStorageApplyResp.Enum(), Term: new(uint64(1))},
		"a proposal":               {Type: pb.MsgProp.Enum(), Entries: []*pb.Entry{entry(0, 0)}},
		"a read without a context": {Type: pb.MsgReadIndex.Enum()},
		"an answer without one":    {Type: pb.MsgReadIndexResp.Enum(), Term: new(uint64(1))},
		"half a heartbeat context": {Type: pb.MsgHeartbeatResp.Enum(), Term: new(uint64(1)), Context: []byte{1, 2, 3}},
		"a snapshot of nothing":    {Type: pb.MsgSnap.Enum(), Term: new(uint64(1))},
		"a vote without a term":    {Type: pb.MsgVoteResp.Enum()},
		"a gap": {Type: pb.MsgApp.Enum(), Term: new(uint64(3)), Index: new(uint64(4)),
			Entries: []*pb.Entry{entry(6, 3)}},
		"a term that goes back": {Type: pb.MsgApp.Enum(), Term: new(uint64(3)), LogTerm: new(uint64(3)),
			Entries: []*pb.Entry{entry(1, 2)}},
		"a term of the future": {Type: pb.MsgApp.Enum(), Term: new(uint64(3)),
			Entries: []*pb.Entry{entry(1, 4)}},
	} {
		packed := pack(m, 1)[0]
		if _, err := decode(packed.kind, packed.body); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}
