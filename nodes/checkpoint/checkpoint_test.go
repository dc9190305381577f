package checkpoint

import (
	"bytes"
	"errors"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sunder/nodes"
	"sunder/nodes/kv"
	"sunder/nodes/wal"
	"sunder/nodes/wire"
)

func draw(t *rapid.T) *Snapshot {
	data := bytes.Repeat(rapid.SliceOfN(rapid.Byte(), 1, 10).Draw(t, "data"),
		rapid.IntRange(0, 9000).Draw(t, "times"))
	return &Snapshot{Index: rapid.Uint64().Draw(t, "index"), Term: rapid.Uint64().Draw(t, "term"),
		Hash: rapid.Uint64().Draw(t, "hash"), Data: append([]byte(nil), data...)}
}

func TestAFileComesBackWholeOrNotAtAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := draw(t)
		file := Encode(s)
		got, err := Decode(file)
		if err != nil || !reflect.DeepEqual(got, s) || got.Digest() != s.Digest() {
			t.Fatalf("%d bytes of state came back as %+v, %v", len(s.Data), got, err)
		}
		cut := rapid.IntRange(0, len(file)-1).Draw(t, "cut")
		if _, err := Decode(file[:cut]); !errors.Is(err, wal.ErrDamaged) &&
			!errors.Is(err, wire.ErrMalformed) {
			t.Fatalf("%d of %d bytes decoded: %v", cut, len(file), err)
		}
	})
}

// TestChunksArePutTogether sends them in order, with some twice, some late, and some of another
// snapshot between.
func TestChunksArePutTogether(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := draw(t)
		of, other := Snapshot{Index: s.Index, Term: s.Term, Hash: s.Hash}, Snapshot{Index: s.Index + 1}
		total := uint64(len(s.Data))
		var a Assembly
		for {
			if rapid.IntRange(0, 9).Draw(t, "disturb") == 0 {
				a.Take(other, 0, 5, []byte{1})
				if a.Have(s.Index) != 0 || a.Index() != other.Index {
					t.Fatal("chunks of two snapshots were mixed")
				}
			}
			offset := a.Have(s.Index)
			if late := rapid.Uint64Range(0, total).Draw(t, "late"); late != offset && total > 0 &&
				a.Take(of, late, total, s.Chunk(late)) != nil && late != 0 {
				t.Fatalf("complete with a chunk at %d of %d, having %d", late, total, offset)
			}
			offset = a.Have(s.Index)
			if got := a.Take(of, offset, total, s.Chunk(offset)); got != nil {
				if !bytes.Equal(got.Data, s.Data) || !got.Same(s) || a.Index() != 0 {
					t.Fatalf("%d bytes came out of %d", len(got.Data), total)
				}
				return
			}
		}
	})
}

// disk notes what is asked of it, in order.
type disk struct {
	nodes.Env
	did []string
}

func (d *disk) Append(f nodes.File, _ []byte)    { d.did = append(d.did, "append "+string(f)) }
func (d *disk) Sync(f nodes.File, _ nodes.Token) { d.did = append(d.did, "sync "+string(f)) }
func (d *disk) Rename(from, to nodes.File)       { d.did = append(d.did, "rename "+string(from)) }
func (*disk) Now() nodes.Mono                    { return 0 }
func (*disk) Wall() time.Time                    { return time.Time{} }
func (*disk) Reply(nodes.RequestID, kv.Result)   {}

func TestAStoreIsReliedOnWhenItsNameIsDurable(t *testing.T) {
	for _, bug := range []bool{false, true} {
		d := &disk{}
		s := NewStore("snapshot", "snapshot.tmp", 2)
		want := []string{"append snapshot.tmp", "sync snapshot.tmp", "rename snapshot.tmp", "sync ."}
		if bug {
			s.RenameUnsynced()
			want = []string{"append snapshot.tmp", "rename snapshot.tmp", "sync ."}
		}
		if s.Synced(d) != nil {
			t.Error("there is a snapshot that nobody saved")
		}
		snap := &Snapshot{Index: 3}
		s.Save(d, snap)
		done := s.Synced(d)
		if !bug {
			if done != nil || s.Saving() != snap {
				t.Error("it is relied on before it has its name")
			}
			done = s.Synced(d)
		}
		if done != snap || s.Saving() != nil || !reflect.DeepEqual(d.did, want) {
			t.Errorf("bug %v: %v came of %q, want %q", bug, done, d.did, want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(Encode(&Snapshot{Index: 3, Term: 2, Hash: 1, Data: []byte("state")}))
	f.Fuzz(func(t *testing.T, file []byte) {
		if s, err := Decode(file); err == nil {
			if again, err := Decode(Encode(s)); err != nil || !reflect.DeepEqual(again, s) {
				t.Fatalf("%+v came back as %+v, %v", s, again, err)
			}
		}
	})
}
