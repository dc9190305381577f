package wal

import (
	"bytes"
	"errors"
	"testing"

	"pgregory.net/rapid"
)

// write frames payloads, each of which knows that all before it is durable, as after one fsync a
// record; with lazy nobody ever knew anything to be durable.
func write(payloads [][]byte, lazy bool) (data []byte, ends []int) {
	for _, p := range payloads {
		at := len(data)
		data = append(Begin(data), p...)
		safe := uint64(at)
		if lazy {
			safe = 0
		}
		End(data, at, safe)
		ends = append(ends, len(data))
	}
	return data, ends
}

func drawPayloads(t *rapid.T) [][]byte {
	return rapid.SliceOfN(rapid.SliceOfN(rapid.Byte(), 1, 40), 1, 12).Draw(t, "payloads")
}

func TestEveryPrefixOfAFileIsItsWholeRecords(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		payloads := drawPayloads(t)
		data, ends := write(payloads, rapid.Bool().Draw(t, "lazy"))
		cut := rapid.IntRange(0, len(data)).Draw(t, "cut")
		want := 0
		for want < len(ends) && ends[want] <= cut {
			want++
		}
		got, good, err := Records(data[:cut])
		if err != nil || len(got) != want || want > 0 && good != ends[want-1] {
			t.Fatalf("%d records, %d bytes, %v; want %d records", len(got), good, err, want)
		}
		for i, p := range got {
			if !bytes.Equal(p, payloads[i]) {
				t.Fatalf("record %d is %x, want %x", i, p, payloads[i])
			}
		}
	})
}

func TestDamageIsToldFromATear(t *testing.T) {
	three := [][]byte{[]byte("one"), []byte("two"), []byte("three")}
	for _, c := range []struct {
		name    string
		lazy    bool
		flip    int // the record of which a byte is flipped
		records int
		damaged bool
	}{
		{"the last record is torn", false, 2, 2, false},
		{"a durable record is damaged", false, 1, 1, true},
		{"the first record is damaged", false, 0, 0, true},
		{"a page of an unsynced stretch was lost", true, 1, 1, false},
	} {
		data, ends := write(three, c.lazy)
		data[ends[c.flip]-1] ^= 0x40
		got, _, err := Records(data)
		if len(got) != c.records || errors.Is(err, ErrDamaged) != c.damaged {
			t.Errorf("%s: %d records, %v", c.name, len(got), err)
		}
	}
}

func TestZeroesAreATornTail(t *testing.T) {
	data, ends := write([][]byte{[]byte("one")}, false)
	got, good, err := Records(append(data, make([]byte, 4096)...))
	if err != nil || len(got) != 1 || good != ends[0] {
		t.Errorf("%d records, %d bytes, %v", len(got), good, err)
	}
}

func FuzzRecords(f *testing.F) {
	data, _ := write([][]byte{[]byte("one"), []byte("two"), []byte("three")}, false)
	f.Add(data)
	f.Add(data[:len(data)-2])
	f.Add(bytes.Replace(data, []byte("two"), []byte("owt"), 1))
	f.Fuzz(func(t *testing.T, p []byte) {
		records, good, err := Records(p)
		again, length, second := Records(p[:good])
		if len(again) != len(records) || length != good || second != nil {
			t.Fatalf("the good part reads as %d records of %d bytes, %v; first %d of %d, %v",
				len(again), length, second, len(records), good, err)
		}
		if loose, all := Unchecked(p); all < good || len(loose) < len(records) {
			t.Fatalf("unchecked reading found less: %d bytes of %d", all, good)
		}
	})
}

func BenchmarkRecords(b *testing.B) {
	var payloads [][]byte
	for range 10_000 {
		payloads = append(payloads, make([]byte, 40))
	}
	data, _ := write(payloads, false)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, _, err := Records(data); err != nil {
			b.Fatal(err)
		}
	}
}
