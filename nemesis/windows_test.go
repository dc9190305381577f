package nemesis

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"sunder/nodes"
)

// recordsOf starts and ends the faults of a golden file, one a line: KIND from=1s to=2s ...; a
// fault without to does not end.
func recordsOf(t *testing.T, l *Ledger, lines string) (rs []Record) {
	type moment struct {
		at    time.Duration
		start bool
		fault int
	}
	var moments []moment
	texts := strings.Split(strings.TrimSpace(lines), "\n")
	for i, line := range texts {
		_, args, err := datadriven.ParseLine(line)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range args {
			if a.Key == "from" || a.Key == "to" {
				at := must(time.ParseDuration(a.Vals[0]))
				moments = append(moments, moment{at, a.Key == "from", i})
			}
		}
	}
	slices.SortStableFunc(moments, func(a, b moment) int { return cmp.Compare(a.at, b.at) })
	for _, m := range moments {
		if !m.start {
			rs = append(rs, l.End(m.fault, m.at))
			continue
		}
		kind, args, _ := datadriven.ParseLine(texts[m.fault])
		r, err := l.Start(m.fault, faultOf(t, kind, args), View{Now: m.at, Leader: "n1"})
		if err != nil {
			t.Fatal(err)
		}
		rs = append(rs, r)
	}
	return rs
}

func TestWindows(t *testing.T) {
	datadriven.RunTest(t, "testdata/windows.txt", func(t *testing.T, d *datadriven.TestData) string {
		l := &Ledger{Nodes: nodeNames(5), Assumption: nodes.ClockAssumption{Bounded: true, Drift: 0.1}}
		var out strings.Builder
		for _, w := range Windows(l.Nodes, 10*time.Second, recordsOf(t, l, d.Input)) {
			fmt.Fprintf(&out, "%v to %v: %s\n  quorum for %v of %v", w.Start, w.End, w.Name,
				w.Quorum, w.End-w.Start)
			if w.Sides != nil {
				fmt.Fprintf(&out, "; sides %v", w.Sides)
			}
			if w.Outside != "" {
				fmt.Fprintf(&out, "; outside the %s assumption", w.Outside)
			}
			out.WriteByte('\n')
		}
		return out.String()
	})
}
