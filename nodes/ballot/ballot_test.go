package ballot

import (
	"cmp"
	"testing"

	"pgregory.net/rapid"

	"sunder/nodes"
)

func drawBallot(t *rapid.T, name string) Ballot {
	return New(rapid.Uint64Range(0, roundMax-1).Draw(t, name+" round"),
		nodes.ID(rapid.Uint16().Draw(t, name+" node")))
}

func TestBallotsAreUniqueAndOrdered(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawBallot(t, "a"), drawBallot(t, "b")
		want := cmp.Or(cmp.Compare(a.Round(), b.Round()), cmp.Compare(a.Node(), b.Node()))
		if got := cmp.Compare(a, b); got != want {
			t.Fatalf("%s against %s: %d, want %d", a, b, got, want)
		}
		if again := New(a.Round(), a.Node()); again != a {
			t.Fatalf("%s comes back as %s", a, again)
		}
		next := a.Next(b.Node())
		if next <= a || next.Node() != b.Node() || next.Round() != a.Round()+1 {
			t.Fatalf("after %s comes %s", a, next)
		}
	})
}

func TestABallotIsReadable(t *testing.T) {
	for _, c := range []struct {
		b    Ballot
		want string
	}{{0, "0"}, {New(3, 2), "3.n2"}, {New(7, 0), "7"}, {New(roundMax, 65535), "281474976710655.n65535"}} {
		if got := c.b.String(); got != c.want {
			t.Errorf("%d is written %q, want %q", uint64(c.b), got, c.want)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("a round that has no room was taken")
		}
	}()
	New(roundMax, 1).Next(1)
}

// TestMajoritiesMeet: two majorities share a member, and without one more each they need not.
func TestMajoritiesMeet(t *testing.T) {
	for n := 1; n <= 64; n++ {
		if m := Majority(n); 2*m <= n || 2*(m-1) > n {
			t.Errorf("the majority of %d is %d", n, m)
		}
	}
}

func TestVotersCountOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var v Voters
		in := map[nodes.ID]bool{}
		for _, n := range rapid.SliceOf(rapid.Uint16Range(1, 64)).Draw(t, "nodes") {
			v.Add(nodes.ID(n))
			in[nodes.ID(n)] = true
		}
		for id := nodes.ID(1); id <= 64; id++ {
			if v.Has(id) != in[id] {
				t.Fatalf("%s is in: %v, want %v", id, v.Has(id), in[id])
			}
		}
		if v.Len() != len(in) {
			t.Fatalf("%d voters, want %d", v.Len(), len(in))
		}
	})
}
