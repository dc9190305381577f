package linear

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"sunder/checker"
	"sunder/harness/history"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// script makes a history from lines such as "0 invoke write x 3".
func script(t testing.TB, lines string) checker.History {
	t.Helper()
	var events []history.Event
	for i, l := range strings.Split(strings.TrimSpace(lines), "\n") {
		events = append(events, event(t, i, l))
	}
	h, err := checker.NewHistory(events)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// event is the event of a line.
func event(t testing.TB, index int, line string) history.Event {
	t.Helper()
	e := history.Event{Index: index, Time: time.Duration(index)}
	var kind string
	if _, err := fmt.Sscan(line, &e.Process, &kind, &e.F, &e.Key, &e.Value); err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	for k := history.Invoke; k <= history.Info; k++ {
		if k.String() == kind {
			e.Kind = k
		}
	}
	return e
}

func TestRegister(t *testing.T) {
	for _, c := range []struct {
		name, lines string
		verdict     checker.Verdict
		ops         string
	}{
		{"never written", "0 invoke read x null\n0 ok read x null", checker.Valid, "[]"},
		{"stale read", `
0 invoke write x 1
0 ok write x 1
0 invoke write x 2
0 ok write x 2
1 invoke read x null
1 ok read x 1`, checker.Invalid, "[0 2 4]"},
		{"a value out of nowhere", "0 invoke read x null\n0 ok read x 7", checker.Invalid, "[0]"},
		{"an open write may be late", `
0 invoke write x 1
0 info write x 1
1 invoke write x 2
1 ok write x 2
1 invoke read x null
1 ok read x 1`, checker.Valid, "[]"},
		{"an open write happens once", `
0 invoke write x 1
0 info write x 1
1 invoke write x 2
1 ok write x 2
1 invoke read x null
1 ok read x 1
1 invoke read x null
1 ok read x 2`, checker.Invalid, "[2 4 6]"},
		{"an open cas may fail", `
0 invoke write x 1
0 ok write x 1
1 invoke cas x [5,6]
1 info cas x [5,6]
0 invoke read x null
0 ok read x 1`, checker.Valid, "[]"},
		{"cas from nothing", `
0 invoke cas x [null,6]
0 ok cas x [null,6]
0 invoke cas x [6,6]
0 ok cas x [6,6]`, checker.Valid, "[]"},
		{"lost update", `
0 invoke write x 1
0 ok write x 1
0 invoke cas x [1,2]
1 invoke cas x [1,3]
0 ok cas x [1,2]
1 ok cas x [1,3]`, checker.Invalid, "[0 2 3]"},
		{"a failed cas proves nothing", `
0 invoke write x 1
0 ok write x 1
0 invoke cas x [1,2]
0 fail cas x [1,2]`, checker.Valid, "[]"},
		{"keys do not mix", `
0 invoke write x 1
0 ok write x 1
0 invoke read y null
0 ok read y null`, checker.Valid, "[]"},
		{"not a register", "0 invoke pop x 1\n0 ok pop x 1", checker.Unknown, "[]"},
		{"not an integer", "0 invoke write x true\n0 ok write x true", checker.Unknown, "[]"},
		{"only failures", "0 invoke write x 1\n0 fail write x 1", checker.Unknown, "[]"},
	} {
		r := Register(Budget{}).Check(context.Background(), script(t, c.lines))
		var ops []int
		if len(r.Anomalies) == 1 {
			ops = r.Anomalies[0].Ops
		}
		if r.Verdict != c.verdict || fmt.Sprint(ops) != c.ops {
			t.Errorf("%s: %v, operations %v, want %v, %v: %s", c.name, r.Verdict, ops, c.verdict,
				c.ops, r.Reason)
		}
		if (r.Verdict == checker.Invalid) != (len(r.Pictures) == 2) {
			t.Errorf("%s: %v with %d pictures", c.name, r.Verdict, len(r.Pictures))
		}
		if r.Verdict != checker.Valid && r.Reason == "" {
			t.Errorf("%s: no reason", c.name)
		}
	}
}

// hard is a history that costs a search in all orders: open writes and one impossible read.
func hard(t testing.TB, key string, open int) string {
	var b strings.Builder
	for i := range open {
		fmt.Fprintf(&b, "%d invoke write %s %d\n", i, key, i%5)
	}
	for i := range open {
		fmt.Fprintf(&b, "%d ok write %s %d\n", i, key, i%5)
	}
	fmt.Fprintf(&b, "0 invoke read %s null\n0 ok read %s 77\n", key, key)
	return b.String()
}

func TestWords(t *testing.T) {
	r := Register(Budget{}).Check(context.Background(), script(t, `
0 invoke write x 4
0 ok write x 4
1 invoke write x 7
1 ok write x 7
3 invoke read x null
3 ok read x 4`))
	want := `key "x": a value was seen again after another had replaced it: ` +
		`process 0 write 4 (events 0 to 1); process 1 write 7 (events 2 to 3); ` +
		`process 3 read 4 (events 4 to 5); ` +
		`but write 4 had completed (event 1) before write 7 was invoked (event 2), ` +
		`and write 7 had completed (event 3) before read 4 was invoked (event 4)`
	if got := r.Anomalies[0]; got.Words != want || got.Class != "stale-read" {
		t.Errorf("%s:\n got %s\nwant %s", got.Class, got.Words, want)
	}
}

func TestPorcupineKeepsItsBudget(t *testing.T) {
	h := script(t, hard(t, "x", 40)) // porcupine needs gigabytes for it
	l := &linear[RegisterState, RegisterOp]{RegisterModel(), Budget{}.filled()}
	ops, err := l.parse(h.Operations)
	if err != nil {
		t.Fatal(err)
	}
	if got := refer(context.Background(), l.model, ops, effort{memory: 1 << 20}); got != outOfMemory {
		t.Errorf("with a megabyte: %v", got)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if got := refer(ctx, l.model, ops, effort{memory: 1 << 40}); got != outOfTime {
		t.Errorf("with a moment: %v", got)
	}
}

func TestOutOfTimeNamesTheKey(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	r := Register(Budget{}).Check(ctx, script(t, hard(t, "x", 100)))
	if r.Verdict != checker.Unknown || !strings.Contains(r.Reason, `key "x"`) {
		t.Errorf("%v: %s", r.Verdict, r.Reason)
	}
}

func TestPictureStaysSmall(t *testing.T) {
	var b strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&b, "0 invoke write x %d\n0 ok write x %d\n", i, i)
	}
	b.WriteString("0 invoke read x null\n0 ok read x 5\n")
	r := Register(Budget{}).Check(context.Background(), script(t, b.String()))
	if r.Verdict != checker.Invalid || len(r.Pictures) != 2 {
		t.Fatalf("%v, %d pictures", r.Verdict, len(r.Pictures))
	}
	for _, p := range r.Pictures {
		if n := len(p.Data); n == 0 || n > 1<<20 {
			t.Errorf("the picture %s has %d bytes", p.Name, n)
		}
	}
	if ops := r.Anomalies[0].Ops; len(ops) != 3 {
		t.Errorf("operations %v, want the write of 5, one after it, and the read", ops)
	}
}

func TestLeastInvalidKeyIsReported(t *testing.T) {
	var b strings.Builder
	for k := range 20 {
		fmt.Fprintf(&b, "0 invoke read k%d null\n0 ok read k%d 7\n", k, k)
	}
	h := script(t, b.String())
	for range 20 {
		r := Register(Budget{Workers: 4}).Check(context.Background(), h)
		if r.Verdict != checker.Invalid || r.Anomalies[0].Key != "k0" {
			t.Fatalf("%v, key %v", r.Verdict, r.Anomalies)
		}
	}
}

func TestEachRunsEverythingBelowTheFirstStop(t *testing.T) {
	for _, workers := range []int{1, 3, 50} {
		ran := make([]bool, 20)
		each(context.Background(), len(ran), workers, func(_ context.Context, i int) bool {
			ran[i] = true
			return i == 7
		})
		for i := range 8 {
			if !ran[i] {
				t.Errorf("%d workers: %d was left out", workers, i)
			}
		}
		if workers == 1 && ran[8] {
			t.Error("one worker went on after the stop")
		}
	}
}
