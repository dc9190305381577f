package collection

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"sunder/checker/crosscheck"
)

// kind is one of the collections, its engine, and what it is in a line: which of the values in a
// text a removal may take.
type kind struct {
	name  string
	check func(ops []Op, values int) (*Witness, bool)
	takes func(s string, at int) bool
}

// rank has ties.
func rank(v int32) int64 { return int64(v * 7 % 5) }

var kinds = []kind{
	{"queue", Queue, func(s string, at int) bool { return at == 0 }},
	{"stack", Stack, func(s string, at int) bool { return at == len(s)-1 }},
	{"priority queue", func(ops []Op, values int) (*Witness, bool) {
		ranks := make([]int64, values)
		for v := range ranks {
			ranks[v] = rank(int32(v))
		}
		return Priority(ops, ranks)
	}, func(s string, at int) bool {
		return !strings.ContainsFunc(s, func(v rune) bool { return rank(v-1) < rank(int32(s[at])-1) })
	}},
}

// random makes a history by doing it: what is taken is what the collection gives at a point of the
// interval, but for some that are not.
func (k kind) random(r *rand.Rand) ([]Op, int) {
	iv := crosscheck.Intervals(r, 2+r.IntN(9), 1+r.IntN(5), []int{0, 5}[r.IntN(2)])
	ops := make([]Op, len(iv))
	order := r.Perm(len(iv))
	point := make([]float64, len(iv))
	for i, v := range iv {
		point[i] = float64(v.Call) + float64(min(v.Return, v.Call+9)-v.Call)*r.Float64()
	}
	slices.SortFunc(order, func(a, b int) int {
		if point[a] < point[b] {
			return -1
		}
		return 1
	})
	values, s := int32(0), ""
	wrong := r.IntN(10) // of so many, one in ten
	for _, i := range order {
		ops[i] = Op{Call: iv[i].Call, Return: iv[i].Return}
		if iv[i].Return == Open || r.IntN(2) == 0 {
			ops[i].Value = values
			values++
			if iv[i].Return != Open || r.IntN(2) == 0 {
				s += string(rune(ops[i].Value + 1))
			}
			continue
		}
		ops[i].Removes, ops[i].Value = true, Empty
		if s != "" {
			at := r.IntN(len(s))
			for r.IntN(10) >= wrong && !k.takes(s, at) {
				at = r.IntN(len(s))
			}
			ops[i].Value = int32(s[at]) - 1
			s = s[:at] + s[at+1:]
		}
	}
	for i := range ops {
		if ops[i].Removes && r.IntN(40) < wrong {
			ops[i].Value = r.Int32N(values+2) - 1
		}
	}
	return ops, int(values) + 1
}

// brute tries every order of some of the operations.
func (k kind) brute(ops []Op, of []int32) bool {
	var iv []crosscheck.Interval
	for _, i := range of {
		iv = append(iv, crosscheck.Interval{Call: ops[i].Call, Return: ops[i].Return})
	}
	return crosscheck.Linearizable(iv, "", func(s string, i int) (string, bool) {
		o := ops[of[i]]
		switch {
		case !o.Removes:
			return s + string(rune(o.Value+1)), true
		case o.Value == Empty:
			return s, s == ""
		}
		at := strings.IndexByte(s, byte(o.Value+1))
		if at < 0 || !k.takes(s, at) {
			return s, false
		}
		return s[:at] + s[at+1:], true
	})
}

// minimal says that a witness is impossible by itself, and possible without any one of its values
// or of its removals that found nothing.
func (k kind) minimal(ops []Op, w *Witness) error {
	if k.brute(ops, w.Ops) {
		return fmt.Errorf("witness %v is possible by itself", w)
	}
	for _, i := range w.Ops {
		rest := slices.DeleteFunc(slices.Clone(w.Ops), func(j int32) bool {
			return j == i || ops[i].Value != Empty && ops[j].Value == ops[i].Value
		})
		if !k.brute(ops, rest) {
			return fmt.Errorf("witness %v is impossible without %d, too", w, i)
		}
	}
	return edges(w, func(i int32) (uint32, uint32) { return ops[i].Call, ops[i].Return })
}

func edges(w *Witness, interval func(i int32) (call, ret uint32)) error {
	for _, e := range w.Edges {
		_, ret := interval(e[0])
		call, _ := interval(e[1])
		if ret >= call || !slices.Contains(w.Ops, e[0]) || !slices.Contains(w.Ops, e[1]) {
			return fmt.Errorf("witness %v: edge %v is none", w, e)
		}
	}
	return nil
}

func TestAgreesWithTryingEverything(t *testing.T) {
	n, seed := crosscheck.Asked(20_000)
	for _, k := range kinds {
		classes := make(map[string]int)
		for i := range n {
			ops, values := k.random(rand.New(rand.NewPCG(seed, uint64(i))))
			all := make([]int32, len(ops))
			for j := range all {
				all[j] = int32(j)
			}
			w, unique := k.check(ops, values)
			legal := k.brute(ops, all)
			err := error(nil)
			switch {
			case !unique:
				err = fmt.Errorf("values repeat")
			case legal != (w == nil):
				err = fmt.Errorf("every order tried: %v; witness %v", legal, w)
			case w == nil:
				classes["legal"]++
			default:
				classes[w.Class]++
				err = k.minimal(ops, w)
			}
			if err != nil {
				t.Fatalf("%s: seed %d, history %d: %v\n%+v", k.name, seed, i, err, ops)
			}
		}
		t.Log(k.name, classes)
		if classes["legal"] < n/10 || classes["legal"] > n*9/10 || len(classes) < 5 {
			t.Errorf("%s: a lopsided sample: %v", k.name, classes)
		}
	}
}

// randomSet is like random.
func randomSet(r *rand.Rand) ([]SetOp, int) {
	iv := crosscheck.Intervals(r, 2+r.IntN(8), 1+r.IntN(5), []int{0, 5}[r.IntN(2)])
	ops := make([]SetOp, len(iv))
	elements := int32(0)
	var had []int32
	for i, v := range iv {
		ops[i] = SetOp{Call: v.Call, Return: v.Return}
		if v.Return == Open || r.IntN(2) == 0 {
			ops[i].Element = elements
			elements++
			had = append(had, ops[i].Element)
			continue
		}
		ops[i].Reads = true
		for k, e := range had {
			if r.IntN(len(had)+2-k) > 0 {
				ops[i].Elements = append(ops[i].Elements, e)
			}
		}
		if r.IntN(20) == 0 {
			ops[i].Elements = append(ops[i].Elements, []int32{63, elements}[r.IntN(2)])
		}
	}
	return ops, 64
}

// bruteSet tries every order of some of the operations, with the reads of some of the elements.
func bruteSet(ops []SetOp, of []int32, elements uint64) bool {
	var iv []crosscheck.Interval
	for _, i := range of {
		iv = append(iv, crosscheck.Interval{Call: ops[i].Call, Return: ops[i].Return})
	}
	return crosscheck.Linearizable(iv, uint64(0), func(s uint64, i int) (uint64, bool) {
		o := ops[of[i]]
		if !o.Reads {
			return s | 1<<o.Element, true
		}
		read := uint64(0)
		for _, e := range o.Elements {
			read |= 1 << e
		}
		return s, s&elements == read&elements
	})
}

func TestAgreesOnSets(t *testing.T) {
	n, seed := crosscheck.Asked(20_000)
	classes := make(map[string]int)
	for i := range n {
		ops, elements := randomSet(rand.New(rand.NewPCG(seed, uint64(i))))
		all := make([]int32, len(ops))
		phantoms := ^uint64(0)
		for j := range all {
			all[j] = int32(j)
			if !ops[j].Reads {
				phantoms &^= 1 << ops[j].Element
			}
		}
		w, unique := Set(ops, elements)
		legal := bruteSet(ops, all, ^uint64(0))
		err := error(nil)
		switch {
		case !unique:
			err = fmt.Errorf("elements repeat")
		case legal != (w == nil):
			err = fmt.Errorf("every order tried: %v; witness %v", legal, w)
		case w == nil:
			classes["legal"]++
		default:
			classes[w.Class]++
			err = edges(w, func(i int32) (uint32, uint32) { return ops[i].Call, ops[i].Return })
			kept := phantoms
			for _, j := range w.Ops {
				if !ops[j].Reads {
					kept |= 1 << ops[j].Element
				}
			}
			if bruteSet(ops, w.Ops, kept) {
				err = fmt.Errorf("witness %v is possible by itself", w)
			}
			for k, j := range w.Ops {
				rest := kept
				if !ops[j].Reads {
					rest &^= 1 << ops[j].Element
				}
				if err == nil && !bruteSet(ops, slices.Delete(slices.Clone(w.Ops), k, k+1), rest) {
					err = fmt.Errorf("witness %v is impossible without %d, too", w, j)
				}
			}
		}
		if err != nil {
			t.Fatalf("seed %d, history %d: %v\n%+v", seed, i, err, ops)
		}
	}
	t.Log(classes)
	if classes["legal"] < n/10 || classes["legal"] > n*9/10 || len(classes) < 5 {
		t.Errorf("a lopsided sample: %v", classes)
	}
}

// Where a value goes in twice, nothing is said.
func TestRepeatedValues(t *testing.T) {
	in := Op{Call: 1, Return: 2}
	for _, k := range kinds {
		if _, unique := k.check([]Op{in, in}, 1); unique {
			t.Errorf("%s: a value went in twice and is unique", k.name)
		}
	}
	if _, unique := Set([]SetOp{{Call: 1, Return: 2}, {Call: 3, Return: 4}}, 1); unique {
		t.Error("set: an element was added twice and is unique")
	}
}
