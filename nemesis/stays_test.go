package nemesis

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sunder/harness/plan"
)

func TestWhatMayStay(t *testing.T) {
	stay := func(kind, target string) plan.Fault {
		return plan.Fault{Kind: kind, Target: target, Stays: true}
	}
	cut := func(shape string) plan.Fault { return plan.Fault{Kind: partition, Shape: shape, Stays: true} }
	stall := stay(disk, "one")
	stall.Variant = diskStall
	for _, c := range []struct {
		name   string
		nodes  int
		faults []plan.Fault
		err    string
	}{
		{"one of three", 3, []plan.Fault{stay(kill, "one")}, ""},
		{"two of five", 5, []plan.Fault{stay(pause, "n1,n4")}, ""},
		{"two, one after the other", 5, []plan.Fault{stay(kill, "n1"), cut("leader-isolated")}, ""},
		{"a minority", 4, []plan.Fault{stay(power, "minority")}, ""},
		{"others that end", 3, []plan.Fault{{Kind: kill, Target: "all"}, stay(kill, "n1")}, ""},
		{"the only one", 1, []plan.Fault{stay(kill, "one")}, "want at most 0"},
		{"two of three", 3, []plan.Fault{stay(kill, "n1,n2")}, "takes 2 of 3"},
		{"two of four, at two times", 4, []plan.Fault{stay(kill, "n1"), cut("one")},
			"faults[1]: stays, and with those before takes 2 of 4"},
		{"a majority", 5, []plan.Fault{stay(kill, "majority")}, "takes 3 of 5"},
		{"a disk", 3, []plan.Fault{stall}, "stays in a disk: only kill, power, pause, partition"},
		{"halves", 4, []plan.Fault{cut("halves")}, "shape halves"},
		{"nobody knows whom", 5, []plan.Fault{cut("bridge")}, "shape bridge"},
	} {
		l := Ledger{Nodes: nodeNames(c.nodes)}
		err := l.CheckAll(c.faults)
		if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: err %v does not say %q", c.name, err, c.err)
		}
	}
	l := Ledger{Nodes: nodeNames(5), Local: true}
	if err := l.CheckAll([]plan.Fault{stay(kill, "one")}); err == nil {
		t.Error("a node stays away that has what nobody else has")
	}
	l = Ledger{Nodes: nodeNames(5), Successive: true}
	if err := l.CheckAll([]plan.Fault{stay(kill, "one")}); err != nil {
		t.Errorf("one failure is too many: %v", err)
	}
	if err := l.CheckAll([]plan.Fault{cut("one"), {Kind: pause, Target: "one"}}); err == nil {
		t.Error("a node stays away after another one that need not be back")
	}
	if err := (&Ledger{Nodes: nodeNames(2)}).Check(stay(pause, "n2")); err == nil {
		t.Error("a node of two stays away, which shrinking may come to")
	}
}

// Whatever is made to stay passes its check, and takes at least one node and at most a minority.
func TestStayTakesAMinority(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := Options{Seed: rapid.Uint64().Draw(t, "seed"), Nodes: rapid.IntRange(1, 9).Draw(t, "nodes"),
			TimeLimit: 3 * time.Second}
		var p plan.Plan
		o.Stay(&p)
		l := Ledger{Nodes: nodeNames(o.Nodes)}
		if err := l.CheckAll(p.Faults); err != nil {
			t.Fatal(err)
		}
		for i, f := range p.Faults {
			leader := rapid.SampledFrom(append(nodeNames(o.Nodes), "")).Draw(t, "leader")
			if _, err := l.Start(i, f, View{Leader: leader}); err != nil {
				t.Fatal(err)
			}
			if end := f.At.Duration + f.Duration.Duration; f.At.Duration <= 0 || end != o.TimeLimit {
				t.Fatalf("it begins at %v and ends at %v", f.At, end)
			}
		}
		if away := len(l.Away()); o.Nodes > 2 && away == 0 || away > (o.Nodes-1)/2 {
			t.Fatalf("%d of %d nodes are away", away, o.Nodes)
		}
	})
}
