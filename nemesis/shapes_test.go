package nemesis

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
)

func nodeNames(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("n%d", i+1)
	}
	return list
}

// draw has a row for each receiver, with an x under each sender whose packets it drops.
func draw(names []string, g Grudge) string {
	var b strings.Builder
	for _, receiver := range names {
		fmt.Fprintf(&b, "%-3s hears ", receiver)
		for _, sender := range names {
			word := sender
			if g.Drops(receiver, sender) {
				word = "x"
			}
			fmt.Fprintf(&b, " %-2s", word)
		}
		b.WriteByte('\n')
	}
	return strings.ReplaceAll(b.String(), " \n", "\n")
}

func TestShapes(t *testing.T) {
	datadriven.RunTest(t, "testdata/shapes.txt", func(t *testing.T, d *datadriven.TestData) string {
		var n int
		var pick uint64
		d.ScanArgs(t, "nodes", &n)
		if d.HasArg("pick") {
			d.ScanArgs(t, "pick", &pick)
		}
		s, err := shapeNamed(d.Cmd, n)
		if err != nil {
			return err.Error() + "\n"
		}
		singled, g := s.apply(nodeNames(n), pick)
		return fmt.Sprintf("%ssingled out: %v\n", draw(nodeNames(n), g), singled)
	})
}

// hears is how many nodes a node hears and is heard by, itself included.
func hears(names []string, g Grudge, n string) (list []string) {
	for _, m := range names {
		if !g.Drops(n, m) && !g.Drops(m, n) {
			list = append(list, m)
		}
	}
	return list
}

func TestShapesKeepTheirPromiseAtEverySize(t *testing.T) {
	for n := 1; n <= 64; n++ {
		all := nodeNames(n)
		for _, s := range shapes {
			if n < s.least {
				if _, err := shapeNamed(s.name, n); err == nil {
					t.Errorf("%s of %d nodes: no error, though it needs %d", s.name, n, s.least)
				}
				continue
			}
			for pick := range uint64(8) {
				singled, g := s.apply(all, pick)
				if why := broken(s.name, all, singled, g); why != "" {
					t.Errorf("%s of %d nodes, pick %d: %s\n%s", s.name, n, pick, why, draw(all, g))
				}
			}
		}
	}
}

func broken(name string, all, singled []string, g Grudge) string {
	n := len(all)
	sides := sidesOf(all, g)
	if g.Edges() == 0 {
		return "it cuts nothing"
	}
	for receiver, senders := range g {
		if len(senders) == 0 || !slices.IsSorted(senders) || slices.Contains(senders, receiver) {
			return fmt.Sprintf("%s drops %v", receiver, senders)
		}
		for _, sender := range senders {
			if name != "one-way" && !g.Drops(sender, receiver) {
				return "it is not the same both ways"
			}
			if name == "one-way" && g.Drops(sender, receiver) {
				return "it cuts both ways"
			}
		}
	}
	switch name {
	case "one", "leader-isolated":
		if len(singled) != 1 || len(hears(all, g, singled[0])) != 1 || len(sides) != 2 {
			return "nobody is alone"
		}
	case "halves", "one-way":
		if len(sides) != 2 || len(singled) != n/2 {
			return "there are no halves"
		}
	case "majority-minority", "primaries-with-minority":
		if len(sides) != 2 || len(singled)*2 >= n || (n-len(singled))*2 <= n {
			return "there is no minority"
		}
	case "bridge":
		if len(sides) != 1 || len(hears(all, g, singled[0])) != n || len(hears(all, g, all[n-1])) == n {
			return "there is no bridge"
		}
	case "majorities-ring":
		seen := make(map[string]bool)
		for _, m := range all {
			view := hears(all, g, m)
			if len(view)*2 <= n || seen[fmt.Sprint(view)] {
				return fmt.Sprintf("%s hears %v", m, view)
			}
			seen[fmt.Sprint(view)] = true
		}
	default:
		return "it has no promise: add one here"
	}
	return ""
}
