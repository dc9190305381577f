package compact

import (
	"fmt"
	"math"
	"testing"
)

// ops: r reads From, w writes To, c both; a Return of 0 is Open.
func raws(ops ...Raw) []Raw {
	for i := range ops {
		if ops[i].Return == 0 {
			ops[i].Return = Open
		}
	}
	return ops
}

func intern(raw []Raw) Register {
	return Intern(len(raw), func(i int) Raw { return raw[i] })
}

func TestInternNumbersValuesByAppearance(t *testing.T) {
	for _, far := range []int64{0, math.MaxInt64 - 10, math.MinInt64} {
		r := intern(raws(
			Raw{Call: 1, Return: 2, Writes: true, To: far + 7},
			Raw{Call: 3, Return: 4, Reads: true, Null: true},
			Raw{Call: 5, Return: 6, Reads: true, Writes: true, From: far + 7, To: 3},
			Raw{Call: 7, Return: 8, Reads: true, From: 9},
		))
		want := "[{1 2 -1 1} {3 4 0 -1} {5 6 1 2} {7 8 3 -1}]"
		if got := fmt.Sprint(r.Ops); got != want {
			t.Errorf("far %d: got %s, want %s", far, got, want)
		}
		if r.Values != 4 {
			t.Errorf("far %d: %d values, want 4", far, r.Values)
		}
	}
}

func TestUnique(t *testing.T) {
	write := func(v int64) Raw { return Raw{Call: 1, Return: 2, Writes: true, To: v} }
	for _, c := range []struct {
		name string
		in   []Raw
		want bool
	}{
		{"none", nil, true},
		{"two values", raws(write(1), write(2)), true},
		{"one value twice", raws(write(1), write(1)), false},
		{"twice, once open", raws(write(1), Raw{Call: 3, Writes: true, To: 1}), false},
	} {
		if _, got := intern(c.in).Unique(); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
	if _, ok := (Register{Ops: []Op{{1, 2, None, Initial}}, Values: 1}).Unique(); ok {
		t.Error("a write of the initial value is unique")
	}
}

func TestObserved(t *testing.T) {
	cas := func(ret uint32, from, to int64) Raw {
		return Raw{Call: 1, Return: ret, Reads: true, Writes: true, From: from, To: to}
	}
	read := func(v int64) Raw { return Raw{Call: 1, Return: 9, Reads: true, From: v} }
	open := Raw{Call: 1, Writes: true, To: 1}
	for _, c := range []struct {
		name string
		in   []Raw
		want []int64 // values that were seen
	}{
		{"nobody read", raws(open), nil},
		{"a read", raws(open, read(1)), []int64{1}},
		{"an ok cas", raws(open, cas(5, 1, 2)), []int64{1}},
		{"an open cas that nobody saw", raws(open, cas(0, 1, 2)), nil},
		{"an open cas that was seen", raws(open, cas(0, 1, 2), read(2)), []int64{1, 2}},
		{"a line of open ones", raws(open, cas(0, 1, 2), cas(0, 2, 3), read(3)), []int64{1, 2, 3}},
		{"a circle of open ones", raws(cas(0, 1, 2), cas(0, 2, 1), read(2)), []int64{2, 1}},
	} {
		u, unique := intern(c.in).Unique()
		if !unique {
			t.Fatalf("%s: values repeat", c.name)
		}
		want := make(map[int64]bool)
		for _, v := range c.want {
			want[v] = true
		}
		seen := u.Observed()
		for i, o := range c.in {
			if to := u.Ops[i].To; to != None && seen[to] != want[o.To] {
				t.Errorf("%s: value %d seen: %v", c.name, o.To, seen[to])
			}
		}
	}
}
