package elle

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"sunder/checker"
	"sunder/checker/crosscheck"
	"sunder/harness/history"
)

// serial is a small random history of list-append transactions, or of transactions on registers,
// which read the end of the list. Each takes effect at a point of its interval, unless mutate spoils
// some of what was read.
func serial(r *rand.Rand, mutate, registers bool) checker.History {
	iv := crosscheck.Intervals(r, 2+r.IntN(5), 1+r.IntN(3), []int{0, 6}[r.IntN(2)])
	order := r.Perm(len(iv))
	point := make([]float64, len(iv))
	for i, v := range iv {
		end := float64(v.Return)
		if v.Return == crosscheck.Open {
			end = float64(v.Call) + 8
		}
		point[i] = float64(v.Call) + (end-float64(v.Call))*r.Float64()
	}
	slices.SortFunc(order, func(a, b int) int {
		if point[a] < point[b] {
			return -1
		}
		return 1
	})
	state := make([][]int, 2)
	next := 0
	asked, answers := make([]string, len(iv)), make([]string, len(iv))
	for _, i := range order {
		var ask, answer []string
		for range 1 + r.IntN(3) {
			k := r.IntN(2)
			if r.IntN(2) == 0 {
				next++
				state[k] = append(slices.Clone(state[k]), next)
				write := "append"
				if registers {
					write = "w"
				}
				ask = append(ask, fmt.Sprintf(`["%s",%d,%d]`, write, k, next))
				answer = append(answer, ask[len(ask)-1])
				continue
			}
			list := state[k]
			if mutate && r.IntN(4) == 0 && len(list) > 0 {
				list = list[:r.IntN(len(list))]
			}
			ask = append(ask, fmt.Sprintf(`["r",%d,null]`, k))
			read := strings.ReplaceAll(fmt.Sprint(list), " ", ",")
			if registers {
				read = "null"
				if len(list) > 0 {
					read = strconv.Itoa(list[len(list)-1])
				}
			}
			answer = append(answer, fmt.Sprintf(`["r",%d,%s]`, k, read))
		}
		asked[i], answers[i] = "["+strings.Join(ask, ",")+"]", "["+strings.Join(answer, ",")+"]"
	}
	events := make([]history.Event, 2*len(iv)+1)
	for i, v := range iv {
		events[v.Call] = history.Event{Process: history.Process(i), Kind: history.Invoke, F: "txn",
			Value: history.Value(asked[i])}
		if v.Return != crosscheck.Open {
			events[v.Return] = history.Event{Process: history.Process(i), Kind: history.OK, F: "txn",
				Value: history.Value(answers[i])}
		}
	}
	events = slices.DeleteFunc(events, func(e history.Event) bool { return e.Kind == 0 })
	for i := range events {
		events[i].Index = i
	}
	h, err := checker.NewHistory(events)
	if err != nil {
		panic(err)
	}
	return h
}

// possible tries every order of the transactions; strict keeps to their times.
func possible(t *Txns, strict, registers bool) bool {
	var iv []crosscheck.Interval
	for _, x := range t.All {
		v := crosscheck.Interval{Call: uint32(x.Call) + 1, Return: crosscheck.Open}
		switch {
		case x.Return == noReturn:
		case strict:
			v.Return = uint32(x.Return) + 1
		default:
			v.Return = 1 << 20
		}
		if !strict {
			v.Call = 0
		}
		iv = append(iv, v)
	}
	return crosscheck.Linearizable(iv, "", func(s string, i int) (string, bool) {
		lists := make([][]int64, len(t.Keys))
		for k, part := range strings.Split(s, ";") {
			for _, f := range strings.Fields(part) {
				n, _ := strconv.ParseInt(f, 10, 64)
				lists[k] = append(lists[k], n)
			}
		}
		for _, m := range t.All[i].Mops {
			if m.Write {
				lists[m.Key] = append(lists[m.Key], m.Value)
			} else if m.Known && !m.saw(lists[m.Key], registers) {
				return s, false
			}
		}
		var b strings.Builder
		for k, l := range lists {
			if k > 0 {
				b.WriteByte(';')
			}
			for _, v := range l {
				fmt.Fprintf(&b, "%d ", v)
			}
		}
		return b.String(), true
	})
}

// saw says that a read fits what was written to its key so far.
func (m Mop) saw(list []int64, registers bool) bool {
	if !registers {
		return slices.Equal(list, m.List)
	}
	if len(list) == 0 {
		return m.Value == nothing
	}
	return m.Value == list[len(list)-1]
}

// seenAll says that every append stands in some read: then the order of versions is known.
func seenAll(t *Txns) bool {
	seen := make(map[version]bool)
	for _, x := range t.All {
		for _, m := range x.Mops {
			for _, v := range m.List {
				seen[version{m.Key, v}] = true
			}
		}
	}
	for _, x := range t.All {
		for _, m := range x.Mops {
			if m.Write && !seen[version{m.Key, m.Value}] {
				return false
			}
		}
	}
	return true
}

func TestAgreesWithTryingEverything(t *testing.T) {
	n, seed := crosscheck.Asked(4_000)
	counts := make(map[string]int)
	for i := range n {
		h := serial(rand.New(rand.NewPCG(seed, uint64(i))), i%4 != 0, false)
		txns, err := Parse(h.Operations)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range []struct {
			model  string
			strict bool
		}{{"serializable", false}, {"strict-serializable", true}} {
			got := Append(m.model).Check(context.Background(), h)
			legal := possible(txns, m.strict, false)
			exact := seenAll(txns)
			counts[fmt.Sprintf("%s %v exact=%v legal=%v", m.model, got.Verdict, exact, legal)]++
			some := got.Verdict != checker.Unknown
			if some && legal && got.Verdict == checker.Invalid ||
				some && exact && !legal && got.Verdict == checker.Valid {
				for i := range txns.All {
					t.Log(txns.txn(int32(i)), txns.All[i].Call, txns.All[i].Return)
				}
				t.Fatalf("seed %d, history %d, %s: %v, but trying everything says %v: %s", seed, i,
					m.model, got.Verdict, legal, got.Reason)
			}
		}
	}
	for what, n := range counts {
		t.Log(what, n)
	}
}

// Registers say too little for every wrong history to be found. But none that is found is right.
func TestAgreesOnRegisters(t *testing.T) {
	n, seed := crosscheck.Asked(4_000)
	found, missed, right := 0, 0, 0
	for i := range n {
		h := serial(rand.New(rand.NewPCG(seed, uint64(i))), i%4 != 0, true)
		txns, err := Parse(h.Operations)
		if err != nil {
			t.Fatal(err)
		}
		for model, strict := range map[string]bool{"serializable": false, "strict-serializable": true} {
			got := Register(model).Check(context.Background(), h)
			switch legal := possible(txns, strict, true); {
			case legal && got.Verdict == checker.Invalid:
				t.Fatalf("seed %d, history %d, %s: %v, but there is an order: %s", seed, i, model, got.Verdict,
					got.Reason)
			case legal:
				right++
			case got.Verdict == checker.Invalid:
				found++
			default:
				missed++
			}
		}
	}
	t.Logf("%d right, %d wrong and found, %d wrong and missed", right, found, missed)
	if right < n/10 || found < n/10 || missed > found/20 {
		t.Errorf("too few: %d right, %d wrong and found, %d missed", right, found, missed)
	}
}

// What is wrong with the beginning of a history is wrong with all of it, or no test could be
// stopped for it.
func TestAnomaliesAreFinal(t *testing.T) {
	early := 0
	for i := range 2_000 {
		registers := i%2 == 0
		h := serial(rand.New(rand.NewPCG(2, uint64(i))), true, registers)
		judges := []checker.Checker{Append("strict-serializable")}
		if registers {
			judges = []checker.Checker{Register("strict-serializable"), Weak("causal"),
				Weak("read-committed")}
		}
		for _, judge := range judges {
			whole := judge.Check(context.Background(), h)
			for end := range h.Events {
				begin, err := checker.NewHistory(h.Events[:end])
				if err != nil {
					t.Fatal(err)
				}
				part := judge.Check(context.Background(), begin)
				if part.Verdict == checker.Invalid && whole.Verdict != checker.Invalid {
					t.Fatalf("history %d, %s: the first %d events are %s (%s), all are %s", i, judge.Name(),
						end, part.Verdict, part.Reason, whole.Verdict)
				}
				if part.Verdict == checker.Invalid {
					early++
				}
			}
		}
	}
	if early < 1000 {
		t.Errorf("only %d beginnings are wrong", early)
	}
}
