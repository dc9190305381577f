package spacetime_test

import (
	"encoding/xml"
	"errors"
	"fmt"
	"go/format"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sunder/harness/history"
	"sunder/harness/plan"
	"sunder/harness/report/spacetime"
	"sunder/nemesis"
	"sunder/nodes"
)

// storm is a run of so many milliseconds: everybody talks all the time, is elected, and is hit by
// faults.
func storm(length int) spacetime.Run {
	r := spacetime.Run{Nodes: []string{"n1", "n2", "n3", "n4", "n5"}, Class: "stale-read"}
	const ms = time.Millisecond
	for i := range length {
		at := time.Duration(i) * ms
		from, to := r.Nodes[i%5], r.Nodes[(i+1+i/5%4)%5]
		m := spacetime.Message{From: from, To: to, Sent: at, Received: at + ms/2,
			Label: fmt.Sprintf("entry %d of term %d", i, i/100)}
		if i%7 == 0 {
			m.Lost = "lost"
		}
		r.Messages = append(r.Messages, m)
		fact := []nodes.Fact{nodes.BecameCandidate, nodes.BecameLeader, nodes.Voted, nodes.Committed,
			nodes.Appended}[i%5]
		r.Facts = append(r.Facts, spacetime.Fact{Node: from, At: at, Fact: fact, Term: uint64(i / 5),
			Index: uint64(i), Peer: to})
	}
	for i := range length / 10 {
		at := time.Duration(10*i) * ms
		v := history.Int(int64(i))
		r.Operations = append(r.Operations, spacetime.Operation{Process: history.Process(i % 10),
			Node: r.Nodes[i%5], F: "write", Key: "k", Value: v, Answer: v, Start: at, End: at + 9*ms,
			Kind: history.OK, Guilty: i == length/400 || i == length/10-10})
		r.Faults = append(r.Faults, spacetime.Fault{Kind: "kill", Nodes: r.Nodes[:2], Start: at, End: at + 5*ms})
		r.Lives = append(r.Lives, spacetime.Life{Node: "n1", At: at, Why: "killed"},
			spacetime.Life{Node: "n1", At: at + 5*ms, Up: true})
	}
	return r
}

func TestALargeRunStaysReadable(t *testing.T) {
	r := storm(20_000)
	kept := spacetime.Relevant(r)
	n := len(kept.Messages) + len(kept.Facts) + len(kept.Operations) + len(kept.Faults) + len(kept.Lives)
	if n < 50 || n > 400 {
		t.Errorf("%d things are kept: %d messages, %d facts, %d operations, %d faults, %d lives", n,
			len(kept.Messages), len(kept.Facts), len(kept.Operations), len(kept.Faults), len(kept.Lives))
	}
	if size := len(spacetime.SVG(r)); size > 200_000 {
		t.Errorf("the diagram has %d bytes", size)
	}
	if words := len(strings.Fields(spacetime.Narrate(r))); words > 400 {
		t.Errorf("the narrative has %d words", words)
	}
}

// TestAllThatIsGuiltyIsKept, and nothing is made up.
func TestAllThatIsGuiltyIsKept(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := storm(500)
		for i := range r.Operations {
			r.Operations[i].Guilty = false
		}
		for range rapid.IntRange(1, 6).Draw(t, "guilty") {
			r.Operations[rapid.IntRange(0, len(r.Operations)-1).Draw(t, "which")].Guilty = true
		}
		kept := spacetime.Relevant(r)
		for _, o := range r.Operations {
			if o.Guilty && !slices.Contains(kept.Operations, o) {
				t.Fatalf("%+v is gone", o)
			}
		}
		for _, m := range kept.Messages {
			if !slices.Contains(r.Messages, m) {
				t.Fatalf("%+v never was", m)
			}
		}
		if !slices.IsSortedFunc(kept.Messages, func(a, b spacetime.Message) int { return int(a.Sent - b.Sent) }) {
			t.Fatal("the messages are out of order")
		}
	})
}

// TestTheDiagramIsSound: whatever the run's words are, it is well-formed and has but harmless
// elements, and nothing stands outside of it.
func TestTheDiagramIsSound(t *testing.T) {
	const evil = "\"'><script>alert(1)</script></style></title></svg><!--\x00\xff]]>&amp;"
	hostile := storm(2_000)
	hostile.Class, hostile.Plan, hostile.Nodes[4] = evil, evil, evil
	for i := range hostile.Messages {
		hostile.Messages[i].Label, hostile.Messages[i].Kind = evil, evil
	}
	for i := range hostile.Operations {
		o := &hostile.Operations[i]
		o.F, o.Key, o.Value, o.Answer = evil, evil, evil, evil
	}
	for i := range hostile.Faults {
		hostile.Faults[i].Kind, hostile.Faults[i].What = evil, evil
	}
	for i := range hostile.Lives {
		hostile.Lives[i].Why = evil
	}
	for i := range hostile.Facts {
		hostile.Facts[i].Peer = evil
	}
	for name, r := range map[string]spacetime.Run{"storm": storm(2_000), "hostile": hostile, "empty": {},
		"nobody is guilty": {Nodes: []string{"n1"}, Facts: storm(100).Facts[:50]}} {
		d := xml.NewDecoder(strings.NewReader(spacetime.SVG(r)))
		for {
			token, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			start, is := token.(xml.StartElement)
			if !is {
				continue
			}
			if !slices.Contains([]string{"svg", "style", "path", "rect", "text", "title"}, start.Name.Local) {
				t.Errorf("%s: <%s>", name, start.Name.Local)
			}
			for _, a := range start.Attr {
				if strings.HasPrefix(a.Name.Local, "on") || strings.Contains(a.Value, "NaN") ||
					strings.Contains(a.Value, "Inf") {
					t.Errorf("%s: %s=%q", name, a.Name.Local, a.Value)
				}
			}
		}
	}
}

// TestACorrectRegisterIsNotBlamed: no reason is found against what a correct register answers,
// whichever operations a checker points at.
func TestACorrectRegisterIsNotBlamed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := spacetime.Run{Nodes: []string{"n1"}, Class: "stale-read", Words: "the checker's own"}
		value, fresh := history.Null, int64(0)
		for i := range rapid.IntRange(1, 30).Draw(t, "operations") {
			effect := time.Duration(1000 * (i + 1))
			o := spacetime.Operation{Process: history.Process(i), Node: "n1", Key: "k",
				Start:  effect - time.Duration(rapid.IntRange(1, 4000).Draw(t, "before")),
				End:    effect + time.Duration(rapid.IntRange(1, 4000).Draw(t, "after")),
				Guilty: rapid.Bool().Draw(t, "guilty"),
				Kind:   rapid.SampledFrom([]history.Kind{history.OK, history.OK, history.Info}).Draw(t, "kind")}
			fresh++
			next := history.Int(fresh)
			switch o.F = rapid.SampledFrom([]string{"read", "write", "cas"}).Draw(t, "f"); o.F {
			case "read":
				o.Answer = value
			case "write":
				o.Value, o.Answer, value = next, next, next
			case "cas":
				o.Value = "[" + value + "," + next + "]"
				if o.Kind != history.Info || rapid.Bool().Draw(t, "happened") {
					value = next
				}
			}
			r.Operations = append(r.Operations, o)
		}
		text := spacetime.Narrate(r)
		for _, blame := range []string{"although", "which nobody"} {
			if strings.Contains(text, blame) {
				t.Fatalf("a correct register is blamed: %s\n%+v", text, r.Operations)
			}
		}
	})
}

func TestTraffic(t *testing.T) {
	var traffic spacetime.Traffic
	send := func(number uint64, label string, at, arrives time.Duration) {
		traffic.Sent(number, spacetime.Message{Sent: at, Received: arrives, Label: label})
	}
	send(1, "arrives", 1, 5)
	send(2, "first copy", 2, 9)
	send(2, "second copy", 2, 4)
	traffic.Lost(spacetime.Message{Label: "lost", Sent: 3, Received: 3, Lost: "lost"})
	send(4, "held", 3, 6)
	send(5, "too late", 3, 90)
	send(6, "to the dead", 4, 7)
	traffic.Ended(2, 4, "")
	traffic.Ended(1, 5, "")
	traffic.Ended(4, 6, "cut")
	traffic.Ended(6, 7, "down")
	traffic.Ended(2, 9, "cut")
	traffic.Ended(4, 20, "")
	traffic.Ended(7, 21, "") // never sent
	var got []string
	for _, m := range traffic.Messages(30) {
		got = append(got, fmt.Sprintf("%s %d %s", m.Label, m.Received, m.Lost))
	}
	want := []string{"arrives 5 ", "first copy 9 cut", "second copy 4 ", "lost 3 lost", "held 20 ",
		"to the dead 7 down"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

func TestAGoTestIsTidy(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := spacetime.GoTest([]byte(rapid.String().Draw(t, "plan")), rapid.String().Draw(t, "name"),
			rapid.String().Draw(t, "class"))
		if tidy, err := format.Source(text); err != nil || string(tidy) != string(text) {
			t.Fatalf("%v:\n%s", err, text)
		}
	})
}

// TestNewReadsHistories: faults become bands and deaths, operations keep their answers.
func TestNewReadsHistories(t *testing.T) {
	kill := nemesis.Record{Asked: plan.Fault{Kind: "kill", Variant: "process"}, Targets: []string{"n2"}}
	ended := kill
	ended.Effect = nemesis.Proven
	never := nemesis.Record{Fault: 1, Asked: plan.Fault{Kind: "pause"}, Effect: nemesis.Never}
	event := func(at time.Duration, p history.Process, kind history.Kind, f string, v history.Value) history.Event {
		return history.Event{Time: at, Process: p, Kind: kind, F: f, Key: "k", Node: "n1", Value: v}
	}
	events := []history.Event{
		event(1, 0, history.Invoke, "write", "5"), event(2, 0, history.OK, "write", "5"),
		event(3, history.Nemesis, history.Invoke, "start", history.Marshal(kill)),
		event(4, history.Nemesis, history.OK, "start", history.Marshal(kill)),
		event(5, 1, history.Invoke, "read", ""),
		event(6, history.Nemesis, history.Invoke, "end", history.Marshal(ended)),
		event(7, history.Nemesis, history.OK, "end", history.Marshal(ended)),
		event(7, history.Nemesis, history.Invoke, "start", history.Marshal(never)),
		event(7, history.Nemesis, history.OK, "start", history.Marshal(never)),
		event(8, 1, history.OK, "read", "4"),
	}
	for i := range events {
		events[i].Index = i
	}
	r, err := spacetime.New(3, events, []nodes.Observed{{Node: 3, Time: 2,
		Observation: nodes.Observation{Fact: nodes.Voted, Term: 7, Peer: 2}}}, []int{4})
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprint(r.Nodes, r.Faults, r.Lives, r.Facts, r.Operations)
	want := "[n1 n2 n3] [{kill process [n2] 4ns 6ns map[]}] [{n2 4ns false killed} {n2 6ns true }] " +
		"[{n3 2ns voted 7 0 0 n2 false}] [{0 n1 write k 5 5 1ns 2ns ok false 0 1} " +
		"{1 n1 read k  4 5ns 8ns ok true 4 9}]"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if _, err := spacetime.New(3, events[1:], nil, nil); err == nil {
		t.Error("a history that no run can produce gave a run")
	}
}

// TestTheOrderOfTheHistoryJudges where times are equal: only what ended before is old.
func TestTheOrderOfTheHistoryJudges(t *testing.T) {
	at := func(index int, p history.Process, kind history.Kind, f string, v history.Value) history.Event {
		return history.Event{Index: index, Time: 7, Process: p, Kind: kind, F: f, Key: "k", Value: v}
	}
	for _, c := range []struct {
		events []history.Event
		old    bool
	}{
		{[]history.Event{at(0, 0, history.Invoke, "write", "5"), at(1, 0, history.OK, "write", "5"),
			at(2, 1, history.Invoke, "read", ""), at(3, 1, history.OK, "read", "null")}, true},
		{[]history.Event{at(0, 0, history.Invoke, "write", "5"), at(1, 1, history.Invoke, "read", ""),
			at(2, 0, history.OK, "write", "5"), at(3, 1, history.OK, "read", "null")}, false},
	} {
		r, err := spacetime.New(1, c.events, nil, []int{0, 1, 2})
		if err != nil {
			t.Fatal(err)
		}
		if text := spacetime.Narrate(r); strings.Contains(text, "although") != c.old {
			t.Errorf("old: %v, but: %s", c.old, text)
		}
	}
}
