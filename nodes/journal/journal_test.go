package journal

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sunder/nodes"
	"sunder/nodes/kv"
	"sunder/nodes/wal"
)

// env is a disk of one file whose syncs end when the test says so.
type env struct {
	data    []byte
	syncing []nodes.File
	renamed []nodes.File
}

func (e *env) Append(f nodes.File, p []byte)       { e.data = append(e.data, p...) }
func (e *env) Sync(f nodes.File, tok nodes.Token)  { e.syncing = append(e.syncing, f) }
func (*env) Now() nodes.Mono                       { return 0 }
func (*env) Wall() time.Time                       { return time.Time{} }
func (*env) Rand(string, uint64) uint64            { return 0 }
func (*env) Send(nodes.ID, nodes.Message)          {}
func (*env) Reply(nodes.RequestID, kv.Result)      {}
func (*env) SetTimer(nodes.TimerID, time.Duration) {}
func (*env) StopTimer(nodes.TimerID)               {}
func (*env) Truncate(nodes.File, int64)            {}
func (e *env) Rename(from, to nodes.File)          { e.renamed = append(e.renamed, from, to) }
func (*env) Remove(nodes.File)                     {}
func (*env) Stop(string)                           {}
func (*env) Observe(nodes.Observation)             {}

// TestAJournalIsReplaced: what is not in the file yet is dropped for content that holds it, and what
// waits for it is due only when the new file has the name.
func TestAJournalIsReplaced(t *testing.T) {
	var e env
	j := Open[int](file, 7, 0)
	record := func(s string) []byte {
		b := append(wal.Begin(nil), s...)
		wal.End(b, 0, 0)
		return b
	}
	b, at := j.Begin()
	j.End(append(b, "one"...), at)
	j.Hold(1)
	content := record("one")
	j.Replace(&e, "log.tmp", content)
	b, at = j.Begin()
	j.End(append(b, "two"...), at)
	j.Hold(2)
	for i, want := range []struct {
		syncing nodes.File
		due     int // then; 0: nothing
	}{{"log.tmp", 0}, {nodes.Dir, 1}, {file, 2}} {
		if len(e.syncing) != 1 || e.syncing[0] != want.syncing || j.Idle() {
			t.Fatalf("step %d syncs %v, idle %v", i, e.syncing, j.Idle())
		}
		e.syncing = nil
		j.Synced(&e)
		if got, _ := j.Due(); got != want.due {
			t.Errorf("after step %d %d is due, want %d", i, got, want.due)
		}
		if j.Pending() != (i == 1) {
			t.Errorf("after step %d, pending is %v", i, j.Pending())
		}
		j.Flush(&e)
	}
	if want := append(content, record("two")...); len(e.data) != len(want) {
		t.Errorf("%d bytes were written, want %d", len(e.data), len(want))
	}
	if got := []nodes.File{"log.tmp", file}; !slices.Equal(e.renamed, got) {
		t.Errorf("renamed %v, want %v", e.renamed, got)
	}
}

// TestNothingIsDueBeforeItsRecordsAreDurable writes, holds, flushes and syncs at random, and takes
// only what whole Syncs of the file and, once, of its directory cover.
func TestNothingIsDueBeforeItsRecordsAreDurable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var e env
		written, covered, durable := 0, 0, 0 // records
		if rapid.Bool().Draw(t, "found") {
			written, e.data = 1, append(wal.Begin(nil), "found"...)
			wal.End(e.data, 0, 0)
		}
		j := Open[int](file, 7, len(e.data))
		named := false
		var held, due []int
		for range rapid.IntRange(0, 60).Draw(t, "steps") {
			switch rapid.SampledFrom([]string{"write", "hold", "flush", "sync"}).Draw(t, "step") {
			case "write":
				written++
				b, at := j.Begin()
				j.End(fmt.Appendf(b, "record %d", written), at)
			case "hold":
				held = append(held, written)
				j.Hold(written)
			case "flush":
				idle := len(e.syncing) == 0
				j.Flush(&e)
				if idle && len(e.syncing) > 0 {
					covered = written
				}
				waits := len(due) < len(held)
				if len(e.syncing) > 1 || idle && (len(e.syncing) == 1) != waits {
					t.Fatalf("%d syncs under way for %d records, %d durable", len(e.syncing), written, durable)
				}
			case "sync":
				if len(e.syncing) == 0 {
					break
				}
				f := e.syncing[0]
				e.syncing = e.syncing[1:]
				j.Synced(&e)
				if f == nodes.Dir || named {
					named, durable = true, covered
				}
			}
			for p, ok := j.Due(); ok; p, ok = j.Due() {
				if p > durable {
					t.Fatalf("what waits for record %d is due, %d are durable", p, durable)
				}
				due = append(due, p)
			}
			want := slices.DeleteFunc(slices.Clone(held), func(p int) bool { return p > durable })
			if !slices.Equal(due, want) {
				t.Fatalf("due %v, want %v", due, want)
			}
		}
		records, good, err := wal.Records(e.data)
		if err != nil || good != len(e.data) || len(records) < durable {
			t.Fatalf("%d records in the file, %d durable, %v", len(records), durable, err)
		}
	})
}

const file nodes.File = "log"

func TestWithTheBugTheNameIsNotSynced(t *testing.T) {
	for _, bug := range []bool{false, true} {
		var e env
		j := Open[int](file, 1, 0)
		if bug {
			j.NameUnsynced()
		}
		b, at := j.Begin()
		j.End(append(b, 1), at)
		j.Hold(1)
		j.Flush(&e)
		j.Synced(&e)
		if asked := slices.Contains(e.syncing, nodes.Dir); asked == bug {
			t.Errorf("bug %v: syncs %v", bug, e.syncing)
		}
	}
}
