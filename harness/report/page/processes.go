package page

import (
	"fmt"
	"strings"

	"sunder/harness/history"
)

// Bounds of the timeline of processes: rows, and the width of what can be told apart in a row.
const (
	rowsMax   = 32
	cellWidth = 2.0
)

// processes draws what each client thread was waiting for: a cell has the worst outcome of the
// operations that were open in it. Threads share a row where there are too many.
func (s scene) processes() drawing {
	d := drawing{Label: "Operations of each client thread over time, by outcome"}
	threads := max(1, s.threads)
	rows := min(threads, rowsMax)
	columns := int((width-margin-gutter)/cellWidth) + 1
	worst := make([]history.Kind, rows*columns) // kinds ascend from ok to info
	column := func(x float64) int { return min(max(int((x-gutter)/cellWidth), 0), columns-1) }
	for _, op := range s.ops {
		row := int(op.Invocation.Process) % threads * rows / threads
		from := column(s.axis.at(op.Invocation.Time))
		to := from
		if op.Completion != nil {
			to = column(s.axis.at(op.Completion.Time))
		}
		for c := from; c <= to && row >= 0; c++ {
			worst[row*columns+c] = max(worst[row*columns+c], op.Kind())
		}
	}
	high := max(8, min(15, 320/float64(rows)))
	bottom := float64(rows)*high + 2
	s.bands(&d, 0, bottom)
	for _, kind := range kinds {
		var b strings.Builder
		for row := range rows {
			runs(&b, worst[row*columns:(row+1)*columns], kind, float64(row)*high+2, high-3)
		}
		d.path("cell "+kind.String(), &b)
	}
	for row := range rows {
		if first := (row*threads + rows - 1) / rows; rows < threads {
			d.rowName(float64(row)*high+high-2, fmt.Sprintf("from %d", first))
		} else {
			d.rowName(float64(row)*high+high-3, fmt.Sprint(first))
		}
	}
	s.close(&d, 0, bottom)
	return d
}

// runs draws stretches of cells of one kind.
func runs(b *strings.Builder, cells []history.Kind, kind history.Kind, y, high float64) {
	for from := 0; from < len(cells); from++ {
		to := from
		for to < len(cells) && cells[to] == kind {
			to++
		}
		if to > from {
			box(b, gutter+float64(from)*cellWidth, y, float64(to-from)*cellWidth-0.3, high)
			from = to
		}
	}
}
