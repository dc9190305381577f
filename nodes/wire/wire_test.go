package wire

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"
)

func TestWhatIsPutIsRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		numbers := rapid.SliceOf(rapid.Uint64()).Draw(t, "numbers")
		flag, data := rapid.Bool().Draw(t, "flag"), rapid.SliceOf(rapid.Byte()).Draw(t, "data")
		p := Put(nil, uint64(len(numbers)))
		p = append(Put(Put(p, numbers...), Flag(flag), uint64(len(data))), data...)
		read := func(p []byte) (Reader, bool) {
			r := Read(p)
			same := r.Count(1) == uint64(len(numbers))
			for _, n := range numbers {
				same = same && r.Number() == n
			}
			same = same && r.Flag() == flag
			return r, same && bytes.Equal(r.Bytes(r.Number()), data)
		}
		if r, same := read(p); !same || !r.Done() || !r.Good() || r.Left() != 0 {
			t.Fatalf("%v came back otherwise from %x", numbers, p)
		}
		cut := rapid.IntRange(0, len(p)-1).Draw(t, "cut")
		if r, _ := read(p[:cut]); r.Good() {
			t.Fatalf("%d of %d bytes are good", cut, len(p))
		}
		if r, _ := read(append(p, 0)); r.Done() || !r.Good() || r.Left() != 1 {
			t.Fatal("a byte too many was not noticed")
		}
	})
}

func TestMisfits(t *testing.T) {
	for name, read := range map[string]func(r *Reader){
		"a flag of 2":        func(r *Reader) { r.Flag() },
		"a count beyond it":  func(r *Reader) { r.Count(2) },
		"bytes beyond it":    func(r *Reader) { r.Bytes(4) },
		"what a caller says": (*Reader).Fail,
	} {
		r := Read([]byte{2, 0, 0})
		read(&r)
		if r.Good() || r.Done() || r.Number() != 0 {
			t.Errorf("%s passes", name)
		}
	}
}

// TestIdentitiesDiffer: no two messages of small numbers have the same.
func TestIdentitiesDiffer(t *testing.T) {
	seen := map[uint64]bool{}
	for i := range uint64(10_000) {
		seen[Ident(uint8(i%10), i/10%10, i/100%10, i/1000)] = true
	}
	if len(seen) != 10_000 {
		t.Errorf("%d identities of 10000 messages", len(seen))
	}
}

func FuzzReader(f *testing.F) {
	f.Add(Put(nil, 3, 1, 1<<60), uint64(2))
	f.Fuzz(func(t *testing.T, p []byte, n uint64) {
		r := Read(p)
		for r.Good() && r.Left() > 0 {
			before := r.Left()
			if at := r.Number(); at%2 == 0 {
				r.Bytes(at / 2 % 8)
			}
			if r.Left() >= before {
				t.Fatalf("%x is read without end", p)
			}
		}
		r = Read(p)
		if got := r.Bytes(n); r.Good() && uint64(len(got)) != n {
			t.Fatalf("%d bytes, want %d", len(got), n)
		}
	})
}
