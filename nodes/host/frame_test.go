package host

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"

	"sunder/nodes/kv"
)

// raw is a message with a body of so many bytes.
type raw int

func (raw) Kind() uint8                { return 9 }
func (raw) Ident() uint64              { return 0 }
func (m raw) AppendTo(b []byte) []byte { return append(b, make([]byte, m)...) }

func TestFrameLimits(t *testing.T) {
	b, err := appendFrame([]byte("before"), raw(frameMax-frameHead))
	if err != nil {
		t.Fatal(err)
	}
	kind, payload, err := readFrame(bytes.NewReader(b[len("before"):]))
	if err != nil || kind != 9 || len(payload) != frameMax-frameHead {
		t.Errorf("the largest frame: kind %d, %d bytes, %v", kind, len(payload), err)
	}
	b, err = appendFrame([]byte("before"), raw(frameMax-frameHead+1))
	if err == nil || string(b) != "before" {
		t.Errorf("a frame too large left %d bytes, %v", len(b), err)
	}
}

func TestReadFrameRefuses(t *testing.T) {
	whole := "\x00\x00\x00\x05\x01\x09abc"
	for _, c := range []struct {
		name, in string
		err      error
	}{
		{"nothing", "", io.EOF},
		{"torn head", whole[:3], io.ErrUnexpectedEOF},
		{"torn body", whole[:8], io.ErrUnexpectedEOF},
		{"no body at all", whole[:6], io.ErrUnexpectedEOF},
		{"no kind", "\x00\x00\x00\x01\x01\x09", errFrame},
		{"length beyond the limit", "\x00\x10\x00\x01\x01\x09abc", errFrame},
		{"enormous length", "\xff\xff\xff\xff\x01\x09abc", errFrame},
		{"version of tomorrow", "\x00\x00\x00\x05\x02\x09abc", errFrame},
		{"HTTP", "GET / HTTP/1.1\r\n\r\n", errFrame},
		{"whole", whole, nil},
	} {
		_, payload, err := readFrame(strings.NewReader(c.in))
		if !errors.Is(err, c.err) || c.err == nil && string(payload) != "abc" {
			t.Errorf("%s: %q, %v", c.name, payload, err)
		}
	}
}

func TestReadFrameAllocatesNoMoreThanTheLimit(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 100 {
		_, _, _ = readFrame(strings.NewReader("\xff\xff\xff\xff\x01\x09abc"))
	}
	runtime.ReadMemStats(&after)
	if grown := after.TotalAlloc - before.TotalAlloc; grown > frameMax {
		t.Errorf("a hundred lying lengths allocated %d bytes", grown)
	}
}

func FuzzReadFrame(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x05\x01\x09abc"))
	f.Add([]byte("\xff\xff\xff\xff\x01\x09abc"))
	f.Add([]byte("\x00\x00\x00\x30\x01\x00" + `{"cluster":"c","from":1,"to":2}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		r := bytes.NewReader(in)
		kind, payload, err := readFrame(r)
		if err == nil {
			if len(payload) > frameMax {
				t.Fatalf("a payload of %d bytes", len(payload))
			}
			used := in[:len(in)-r.Len()]
			if again := append(used[:5:5], append([]byte{kind}, payload...)...); !bytes.Equal(used, again) {
				t.Fatalf("%q was read as kind %d, %q", used, kind, payload)
			}
		}
		_, _ = readHello(bytes.NewReader(in))
	})
}

func FuzzParseCommand(f *testing.F) {
	f.Add([]byte(`{"op":"write","key":"x","value":5}`))
	f.Add([]byte(`{"op":"txn","txn":[{"op":"read","key":"a"}]}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		c, err := parseCommand(in)
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Fatalf("more than a line: %q", err)
			}
			return
		}
		if c.Check() != nil {
			t.Fatalf("%q was taken, but %v", in, c.Check())
		}
		if again, err := kv.DecodeCommand(c.AppendTo(nil)); err != nil {
			t.Fatalf("%q became %+v: %v", in, again, err)
		}
	})
}
