package linear

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"sunder/checker"
	"sunder/checker/crosscheck"
	"sunder/harness/history"
)

// shown is the index of the event from which on a stream finds a history impossible, or -1.
func shown(s checker.Stream, events []history.Event) (int, checker.Anomaly) {
	for i := range events {
		if a, bad := s.Add(events[i]); bad {
			return i, a
		}
	}
	return -1, checker.Anomaly{}
}

func TestStream(t *testing.T) {
	for _, c := range []struct {
		name, lines string
		at          int
	}{
		{"legal", "0 invoke write x 1\n0 ok write x 1\n0 invoke read x null\n0 ok read x 1", -1},
		{"stale read", "0 invoke write x 1\n0 ok write x 1\n0 invoke write x 2\n0 ok write x 2\n" +
			"1 invoke read x null\n1 ok read x 1\n1 invoke read x null\n1 ok read x 2", 5},
		{"it waits for who was there before", "2 invoke cas x [1,3]\n0 invoke write x 1\n0 ok write x 1\n" +
			"1 invoke read x null\n1 ok read x 3\n1 invoke read x null\n1 ok read x 7\n2 ok cas x [1,3]", 7},
		{"a pending read does not wait for other keys", "2 invoke read y null\n" +
			"1 invoke read x null\n1 ok read x 7\n2 ok read y null", 2},
		{"a failed write", "0 invoke write x 1\n0 fail write x 1\n1 invoke read x null\n1 ok read x 1", 3},
		{"an open write", "0 invoke write x 1\n0 info write x 1\n1 invoke read x null\n1 ok read x 1", -1},
		{"no register", "0 invoke pop x 1\n0 ok pop x 1\n1 invoke read x null\n1 ok read x 7", -1},
		{"nothing of its own", "0 ok read x 7", -1},
	} {
		var events []history.Event
		for i, l := range strings.Split(c.lines, "\n") {
			events = append(events, event(t, i, l))
		}
		if at, a := shown(checker.NewStream(checker.Stats{}, checker.All("a", Register(Budget{}))),
			events); at != c.at || at >= 0 && len(a.Ops) != 1 {
			t.Errorf("%s: shown by event %d, want %d: %s", c.name, at, c.at, a.Words)
		}
	}
	keyless := []history.Event{event(t, 0, "0 invoke write x 1"), event(t, 1, "1 invoke read x null"),
		event(t, 2, "1 ok read x 7")}
	keyless[0].Key = ""
	if at, _ := shown(Register(Budget{}).(checker.Streamer).Stream(), keyless); at >= 0 {
		t.Errorf("an operation of all keys: shown by event %d", at)
	}
}

// large is a history of one key, with an info at the end for what nobody heard back from.
func large(l crosscheck.Load) []history.Event {
	records := l.Make()
	var last uint32
	for _, r := range records {
		last = max(last, r.Call)
		if r.Return != crosscheck.Open {
			last = max(last, r.Return)
		}
	}
	events := make([]history.Event, last+1)
	process := make(map[int]history.Process)
	for i, r := range records {
		p, used := process[r.Client]
		if !used {
			p = history.Process(r.Client)
		}
		e := history.Event{Process: p, Kind: history.Invoke, F: "cas", Key: "x",
			Value: history.Value(fmt.Sprintf("[%d,%d]", r.Old, r.New))}
		answer := e.Value
		switch {
		case !r.Writes:
			e.F, e.Value, answer = "read", history.Null, history.Value(fmt.Sprint(r.Old))
		case !r.Reads:
			e.F, e.Value = "write", history.Value(fmt.Sprint(r.New))
			answer = e.Value
		}
		if r.Reads && r.Old == 0 {
			answer = history.Null
			if r.Writes {
				e.Value = history.Value(fmt.Sprintf("[null,%d]", r.New))
				answer = e.Value
			}
		}
		events[r.Call] = e
		e.Kind, e.Value = history.OK, answer
		if process[r.Client] = p; r.Return == crosscheck.Open {
			e.Kind = history.Info
			process[r.Client] = history.Process(1000 + i)
			events = append(events, e)
		} else {
			events[r.Return] = e
		}
	}
	n := 0
	for _, e := range events {
		if e.Kind != 0 {
			e.Index = n
			events[n] = e
			n++
		}
	}
	return events[:n]
}

func TestStreamAgreesWithCheck(t *testing.T) {
	for _, l := range []crosscheck.Load{
		{Ops: 3000, Clients: 10, Unique: true, CAS: true},
		{Ops: 3000, Clients: 10, Unique: true, CAS: true, Open: 0.02},
		{Ops: 3000, Clients: 10, Unique: true, CAS: true, Bad: true},
		{Ops: 300, Clients: 5, CAS: true, Open: 0.02},
		{Ops: 3000, Clients: 5, CAS: true, Bad: true},
	} {
		l.Seed = 1
		events := large(l)
		h, err := checker.NewHistory(events)
		if err != nil {
			t.Fatal(err)
		}
		c := Register(Budget{})
		want := c.Check(context.Background(), h).Verdict
		at, _ := shown(c.(checker.Streamer).Stream(), events)
		if (want == checker.Invalid) != (at >= 0) {
			t.Errorf("%+v: %v, but a stream shows it by event %d of %d", l, want, at, len(events))
		}
	}
}

func BenchmarkStream(b *testing.B) {
	for _, l := range []crosscheck.Load{
		{Ops: 10_000, Clients: 5, Unique: true, CAS: true},
		{Ops: 10_000, Clients: 10, Unique: true, CAS: true},
		{Ops: 10_000, Clients: 10, Unique: true, CAS: true, Open: 0.01},
		{Ops: 10_000, Clients: 10, CAS: true},
		{Ops: 1000, Clients: 20, Unique: true, CAS: true},
	} {
		l.Seed = 1
		events := large(l)
		b.Run(fmt.Sprintf("ops=%d/clients=%d/unique=%v/open=%v", l.Ops, l.Clients, l.Unique, l.Open),
			func(b *testing.B) {
				for b.Loop() {
					s := Register(Budget{}).(checker.Streamer).Stream()
					if at, _ := shown(s, events); at >= 0 {
						b.Fatal(at)
					}
					if s.(*stream[RegisterState, RegisterOp]).keys["x"].judge == nil {
						b.Fatal("gave up")
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*l.Ops), "ns/operation")
			})
	}
}
