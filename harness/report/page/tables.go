package page

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"sunder/harness/report"
	"sunder/harness/report/figures"
)

// wordsMax bounds each text that a checker or a node gave.
const wordsMax = 4000

type fault struct {
	report.Fault
	Class              string
	Starts, Ends, Took string
}

// partition is a fault that cut the network, with what clients were told on each side.
type partition struct {
	Number int
	Name   string
	Sides  []side
}

type side struct {
	figures.Side
	Names, Share       string
	Bar                px
	P50, P99           string // of what was answered ok
	Consistent, Healed string
}

// heal is a fault's end: how long each node took, in the order of nodes.
type heal struct {
	Number int
	Name   string
	Cells  []string
}

type row struct {
	Name  string
	Cells []string
}

type check struct{ Name, Verdict, Reason, Figures string }

// tables are the faults and, for those that cut the network, what became of each side.
func (s scene) tables(r report.Results) (faults []fault, cuts []partition) {
	blamed := make(map[int]bool)
	for _, a := range r.Anomalies {
		for _, i := range a.Ops {
			blamed[i] = true
		}
	}
	recoveries := figures.Recoveries(s.nodes, s.ops, s.windows)
	for i, f := range r.Faults[:min(len(r.Faults), windowsMax)] {
		line := fault{Fault: f, Class: effectClass(f.Effect), Starts: tenths(f.From), Ends: tenths(f.To),
			Took: report.Short(f.Applied)}
		if f.Open {
			line.Ends = "never"
		}
		faults = append(faults, line)
		p := partition{Number: f.Fault, Name: f.Where()}
		for _, sd := range f.Sides(s.nodes, s.ops, blamed) {
			p.Sides = append(p.Sides, newSide(sd, r.Verdict, recoveries, i))
		}
		if len(p.Sides) > 0 {
			cuts = append(cuts, p)
		}
	}
	return faults, cuts
}

// newSide says of a side what the CAP theorem asks: was it consistent, and was it available? A
// side is consistent as long as no anomaly names what was asked there; in a run without a verdict
// nobody knows.
func newSide(sd figures.Side, verdict string, recoveries []figures.Recovery, window int) side {
	line := side{Side: sd, Names: strings.Join(sd.Nodes, " "), Share: "nothing asked",
		Consistent: "yes"}
	if sd.Attempted() > 0 {
		line.Share = fmt.Sprintf("%.1f %%", 100*sd.Availability())
		line.Bar = px(120 * sd.Availability())
	}
	if sd.N > 0 {
		line.P50, line.P99 = report.Short(sd.P50), report.Short(sd.P99)
	}
	switch {
	case sd.Blamed > 0:
		line.Consistent = "no"
	case sd.Attempted() == 0:
		line.Consistent = ""
	case report.Sure(verdict) == "unknown":
		line.Consistent = "unknown"
	}
	if after, never, measured := figures.Healing(recoveries, window, sd.Nodes); never {
		line.Healed = "never"
	} else if measured {
		line.Healed = report.Short(after)
	}
	return line
}

// heals are the recoveries, a row for each fault and a cell for each node, and their quantiles.
func (s scene) heals() (rows []heal, p50, p99 string) {
	recoveries := figures.Recoveries(s.nodes, s.ops, s.windows)
	for i, w := range s.windows {
		f := report.Fault{Window: w}
		line := heal{w.Fault, f.Name(), make([]string, len(s.nodes))}
		for _, r := range recoveries {
			if r.Window != i {
				continue
			}
			cell := report.Short(r.After)
			if r.Never {
				cell = "never"
			}
			line.Cells[slices.Index(s.nodes, r.Node)] = cell
		}
		rows = append(rows, line)
	}
	if spread := figures.Recovered(recoveries); spread.N > 0 {
		p50, p99 = report.Short(spread.P50), report.Short(spread.P99)
	}
	return rows, p50, p99
}

// functions are the latencies, a row for each function, and the other measures.
func functions(r report.Results) (rows []row) {
	for _, l := range r.Latencies[:min(len(r.Latencies), windowsMax)] {
		cells := []string{report.Group(l.OK), report.Group(l.Fail), report.Group(l.Info)}
		rows = append(rows, row{cut(l.F, 40), append(cells, spread(l.Spread)...)})
	}
	for _, m := range r.Measures {
		rows = append(rows, row{m.Name, append([]string{"", "", ""}, spread(m.Spread)...)})
	}
	for _, p := range r.Phases {
		rows = append(rows, row{"phase: " + p.Name, []string{"", "", "", "", "", report.Short(p.Took)}})
	}
	return rows
}

func spread(s figures.Spread) []string {
	if s.N == 0 {
		return []string{"", "", ""}
	}
	return []string{report.Short(s.P50), report.Short(s.P99), report.Short(s.Max)}
}

func checks(r report.Results) (out []check) {
	for _, c := range r.Checkers {
		var text bytes.Buffer
		if err := json.Indent(&text, c.Details, "", "  "); err != nil {
			text.Write(c.Details)
		}
		out = append(out, check{c.Name, report.Sure(c.Verdict), cut(c.Reason, wordsMax),
			cut(text.String(), wordsMax)})
	}
	return out
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.3f s", d.Seconds()) }

func tenths(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }
