package nodes

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestParseID(t *testing.T) {
	for _, c := range []struct {
		name string
		want ID // 0: refused
	}{
		{"n1", 1}, {"n10", 10}, {"n65535", 65535},
		{"n0", 0}, {"n01", 0}, {"n65536", 0}, {"n-1", 0}, {"n+1", 0}, {"n", 0}, {"", 0}, {"1", 0},
		{"N1", 0}, {"n1 ", 0}, {" n1", 0}, {"n1.0", 0}, {"n1e1", 0}, {"n1_0", 0}, {"n0x1", 0},
		{"n99999999999999999999", 0},
	} {
		got, err := ParseID(c.name)
		if got != c.want || (err == nil) != (c.want != 0) {
			t.Errorf("%q: %d, %v", c.name, got, err)
		}
		if err == nil && got.String() != c.name {
			t.Errorf("%q comes back as %q", c.name, got)
		}
	}
}

func FuzzParseID(f *testing.F) {
	f.Add("n1")
	f.Add("n0")
	f.Fuzz(func(t *testing.T, name string) {
		if id, err := ParseID(name); err == nil && (id == 0 || id.String() != name) {
			t.Errorf("%q is read as %s", name, id)
		}
	})
}

// paint is a protocol that has everything.
var paint = Protocol{Name: "paint",
	Options: []Option{{Name: "color", Values: []string{"red", "blue"}}, {Name: "size", Values: []string{"1"}}},
	Bugs:    []Bug{{Name: "drip"}, {Name: "smear"}}}

func TestProtocolCheck(t *testing.T) {
	bare := Protocol{Name: "bare"}
	members := []ID{1, 2, 3}
	for _, c := range []struct {
		name string
		p    Protocol
		c    Config
		want string // in the error; empty: there is none
	}{
		{"all defaults", paint, Config{Self: 1, Members: members}, ""},
		{"an option and a bug", paint, Config{Self: 3, Members: members, Bug: "smear",
			Options: map[string]string{"color": "blue", "size": ""}}, ""},
		{"a stranger", paint, Config{Self: 4, Members: members}, "n4 is not among its members [n1 n2 n3]"},
		{"nobody", paint, Config{}, "n0 is not among"},
		{"an option that is none", paint, Config{Self: 1, Members: members,
			Options: map[string]string{"colour": "red"}}, `no option "colour"; it has color, size`},
		{"a value that is none", paint, Config{Self: 1, Members: members,
			Options: map[string]string{"color": "green"}}, `color "green" is none of red, blue`},
		{"a bug that is none", paint, Config{Self: 1, Members: members, Bug: "leak"},
			`bug "leak" is none of drip, smear`},
		{"where there are no options", bare, Config{Self: 1, Members: members,
			Options: map[string]string{"x": "1"}}, "it has (none)"},
		{"where there are no bugs", bare, Config{Self: 1, Members: members, Bug: "x"}, "none of (none)"},
	} {
		err := c.p.Check(c.c)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

// The options of a test are for its workload too: a protocol takes its own.
func TestProtocolPick(t *testing.T) {
	given := map[string]string{"color": "blue", "size": "", "clients": "apart"}
	if got := fmt.Sprint(paint.Pick(given)); got != "map[color:blue]" {
		t.Errorf("picked %s", got)
	}
	if err := paint.Check(Config{Self: 1, Members: []ID{1}, Options: paint.Pick(given)}); err != nil {
		t.Error(err)
	}
}

func TestOptionHasADefault(t *testing.T) {
	c := Config{Options: map[string]string{"color": "blue"}}
	if got := c.Option(paint, "color") + c.Option(paint, "size") + c.Option(paint, "shape"); got != "blue1" {
		t.Errorf("options are %q", got)
	}
}

func TestClockAssumptionCovers(t *testing.T) {
	bounded := ClockAssumption{Bounded: true, Drift: 0.25}
	for _, c := range []struct {
		a    ClockAssumption
		rate float64
		want bool
	}{
		{ClockAssumption{}, 100, true},
		{ClockAssumption{Drift: 0.1}, 0.01, true},
		{bounded, 1, true}, {bounded, 0.75, true}, {bounded, 1.25, true},
		{bounded, 0.74, false}, {bounded, 1.26, false}, {bounded, 0, false}, {bounded, math.NaN(), false},
		{ClockAssumption{Bounded: true}, 1, true},
		{ClockAssumption{Bounded: true}, 1.0001, false},
	} {
		if got := c.a.Covers(c.rate); got != c.want {
			t.Errorf("%+v covers rate %v: %v", c.a, c.rate, got)
		}
	}
}

func drawObserved(t *rapid.T) Observed {
	return Observed{Node: ID(rapid.Uint16Min(1).Draw(t, "node")), Boot: rapid.Uint64().Draw(t, "boot"),
		Seq: rapid.Uint64().Draw(t, "seq"), Observation: Observation{
			Fact: rapid.SampledFrom([]Fact{BecameLeader, Voted, Committed, Applied}).Draw(t, "fact"),
			Term: rapid.Uint64().Draw(t, "term"), Index: rapid.Uint64().Draw(t, "index"),
			Hash: rapid.Uint64().Draw(t, "hash"), Peer: ID(rapid.Uint16().Draw(t, "peer"))}}
}

// Observations come back as they were, and of a file that was torn anywhere all but the last.
func TestObservationsRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOfN(rapid.Custom(drawObserved), 0, 5).Draw(t, "observations")
		var text []byte
		var ends []int
		for _, o := range want {
			text = append(o.AppendJSON(text), '\n')
			ends = append(ends, len(text))
		}
		cut := rapid.IntRange(0, len(text)).Draw(t, "cut")
		whole := 0
		for whole < len(ends) && ends[whole]-1 <= cut { // a line may lack only its end
			whole++
		}
		for n, part := range map[int][]byte{len(want): text, whole: text[:cut]} {
			got, err := ParseObserved(part)
			if err != nil || len(got) != n {
				t.Fatalf("%d of %d observations, %v", len(got), n, err)
			}
			for i := range got {
				if got[i] != want[i] {
					t.Fatalf("observation %d is %+v, was %+v", i, got[i], want[i])
				}
			}
		}
	})
}

func TestParseObservedNamesTheLine(t *testing.T) {
	good := string(Observed{Node: 1, Observation: Observation{Fact: Voted}}.AppendJSON(nil)) + "\n"
	for _, c := range []struct {
		name, text string
		n          int
		want       string
	}{
		{"nothing", "", 0, ""},
		{"torn", good + good[:9], 1, ""},
		{"damage before the end", good + "{\"node\n" + good, 1, "line 2"},
		{"damage in a last line that is whole", good + "{\"node\n", 1, "line 2"},
		{"an empty line", good + "\n" + good, 1, "line 2"},
		{"a node that is none", strings.Replace(good, `"node":1`, `"node":70000`, 1), 0, "line 1"},
		{"a hash that is a number", strings.Replace(good, `"fact"`, `"hash":7,"fact"`, 1), 0, "line 1"},
	} {
		got, err := ParseObserved([]byte(c.text))
		if len(got) != c.n || (err == nil) != (c.want == "") ||
			err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %d observations, %v", c.name, len(got), err)
		}
	}
}

func FuzzParseObserved(f *testing.F) {
	f.Add([]byte(`{"node":1,"boot":1,"seq":0,"time":5,"fact":"voted","term":1,"hash":"7","peer":2}` + "\n{"))
	f.Add([]byte("null\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := ParseObserved(text)
		if len(got) > bytes.Count(text, []byte("\n"))+1 {
			t.Fatalf("%d observations in %d lines", len(got), bytes.Count(text, []byte("\n")))
		}
		if err != nil {
			return
		}
		var again []byte
		for _, o := range got {
			again = append(o.AppendJSON(again), '\n')
		}
		back, err := ParseObserved(again)
		if err != nil || len(back) != len(got) {
			t.Fatalf("written again: %d of %d observations, %v", len(back), len(got), err)
		}
		for i := range got {
			if got[i] != back[i] {
				t.Fatalf("%+v came back as %+v", got[i], back[i])
			}
		}
	})
}
