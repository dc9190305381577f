package sim

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"sunder/harness/plan"
	"sunder/nodes"
)

func talkers(n plan.Network, watch func(Moment)) Options {
	return Options{Plan: plan.Plan{Nodes: 2, Seed: 3, Network: n}, Watch: watch, Protocol: nodes.Protocol{
		Name: "talk", Kinds: []string{"", "number"},
		New:   func(c nodes.Config) (nodes.Node, error) { return &talker{self: c.Self}, nil },
		Clock: func(map[string]string) nodes.ClockAssumption { return nodes.ClockAssumption{} }}}
}

// watched is the moments of 20 ms in which n1 talked, one number a millisecond.
func watched(t *testing.T, n plan.Network) (moments []Moment) {
	t.Helper()
	w, err := New(talkers(n, func(m Moment) { moments = append(moments, m) }))
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	w.Await(20 * time.Millisecond)
	return moments
}

func except(nth int, takes time.Duration, lost bool, again time.Duration) plan.Except {
	return plan.Except{From: "n1", To: "n2", Kind: "number", Nth: nth, Takes: plan.Of(takes), Lost: lost,
		Again: plan.Of(again)}
}

func TestAFixedNetworkKnowsOnlyItsExceptions(t *testing.T) {
	const usual = 300 * time.Microsecond
	odd := []plan.Except{except(3, 0, true, 0), except(5, 4200*time.Microsecond, false, 0),
		except(7, usual, false, 8*time.Millisecond), except(9, 0, true, 2*time.Millisecond)}
	moments := watched(t, plan.Network{Fixed: plan.Of(usual), Except: odd})
	var got []time.Duration
	for _, m := range moments {
		if m.What == Delivered && m.Message <= 10 {
			got = append(got, m.At)
		}
	}
	var want []time.Duration
	for i := range 10 { // the first is said at once
		sent := time.Duration(i) * time.Millisecond
		switch i + 1 {
		case 3:
		case 5:
			want = append(want, sent+4200*time.Microsecond)
		case 7:
			want = append(want, sent+usual, sent+8*time.Millisecond)
		case 9:
			want = append(want, sent+2*time.Millisecond)
		default:
			want = append(want, sent+usual)
		}
	}
	slices.Sort(want)
	if !reflect.DeepEqual(got, want) {
		t.Errorf("arrived at %v, want %v", got, want)
	}
	recorded := slices.DeleteFunc(ExceptionsOf(talkers(plan.Network{}, nil).Protocol, moments),
		func(e plan.Except) bool { return e == except(e.Nth, usual, false, 0) })
	if !reflect.DeepEqual(recorded, odd) {
		t.Errorf("recorded were %+v, want %+v", recorded, odd)
	}
}

// TestWhatWasRecordedIsTheSameNetwork: whatever chance did to messages, said as exceptions it is
// the same again.
func TestWhatWasRecordedIsTheSameNetwork(t *testing.T) {
	protocol := talkers(plan.Network{}, nil).Protocol
	for _, n := range []plan.Network{
		{Loss: 0.3, Duplicate: 0.3, Reorder: 0.2},
		{Links: "stream", Loss: 0.1, Latency: plan.Of(time.Millisecond)},
	} {
		first := watched(t, n)
		again := watched(t, plan.Network{Links: n.Links, Fixed: plan.Of(time.Second),
			Except: ExceptionsOf(protocol, first)})
		if len(first) < 20 || !reflect.DeepEqual(first, again) {
			t.Errorf("%+v: %d moments became %d", n, len(first), len(again))
		}
	}
}

func TestExceptionsMustBeSomething(t *testing.T) {
	for _, c := range []struct {
		from, to, kind string
		want           string
	}{
		{"n1", "n2", "number", ""},
		{"p17", "n2", "ask", ""},
		{"n2", "p0", "answer", ""},
		{"n2", "n2", "sync", ""},
		{"n1", "n2", "", "between nodes talk has number"},
		{"n1", "n2", "vote", "between nodes talk has number"},
		{"n1", "n2", "sync", "there is none"},
		{"p1", "n2", "answer", "there is none"},
		{"n1", "p1", "number", "there is none"},
		{"p1", "p2", "ask", "there is none"},
		{"n2", "n2", "number", "there is none"},
		{"p", "n2", "ask", "invalid syntax"},
		{"x1", "n2", "number", "node name"},
		{"n1", "n3", "number", "there are 2 nodes"},
	} {
		e := plan.Except{From: c.from, To: c.to, Kind: c.kind, Nth: 1, Lost: true}
		w, err := New(talkers(plan.Network{Fixed: plan.Of(1), Except: []plan.Except{e}}, nil))
		if err == nil {
			w.Close()
		}
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", e, err, c.want)
		}
	}
}
