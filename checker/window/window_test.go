package window

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"sunder/checker/crosscheck"
	"sunder/checker/replay"
)

// op is an operation of the objects below: f does, arg says with what, ret what was answered.
type op struct {
	f        byte
	arg, ret int8
	known    bool // ret is known
}

// object is a small object of each kind that there is.
type object struct {
	name       string
	overwrites bool
	step       func(s string, o op) (string, bool)
	readOnly   func(o op) bool
	draw       func(r *rand.Rand, open bool) op
}

var objects = []object{
	{"register", true, func(s string, o op) (string, bool) {
		switch at := int8(s[0]); {
		case o.f == 'w':
			return string([]byte{byte(o.arg)}), true
		case o.f == 'r':
			return s, at == o.ret
		default:
			return string([]byte{byte(o.arg)}), at == o.ret
		}
	}, func(o op) bool { return o.f == 'r' }, func(r *rand.Rand, open bool) op {
		f := "rwc"[r.IntN(3)]
		for open && f == 'r' {
			f = "rwc"[r.IntN(3)]
		}
		return op{f, int8(r.IntN(3)), int8(r.IntN(3)), true}
	}},
	{"counter", false, func(s string, o op) (string, bool) {
		if o.f == 'r' {
			return s, int8(s[0]) == o.ret
		}
		return string([]byte{s[0] + byte(o.arg)}), true
	}, func(o op) bool { return o.f == 'r' }, func(r *rand.Rand, open bool) op {
		if open || r.IntN(2) == 0 {
			return op{'a', int8(1 + r.IntN(2)), 0, true}
		}
		return op{'r', 0, int8(r.IntN(6)), true}
	}},
	{"queue", false, func(s string, o op) (string, bool) {
		switch {
		case o.f == 'e':
			return s + string([]byte{byte(o.arg)}), true
		case len(s) == 1:
			return s, !o.known || o.ret == 0
		default:
			return s[:1] + s[2:], !o.known || int8(s[1]) == o.ret
		}
	}, nil, func(r *rand.Rand, open bool) op {
		if r.IntN(2) == 0 {
			return op{'e', int8(1 + r.IntN(3)), 0, true}
		}
		if open {
			return op{'d', 0, 0, false}
		}
		return op{'d', 0, int8(r.IntN(4)), true}
	}},
}

func judge(o object, ops []op, iv []crosscheck.Interval, limit int64) (Answer, error) {
	t := NewTyped("\x00", o.step, o.readOnly, o.overwrites)
	in := make([]Op, len(ops))
	for i := range ops {
		in[i] = Op{iv[i].Call, iv[i].Return, t.Class(ops[i])}
	}
	answer, order := Search(context.Background(), in, t, Limits{Memory: limit})
	if answer != Legal {
		return answer, nil
	}
	s, ok := "\x00", false
	return answer, replay.Verify(replay.History{
		N:        len(ops),
		Interval: func(i int) (uint32, uint32) { return iv[i].Call, iv[i].Return },
		Must:     func(i int) bool { return iv[i].Return != Open },
	}, order, func(i int) bool { s, ok = o.step(s, ops[i]); return ok })
}

func TestAgreesWithTryingEverything(t *testing.T) {
	n, seed := crosscheck.Asked(20_000)
	for _, o := range objects {
		counts := make(map[Answer]int)
		for i := range n {
			r := rand.New(rand.NewPCG(seed, uint64(i)))
			iv := crosscheck.Intervals(r, 2+r.IntN(8), 1+r.IntN(5), []int{0, 2, 5}[r.IntN(3)])
			ops := make([]op, len(iv))
			for k := range iv {
				ops[k] = o.draw(r, iv[k].Return == Open)
			}
			limit := int64(1 << 20)
			if i%2 == 0 {
				limit = 1 // forget always
			}
			got, err := judge(o, ops, iv, limit)
			want := Illegal
			if crosscheck.Linearizable(iv, "\x00", func(s string, i int) (string, bool) {
				return o.step(s, ops[i])
			}) {
				want = Legal
			}
			if err == nil && got != want {
				err = fmt.Errorf("%v, but trying everything says %v", got, want)
			}
			if err != nil {
				t.Fatalf("%s: seed %d, history %d: %v\n%v\n%v", o.name, seed, i, err, iv, ops)
			}
			counts[got]++
		}
		t.Logf("%s: legal %d, illegal %d", o.name, counts[Legal], counts[Illegal])
		if counts[Legal] < n/20 || counts[Illegal] < n/20 {
			t.Errorf("%s: a lopsided sample: %v", o.name, counts)
		}
	}
}
