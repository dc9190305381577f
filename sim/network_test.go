package sim

import (
	"fmt"
	"testing"
	"time"

	"sunder/harness/plan"
	"sunder/nodes"
	"sunder/nodes/kv"
)

// talker sends numbers, one a millisecond, and keeps those that it hears.
type talker struct {
	self  nodes.ID
	next  int
	heard []int
}

type number int

func (number) Kind() uint8              { return 1 }
func (n number) Ident() uint64          { return uint64(n) }
func (number) AppendTo(b []byte) []byte { return b }

func (s *talker) Start(env nodes.Env, _ []nodes.Recovered) { env.SetTimer(1, 0) }
func (s *talker) Recv(_ nodes.Env, _ nodes.ID, m nodes.Message) {
	s.heard = append(s.heard, int(m.(number)))
}
func (s *talker) Synced(nodes.Env, nodes.Token, error)                {}
func (s *talker) Invoke(_ nodes.Env, _ nodes.RequestID, _ kv.Command) {}
func (s *talker) Timer(env nodes.Env, t nodes.TimerID) {
	if s.self == 1 && s.next < 1000 {
		env.Send(2, number(s.next))
		s.next++
	}
	env.SetTimer(t, time.Millisecond)
}

// heard is what n2 heard of n1's thousand numbers. It was cut off from 300 to 500 ms.
func heard(t *testing.T, n plan.Network) (in, sorted int) {
	t.Helper()
	w, err := New(Options{Plan: plan.Plan{Nodes: 2, Seed: 3, Network: n}, Protocol: nodes.Protocol{
		New:   func(c nodes.Config) (nodes.Node, error) { return &talker{self: c.Self}, nil },
		Clock: func(map[string]string) nodes.ClockAssumption { return nodes.ClockAssumption{} }}})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	n2 := w.nodes[1]
	w.Await(300 * time.Millisecond)
	n2.drop[1] = true
	w.Await(500 * time.Millisecond)
	n2.drop[1] = false
	w.release(n2)
	w.Await(5 * time.Second)
	got := n2.proc.(*talker).heard
	for i, v := range got {
		if i == 0 || v >= got[i-1] {
			sorted++
		}
	}
	return len(got), sorted
}

func TestLinks(t *testing.T) {
	for _, c := range []struct {
		name        string
		n           plan.Network
		least, most int
		inOrder     bool
	}{
		{"calm", plan.Network{}, 795, 805, false},
		{"lossy", plan.Network{Loss: 0.5}, 300, 500, false},
		{"doubling", plan.Network{Duplicate: 1}, 1590, 1610, false},
		{"reordering", plan.Network{Reorder: 0.2}, 780, 820, false},
		{"stream", plan.Network{Links: "stream"}, 1000, 1000, true},
		{"lossy stream", plan.Network{Links: "stream", Loss: 0.1}, 1000, 1000, true},
	} {
		got, sorted := heard(t, c.n)
		if got < c.least || got > c.most || (got == sorted) != c.inOrder {
			t.Errorf("%s", fmt.Sprintf("%s: %d numbers, %d in order", c.name, got, sorted))
		}
	}
}
