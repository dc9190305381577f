package page

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"sunder/harness/history"
	"sunder/harness/report"
)

// Bounds of an anomaly's picture.
const (
	anomaliesMax = 10 // so many are shown at all
	lanesMax     = 24
	barsMax      = 160
	letter       = 6.7 // width of a letter of a label, about
)

// detail draws the operations on the anomaly's key around those that cannot be ordered, each with
// what it asked and was told. Nil says that there is nothing to draw: no operation is named.
func (s scene) detail(a report.Anomaly) *drawing {
	guilty := make(map[int]bool)
	var from, to time.Duration = 1<<63 - 1, 0
	for _, op := range s.ops {
		if slices.Contains(a.Ops, op.Invocation.Index) {
			guilty[op.Invocation.Index] = true
			from, to = min(from, op.Invocation.Time), max(to, s.end(op))
		}
	}
	if len(guilty) == 0 {
		return nil
	}
	pad := max((to-from)/4, 2*time.Millisecond)
	ax := axis{from: max(0, from-pad), to: to + pad}
	shown := s.around(a.Key, ax, guilty)
	var lanes []history.Process
	for _, op := range shown {
		if !slices.Contains(lanes, op.Invocation.Process) {
			lanes = append(lanes, op.Invocation.Process)
		}
	}
	slices.Sort(lanes)
	d := &drawing{Label: "Operations on the key around the anomaly, a lane for each process"}
	const top, high = 16.0, 34.0
	bottom := top + float64(len(lanes))*high + 4
	d.rowName(11, "process")
	for i, p := range lanes {
		y := top + float64(i)*high
		d.rowName(y+27, fmt.Sprint(p))
		d.line("lane", gutter, y+high+1, width-margin, y+high+1)
	}
	written := make([]float64, len(lanes)) // where the last label of each lane ends
	for _, op := range shown {
		lane := slices.Index(lanes, op.Invocation.Process)
		s.bar(d, ax, op, top+float64(lane)*high, guilty[op.Invocation.Index], &written[lane])
	}
	d.grid(ax, top, bottom)
	return d
}

// around picks what is drawn: the guilty first, then their neighbours until the bounds are met.
func (s scene) around(key string, ax axis, guilty map[int]bool) []history.Operation {
	var shown []history.Operation
	lanes := make(map[history.Process]bool)
	for _, wanted := range []bool{true, false} {
		for _, op := range s.ops {
			inv := op.Invocation
			near := inv.Time <= ax.to && s.end(op) >= ax.from && (key == "" || inv.Key == key)
			if guilty[inv.Index] != wanted || !wanted && !near || len(shown) >= barsMax ||
				!lanes[inv.Process] && len(lanes) >= lanesMax {
				continue
			}
			lanes[inv.Process] = true
			shown = append(shown, op)
		}
	}
	slices.SortStableFunc(shown, func(a, b history.Operation) int {
		return a.Invocation.Index - b.Invocation.Index
	})
	return shown
}

// end is when op ended; what nobody can tell may still happen, to the end of the run.
func (s scene) end(op history.Operation) time.Duration {
	if op.Completion == nil {
		return op.Invocation.Time
	}
	return op.Completion.Time
}

// bar draws one operation. Its label is left out where it would cover the one before, which ends
// at written, unless it is a guilty one's.
func (s scene) bar(d *drawing, ax axis, op history.Operation, y float64, guilty bool,
	written *float64) {
	x0, x1 := ax.at(op.Invocation.Time), ax.at(s.end(op))
	class := "bar " + op.Kind().String()
	if op.Kind() == history.Info {
		x1 = ax.at(ax.to) // it may take effect at any later time
	}
	label := said(op)
	if guilty {
		class += " guilty"
	}
	inv := op.Invocation
	d.rect(class, x0, y+19, max(3, x1-x0), 11, fmt.Sprintf("%s, event %d, %s on %s, %s to %s", label,
		inv.Index, op.Kind(), inv.Node, seconds(inv.Time), seconds(s.end(op))))
	text := cut(label, 40)
	if guilty && inv.Node != "" {
		text += " at " + inv.Node
	}
	start := min(x0, width-margin-letter*float64(len([]rune(text))))
	if start >= *written || guilty {
		name := "label"
		if guilty {
			name = "label guilty"
		}
		d.text(name, start, y+14, text)
		*written = start + letter*float64(len([]rune(text))) + 8
	}
}

// said is an operation in short: write 5; read → 5; cas [3,5] ?
func said(op history.Operation) string {
	words := strings.TrimSpace(op.Invocation.F + " " + string(op.Invocation.Value))
	switch {
	case op.Kind() == history.OK && op.Completion.Value != op.Invocation.Value:
		return words + " → " + string(op.Completion.Value)
	case op.Kind() == history.Fail:
		return words + " failed"
	case op.Kind() == history.Info:
		return words + " ?"
	}
	return words
}
